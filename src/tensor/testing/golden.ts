import { fileURLToPath } from 'node:url';
import { loadSafetensors, type Tensor } from '../index.js';
import { onTestDevice } from './on-device.js';

/** The path of a file that test/golden/make.py wrote with PyTorch. */
export function goldenPath(name: string): string {
  return fileURLToPath(new URL(`../../../test/golden/${name}`, import.meta.url));
}

/** Reads golden values by name; asking for one that is not there throws. They are on the tests' device, and
 * belong to the test's process. */
export function golden(name: string): (key: string) => Tensor {
  const stored = loadSafetensors(goldenPath(`${name}.safetensors`)).tensors;
  const tensors = new Map([...stored].map(([key, value]) => [key, onTestDevice(value)]));
  return (key) => {
    const value = tensors.get(key);
    if (value === undefined) throw new Error(`the golden file ${name} has no tensor '${key}'`);
    return value;
  };
}
