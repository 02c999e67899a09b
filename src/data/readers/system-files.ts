/** Folders and files that systems and programs leave beside a user's own, in lower case. */
const systemNames: ReadonlySet<string> = new Set([
  '__macosx',
  '__pycache__',
  'lost+found',
  '@eadir',
  '#recycle',
  '#snapshot',
  '$recycle.bin',
  'recycler',
  'system volume information',
  'thumbs.db',
  'ehthumbs.db',
  'desktop.ini',
  'icon\r',
]);

/**
 * Whether a file or folder is hidden (`.git`, `.ipynb_checkpoints`, `.DS_Store`, `._1.jpg`) or one that a system or a
 * program makes for itself (`__MACOSX`, `lost+found`, `@eaDir`, `Thumbs.db`).
 */
export function isSystemName(name: string): boolean {
  return name.startsWith('.') || systemNames.has(name.toLowerCase());
}
