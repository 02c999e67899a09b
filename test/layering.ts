import { posix } from 'node:path';
import ts from 'typescript';

/** A source file: its path from the repository's root, with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A file that breaks a rule. */
export interface Violation {
  readonly file: string;
  /** Line of the import, from 1. Absent if the rule concerns the file as a whole. */
  readonly line?: number;
  readonly message: string;
}

const engine = ['core', 'tensor', 'nn', 'run'];
const materials = [...engine, 'distributed', 'models', 'data', 'augment'];
const distillation = [...materials, 'train', 'distill'];
const tasks = [...distillation, 'methods', 'evaluate', 'workers', 'plan', 'capacity', 'report'];

/** For each room of src/, the rooms left of it: what it may import beside itself. */
export const ARROWS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  tensor: ['core'],
  nn: ['core', 'tensor'],
  run: ['core', 'tensor'],
  distributed: ['core', 'tensor'],
  models: ['core', 'tensor', 'nn'],
  data: ['core', 'tensor'],
  augment: ['core', 'tensor'],
  train: materials,
  distill: [...materials, 'train'],
  methods: distillation,
  evaluate: distillation,
  workers: [...distillation, 'evaluate'],
  plan: [...distillation, 'methods', 'evaluate'],
  capacity: [...distillation, 'methods', 'evaluate', 'plan'],
  report: ['core'],
  pipeline: tasks,
  downstream: [...tasks, 'pipeline'],
  studio: [...tasks, 'pipeline', 'downstream'],
  terminal: [...tasks, 'pipeline', 'downstream'],
  config: [...tasks, 'pipeline', 'downstream'],
  exchange: [...tasks, 'pipeline'],
  cli: [...tasks, 'pipeline', 'downstream', 'studio', 'terminal', 'config', 'exchange'],
  api: [...tasks, 'pipeline', 'config', 'exchange'],
  entries: [...tasks, 'pipeline', 'downstream', 'studio', 'config', 'exchange'],
};

/** The arrows as a person would draw them, for failure messages. */
export const PICTURE = `  core <- tensor <- nn <- { models, data, augment } <- train <- distill <- { methods, evaluate }
  { methods, evaluate <- workers } <- plan <- capacity <- pipeline <- { downstream, exchange } <- config <- { cli, api }
  tensor <- { run, distributed } <- train;  core <- report <- pipeline <- { studio, terminal } <- cli`;

/** The one file that loads the addon. */
const ADDON_LOADER = 'src/tensor/native.ts';

/** The library's front door: it may import every room but the command line, and no room imports it. */
const ENTRY = 'src/index.ts';

/** Files are kept near 300 lines; this leaves room for one more function before a split. */
export const MOST_LINES = 320;

/** Imports in src/ that go against the arrows, and addons loaded outside of `src/tensor/native.ts`. */
export function findLayeringViolations(files: readonly SourceFile[]): Violation[] {
  return files.flatMap((file) => [...importViolations(file), ...addonViolations(file)]);
}

/** Files of more than {@link MOST_LINES} lines. */
export function findLongFiles(files: readonly SourceFile[]): Violation[] {
  return files.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split('\n').length;
    if (lines <= MOST_LINES) return [];
    return { file: path, message: `${lines} lines; split it (at most ${MOST_LINES}, better 300)` };
  });
}

/** One line for each violation, `src/nn/a.ts:3 imports …`, ready to be a test's failure message. */
export function describeViolations(violations: readonly Violation[]): string {
  return violations
    .map(({ file, line, message }) => `${file}${line === undefined ? '' : `:${line}`} ${message}`)
    .join('\n');
}

/**
 * Files that import each other in a ring, types included: each ring once, in the order of its imports.
 *
 * @param nodeOf what a file counts as, such as its folder; default: itself.
 */
export function findRings(
  files: readonly SourceFile[],
  nodeOf: (path: string) => string = (path) => path,
): string[][] {
  const paths = new Set(files.map(({ path }) => path));
  const imports = new Map(files.map(({ path }) => [nodeOf(path), new Set<string>()]));
  for (const { path, text } of files) {
    const others = importsOf(path, text).filter(
      (to) => paths.has(to) && nodeOf(to) !== nodeOf(path),
    );
    for (const to of others) imports.get(nodeOf(path))!.add(nodeOf(to));
  }
  const rings: string[][] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) rings.push(trail.slice(start));
    if (start >= 0 || done.has(path)) return;
    for (const to of imports.get(path)!) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const node of imports.keys()) visit(node, []);
  return rings;
}

function importsOf(path: string, text: string): string[] {
  return ts
    .preProcessFile(text, true, true)
    .importedFiles.filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) =>
      posix.join(posix.dirname(path), fileName).replace(/\.(m?)js$/, (_, module) => `.${module}ts`),
    );
}

function importViolations({ path, text }: SourceFile): Violation[] {
  const { importedFiles } = ts.preProcessFile(text, true, true);
  return importedFiles.flatMap(({ fileName, pos }) => {
    const problem = judgeImport(path, fileName);
    if (problem === undefined) return [];
    const line = text.slice(0, pos).split('\n').length;
    return { file: path, line, message: `imports '${fileName}': ${problem}` };
  });
}

/** What is wrong with an import; nothing if it is allowed. */
function judgeImport(from: string, specifier: string): string | undefined {
  if (specifier === 'ncfm' || specifier.startsWith('ncfm/')) {
    return 'the package must not import itself; name the file, with a relative path';
  }
  if (!specifier.startsWith('.')) return undefined;
  const target = posix.join(posix.dirname(from), specifier);
  if (!target.startsWith('src/')) {
    return isTest(from) ? undefined : 'src/ must not import from outside of src/';
  }
  // A test may start from another room's ready-made plan or images.
  if (isTest(from) && target.includes('/testing/')) return undefined;
  return judgeArrow(roomOf(from), roomOf(target));
}

function judgeArrow(importer: string, imported: string): string | undefined {
  if (importer === imported) return undefined;
  const unknown = [importer, imported].find((room) => room !== ENTRY && !(room in ARROWS));
  if (unknown !== undefined) {
    return `'${unknown}' is not a room of the picture; add it to ARROWS in test/layering.ts`;
  }
  if (imported === ENTRY) return 'rooms must not import the entry point, which imports them';
  const allowed =
    importer === ENTRY
      ? Object.keys(ARROWS).filter((room) => room !== 'cli' && room !== 'entries')
      : ARROWS[importer]!;
  if (allowed.includes(imported)) return undefined;
  const list = allowed.length > 0 ? allowed.join(', ') : 'no other room';
  return `${imported} <- ${importer} is no arrow (${importer} may import: ${list})`;
}

/** The directory below src/ that a file is in; for files directly below src/ their own path. */
function roomOf(path: string): string {
  const [, room = '', ...rest] = path.split('/');
  return rest.length > 0 ? room : path.replace(/\.js$/, '.ts');
}

function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || path.includes('/testing/');
}

function addonViolations({ path, text }: SourceFile): Violation[] {
  if (path === ADDON_LOADER) return [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022);
  const violations: Violation[] = [];
  const visit = (node: ts.Node): void => {
    if (namesAddon(node)) {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      const message = `names ${node.getText(source)}: only ${ADDON_LOADER} may load an addon`;
      violations.push({ file: path, line, message });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return violations;
}

function namesAddon(node: ts.Node): boolean {
  if (ts.isStringLiteralLike(node)) return node.text.endsWith('.node');
  return ts.isIdentifier(node) && node.text === 'dlopen';
}
