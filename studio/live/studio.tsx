/** The studio: what is there, live. */
export function Studio() {
  return <main />;
}
