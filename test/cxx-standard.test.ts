import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { configure } from './fake-libtorch.js';

/** The standards of C++ that the addon's own sources and its kernels would be compiled by. */
function standards(version: string, cuda: boolean) {
  const folder = configure({ version, cuda });
  const commands = JSON.parse(readFileSync(join(folder, 'compile_commands.json'), 'utf8'));
  const of = (name: string) =>
    commands
      .filter(({ file }: { file: string }) => file.endsWith(name))
      .map(({ command }: { command: string }) => /-std=\S+/.exec(command)?.[0]);
  return { addon: of('/native/tensor.cc'), kernels: new Set(of('/compute/winograd.cc')) };
}

describe.each([
  ['without CUDA', false],
  ['with CUDA, as in wheels (which are linked directly)', true],
])('the addon over a LibTorch %s', (_, cuda) => {
  it.each([
    ['1.13.0', '-std=c++17'],
    ['2.12.1+cu130', '-std=c++17'],
    ['2.13.0', '-std=c++20'],
    ['3.0.0+cu132', '-std=c++20'],
  ])('%s is compiled by %s', (version, standard) => {
    const found = standards(version, cuda);
    expect(found).toEqual({ addon: [standard], kernels: new Set(['-std=c++17']) });
  });
});
