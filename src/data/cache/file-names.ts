/** How the files of a part of a set begin, for people. */
export function fileStem({
  name,
  split,
}: {
  readonly name: string;
  readonly split: string;
}): string {
  return `${name}-${split}`.replaceAll(/[^A-Za-z0-9._-]+/g, '-').slice(0, 100);
}
