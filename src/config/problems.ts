import type { z } from 'zod';
import { nearest, UsageError } from '../core/errors.js';
import { pairHint, valueHint } from './hints.js';
import { describe, formOf, type KeyPath, type Node, nodeAt, originOf } from './tree.js';

export interface Problem {
  readonly path: KeyPath;
  /** What was expected and what was found. */
  readonly text: string;
  /** Whether the key itself is wrong, rather than its value. */
  readonly mark?: 'key';
}

/** A setting's path as messages tell it: `distill.matching.groups[1]`. */
export function keyText(path: KeyPath): string {
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`,
    )
    .join('');
}

/** One error that lists all problems, each on its own line with its place, in the order of the file. */
export function problemsError(problems: readonly Problem[], root: Node): UsageError {
  const lines = problems.map(({ path, text, mark }) => {
    const place = originOf(root, path, mark)?.label;
    const parts = [place, keyText(path), text];
    return parts.filter((part) => part !== undefined && part !== '').join(': ');
  });
  const inOrder = [...new Set(lines)].sort(new Intl.Collator('en', { numeric: true }).compare);
  return new UsageError(inOrder.join('\n'));
}

/** What the schema found wrong, in words. Every schema's own message is what it expected; see `plan/schema/fields.ts`. */
export function problemsOf(issues: readonly z.core.$ZodIssue[], root: Node): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    const path = keyPathOf(issue.path);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey([...path, key], issue.message.split(', '), root));
    }
    const branch = issue.code === 'invalid_union' ? intendedBranch(issue, root) : undefined;
    if (branch) return problemsOf(branch, root);
    const found = nodeAt(root, path);
    if (found === undefined) return [{ path, text: `missing; expected ${issue.message}` }];
    return [
      { path, text: `expected ${issue.message}, found ${describe(found)}${hint(issue, found)}` },
    ];
  });
}

function unknownKey(path: KeyPath, known: readonly string[], root: Node): Problem {
  const key = String(path.at(-1));
  const near = nearest(key, path.length === 1 ? [...known, 'extends'] : known);
  const asPair = pairHint(key, known);
  const remedy =
    asPair || (near ? `; did you mean '${near}'?` : `; expected one of ${known.join(', ')}`);
  const form = formOf(nodeAt(root, path.slice(0, -1))) ?? modelOf(path, root);
  return { path, text: `unknown key${form ? ` for ${form}` : ''}${remedy}`, mark: 'key' };
}

/** The model that a setting of `model` or `student` is of; other mappings with a name have one form only. */
function modelOf([section]: KeyPath, root: Node): string | undefined {
  if (section !== 'model' && section !== 'student') return undefined;
  const name = nodeAt(root, [section, 'name']);
  return name?.kind === 'scalar' ? `the model ${name.value}` : undefined;
}

/** Of several forms that a mapping may have, the issues of the one whose keys were used. */
function intendedBranch(
  issue: z.core.$ZodIssueInvalidUnion,
  root: Node,
): z.core.$ZodIssue[] | undefined {
  const branches = issue.errors.map((errors) =>
    errors.map((error) => ({ ...error, path: [...issue.path, ...error.path] })),
  );
  return branches.find((errors) =>
    errors.every(
      ({ code, path }) =>
        code !== 'unrecognized_keys' &&
        path.length > issue.path.length &&
        nodeAt(root, keyPathOf(path)) !== undefined,
    ),
  );
}

function hint(issue: z.core.$ZodIssue, found: Node): string {
  if (found.kind === 'scalar' && typeof found.value === 'string') {
    const near = nearest(found.value, choices(issue));
    if (near) return `; did you mean '${near}'?`;
  }
  return valueHint(
    found,
    issue.message,
    issue.code === 'invalid_type' && issue.expected === 'string',
  );
}

function choices(issue: z.core.$ZodIssue): string[] {
  const options = (issue as { readonly options?: readonly unknown[] }).options;
  const values = issue.code === 'invalid_value' ? issue.values : (options ?? []);
  return values.filter((value) => typeof value === 'string');
}

function keyPathOf(path: readonly PropertyKey[]): KeyPath {
  return path.map((step) => (typeof step === 'number' ? step : String(step)));
}
