/** Longest name of one file, in bytes: that of common file systems. */
const longestName = 255;

/** Longest path below the target, in bytes; Linux takes 4096 for a whole path. */
const longestPath = 2048;

/**
 * Why an entry's name is no path below the folder that is unpacked to; nothing if it is one. Whatever could point elsewhere
 * on any system is refused, rather than bent into something harmless: an archive with such a name is no honest one.
 *
 * @param name with `/` between its parts; a `/` at the end and parts that are `.` say nothing.
 */
export function problemOfPath(name: string): string | undefined {
  if (name === '') return 'it has no name';
  if (name.startsWith('/')) return 'its path is absolute';
  if (/^[a-z]:/i.test(name)) return 'its path starts with a drive letter';
  if (name.includes('\\')) return 'its path has a backslash';
  if (/\p{Cc}/u.test(name)) return 'its path has a control character';
  const parts = name.split('/');
  if (parts.includes('..')) return "its path leads out of the target with '..'";
  if (Buffer.byteLength(name) > longestPath) return `its path is longer than ${longestPath} bytes`;
  const long = parts.some((part) => Buffer.byteLength(part) > longestName);
  return long ? `a part of its path is longer than ${longestName} bytes` : undefined;
}
