/** Longest name of one file, in bytes: that of common file systems. */
const longestName = 255;

/** Longest path below the target, in bytes; Linux takes 4096 for a whole path. */
const longestPath = 2048;

/** What an archive calls an entry: where below the target it goes, or why it can go nowhere. */
export type EntryPath =
  | { readonly safe: true; readonly segments: readonly string[] }
  | { readonly safe: false; readonly problem: string };

/**
 * Reads an entry's name as a path below the folder that is unpacked to. Whatever could point elsewhere on any system is
 * refused, rather than bent into something harmless: an archive with such a name is no honest one.
 *
 * @param name with `/` between its parts; a `/` at the end and parts that are `.` say nothing.
 */
export function readEntryPath(name: string): EntryPath {
  const problem = findProblem(name);
  if (problem !== undefined) return { safe: false, problem };
  return { safe: true, segments: name.split('/').filter((part) => part !== '' && part !== '.') };
}

function findProblem(name: string): string | undefined {
  if (name === '') return 'it has no name';
  if (name.startsWith('/')) return 'its path is absolute';
  if (/^[a-z]:/i.test(name)) return 'its path starts with a drive letter';
  if (name.includes('\\')) return 'its path has a backslash';
  if (hasControlCharacter(name)) return 'its path has a control character';
  const parts = name.split('/');
  if (parts.includes('..')) return "its path leads out of the target with '..'";
  if (Buffer.byteLength(name) > longestPath) return `its path is longer than ${longestPath} bytes`;
  const long = parts.some((part) => Buffer.byteLength(part) > longestName);
  return long ? `a part of its path is longer than ${longestName} bytes` : undefined;
}

function hasControlCharacter(name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    const code = name.charCodeAt(index);
    if (code < 0x20 || code === 0x7f) return true;
  }
  return false;
}
