import { readdirSync, readFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);

/** A file of the repository, by its path from the root. */
export function read(path: string): string {
  return readFileSync(new URL(path, root), 'utf8');
}

/** The documents that users read, by their paths from the root. */
export const documents: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(new URL('docs/', root))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** The fenced blocks of a document, in one language. */
export function blocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, found]) => found === language)
    .map(([, , content]) => content!);
}

/** What stands between single backticks, outside fenced blocks. */
export function inlineCode(text: string): string[] {
  const plain = text.replaceAll(/^```.*?^```$/gms, '');
  return [...plain.matchAll(/`([^`]+)`/g)].map(([, code]) => code!.replaceAll(/\s+/g, ' '));
}

/** The anchors that GitHub gives the headings of a document. */
export function anchors(text: string): Set<string> {
  const headings = text.replaceAll(/^```.*?^```$/gms, '').matchAll(/^#+ (.*)$/gm);
  const slug = (heading: string): string =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
  return new Set([...headings].map(([, heading]) => slug(heading!)));
}

/** Every command line `ncfm …` in a document, as words: of shell blocks, and between backticks. */
export function commandLines(text: string): string[][] {
  const lines = blocks(text, 'sh').flatMap((block) =>
    block.replaceAll(/\\\n\s*/g, ' ').split('\n'),
  );
  const inline = inlineCode(text).filter((code) => /^(npx )?ncfm \w/.test(code));
  return [...lines, ...inline].flatMap((line) => {
    const all = words(line);
    const start = all.indexOf('ncfm');
    return start >= 0 && all.slice(0, start).every((word) => word === 'npx')
      ? [all.slice(start + 1)]
      : [];
  });
}

/** The words of a line of shell, up to a comment. */
function words(line: string): string[] {
  const found = line.trim().matchAll(/#.*$|(?:'[^']*'|"[^"]*"|[^\s'"])+/g);
  const result: string[] = [];
  for (const [word] of found) {
    if (word.startsWith('#')) break;
    result.push(word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
  }
  return result;
}
