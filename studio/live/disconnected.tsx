/** That what is shown may be old. */
export function Disconnected({ isConnected }: { readonly isConnected: boolean }) {
  if (isConnected) return null;
  return (
    <p role="alert" class="message">
      The studio no longer answers; what is shown is as it was. It is started again by `ncfm
      studio`.
    </p>
  );
}
