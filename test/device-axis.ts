import ts from 'typescript';
import type { SourceFile, Violation } from './layering.js';

/** What makes tensors on the CPU unless told otherwise, and what takes its place in tests. */
const makers = new Set(['RandomGenerator', 'tensor', 'full', 'zeros', 'ones', 'arange']);

/** What takes a device last and does without: in tests it must be named. */
const takers = new Set([
  ...['GroupNorm', 'InstanceNorm', 'BatchNorm', 'LayerNorm'],
  ...['pixelsToTensor', 'batch', 'createNorm'],
]);

/** Tests of the name itself, in settings and descriptions; no tensor is made there. */
const aboutTheName = new Set([
  'src/config/load.test.ts',
  'src/cli/fuzz.test.ts',
  'src/run/directory.test.ts',
  'src/run/manifest.test.ts',
  'src/tensor/device.test.ts',
]);

const home = 'src/tensor/testing/on-device.ts';

/** Places in tests and their helpers where tensors are made on the CPU, whatever device the tests are for. */
export function findStrays(files: readonly SourceFile[]): Violation[] {
  return files.flatMap(({ path, text }) => {
    if (path === home) return [];
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    const found: Violation[] = [];
    const visit = (node: ts.Node): void => {
      const message = judge(node, path);
      if (message !== undefined) {
        const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
        found.push({ file: path, line: line + 1, message });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
}

function judge(node: ts.Node, path: string): string | undefined {
  if (ts.isImportSpecifier(node)) return judgeImport(node);
  if (ts.isStringLiteral(node) && node.text === 'cpu' && !aboutTheName.has(path)) {
    return `names the CPU; use testDevice of ${home}`;
  }
  if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return undefined;
  const { expression, arguments: given } = node;
  if (!ts.isIdentifier(expression) || !takers.has(expression.text)) return undefined;
  // None of them takes nothing: that is another function of the name.
  if (given === undefined || given.length === 0) return undefined;
  if (given.some((argument) => /device/i.test(argument.getText()))) return undefined;
  return `${expression.text} without a device is on the CPU; give it testDevice of ${home}`;
}

function judgeImport(specifier: ts.ImportSpecifier): string | undefined {
  const { name, propertyName, isTypeOnly, parent } = specifier;
  const clause = parent.parent;
  const from = clause.parent.moduleSpecifier;
  if (isTypeOnly || clause.isTypeOnly || !makers.has((propertyName ?? name).text)) return undefined;
  if (!ts.isStringLiteral(from) || !from.text.startsWith('.')) return undefined;
  if (from.text.endsWith('/on-device.js')) return undefined;
  return `imports ${name.text} from '${from.text}', which makes tensors on the CPU; import it from ${home}`;
}
