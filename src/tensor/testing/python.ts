import { spawnSync } from 'node:child_process';

const candidates = ['/usr/bin/python3', 'python3'];

function run(python: string, code: string, parameters: readonly string[] = []) {
  return spawnSync(python, ['-c', code, ...parameters], { encoding: 'utf8' });
}

let found: string | null | undefined;

/** A Python that can import PyTorch, or undefined where there is none. */
export function pythonWithTorch(): string | undefined {
  found ??= candidates.find((python) => run(python, 'import torch').status === 0) ?? null;
  return found ?? undefined;
}

/** Whether the Python that has PyTorch has another package too. */
export function pythonHas(name: string): boolean {
  const python = pythonWithTorch();
  return python !== undefined && run(python, `import ${name}`).status === 0;
}

/** Runs Python code with PyTorch and gives what it prints; throws with its error output when it fails. */
export function runPython(code: string, ...parameters: string[]): string {
  const { status, stdout, stderr } = run(pythonWithTorch()!, code, parameters);
  if (status !== 0) throw new Error(`Python failed: ${stderr}`);
  return stdout.trim();
}
