import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A LibTorch of some version as CMake sees it, with CUDA or without; no library in it can be linked. */
function libTorch(folder: string, version: string, cuda: boolean): string {
  const cmake = join(folder, 'share/cmake/Torch');
  const lib = join(folder, 'lib');
  for (const directory of [cmake, lib]) mkdirSync(directory, { recursive: true });
  const config = [
    'set(TORCH_CXX_FLAGS "-D_GLIBCXX_USE_CXX11_ABI=1")',
    'add_library(torch INTERFACE)',
    'set(TORCH_LIBRARIES torch)',
    `set(TORCH_LIBRARY "${lib}/libtorch.so")`,
    'set(Torch_FOUND TRUE)',
  ];
  writeFileSync(join(cmake, 'TorchConfig.cmake'), config.join('\n'));
  writeFileSync(join(cmake, 'TorchConfigVersion.cmake'), `set(PACKAGE_VERSION "${version}")\n`);
  if (cuda) writeFileSync(join(lib, 'libtorch_cuda.so'), '');
  return cmake;
}

/** The standards of C++ that the addon's own sources and its kernels would be compiled by. */
function standards(version: string, cuda: boolean) {
  const folder = mkdtempSync(join(tmpdir(), 'ncfm-standard-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const settings = [
    `-DTorch_DIR=${libTorch(join(folder, 'torch'), version, cuda)}`,
    '-DNCFM_NAPI_INCLUDE_DIRS=/none',
    '-DCMAKE_EXPORT_COMPILE_COMMANDS=ON',
  ];
  const { status, stderr } = spawnSync('cmake', ['-S', root, '-B', folder, ...settings], {
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  const commands = JSON.parse(readFileSync(join(folder, 'compile_commands.json'), 'utf8'));
  const of = (name: string) =>
    commands
      .filter(({ file }: { file: string }) => file.endsWith(name))
      .map(({ command }: { command: string }) => /-std=\S+/.exec(command)?.[0]);
  return { addon: of('/native/tensor.cc'), kernels: new Set(of('/compute/winograd.cc')) };
}

describe.each([
  ['without CUDA', false],
  ['with CUDA, as in wheels (which are linked directly where there is no nvcc)', true],
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
