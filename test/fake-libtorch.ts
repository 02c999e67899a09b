import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** A LibTorch as CMake sees it; no library in it can be linked. */
export interface FakeLibTorch {
  readonly version: string;
  readonly cuda: boolean;
  /** Files in it, by their paths from its root. */
  readonly files?: Readonly<Record<string, string>>;
  /** What the nvcc beside it says of its version; without it there is none. */
  readonly nvcc?: string;
}

/** Has CMake configure the addon for a LibTorch; the folder that it would be built in. */
export function configure({ version, cuda, files = {}, nvcc }: FakeLibTorch): string {
  const folder = mkdtempSync(join(tmpdir(), 'ncfm-libtorch-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const torch = join(folder, 'torch');
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(torch, path)), { recursive: true });
    writeFileSync(join(torch, path), text);
  };
  const config = [
    'set(TORCH_CXX_FLAGS "-D_GLIBCXX_USE_CXX11_ABI=1")',
    'add_library(torch INTERFACE)',
    'set(TORCH_LIBRARIES torch)',
    `set(TORCH_LIBRARY "${torch}/lib/libtorch.so")`,
    'set(Torch_FOUND TRUE)',
  ];
  write('share/cmake/Torch/TorchConfig.cmake', config.join('\n'));
  write('share/cmake/Torch/TorchConfigVersion.cmake', `set(PACKAGE_VERSION "${version}")\n`);
  if (cuda) write('lib/libtorch_cuda.so', '');
  for (const [path, text] of Object.entries(files)) write(path, text);
  const compiler = join(torch, 'bin/nvcc');
  if (nvcc !== undefined) {
    write('bin/nvcc', `#!/bin/sh\necho '${nvcc}'\n`);
    chmodSync(compiler, 0o755);
  }
  const settings = [
    `-DTorch_DIR=${torch}/share/cmake/Torch`,
    `-Dnvcc=${nvcc === undefined ? 'OFF' : compiler}`,
    '-DNCFM_NAPI_INCLUDE_DIRS=/none',
    '-DCMAKE_EXPORT_COMPILE_COMMANDS=ON',
  ];
  const { status, stderr } = spawnSync('cmake', ['-S', root, '-B', folder, ...settings], {
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  return folder;
}
