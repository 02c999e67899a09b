import { extname } from 'node:path';
import { UsageError } from '../core/index.js';
import { loadSafetensors } from './io.js';
import { loadPt, type Storable } from './pt.js';
import { Tensor } from './tensor.js';

/**
 * Reads a network's parameters by name: `.safetensors`, or what PyTorch's `torch.save` wrote (`.pt`, `.pth`, `.pth.tar`)
 * of a state dictionary, alone or under the key `state_dict` or `model`. The word `module.`, which PyTorch's parallel
 * wrappers put in front of names, is left out. The tensors are the caller's.
 *
 * @throws UsageError naming the file when it holds anything else.
 */
export function readState(path: string): ReadonlyMap<string, Tensor> {
  if (extname(path) === '.safetensors') return loadSafetensors(path).tensors;
  const stored = loadPt(path);
  const state = [stored, inside(stored, 'state_dict'), inside(stored, 'model')].find(
    isStateDictionary,
  );
  if (state !== undefined) {
    const entries = Object.entries(state);
    for (const tensor of tensorsIn(stored))
      if (!Object.values(state).includes(tensor)) tensor.dispose();
    return new Map(entries.map(([name, value]) => [name.replace(/^module\./, ''), value]));
  }
  for (const tensor of tensorsIn(stored)) tensor.dispose();
  throw new UsageError(
    `${path} does not hold the parameters of a network: expected a dictionary of tensors by name, as \`torch.save(network.state_dict(), …)\` writes it`,
  );
}

function isDictionary(value: Storable | undefined): value is { readonly [key: string]: Storable } {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Tensor)
  );
}

function inside(value: Storable, key: string): Storable | undefined {
  return isDictionary(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function isStateDictionary(
  value: Storable | undefined,
): value is { readonly [name: string]: Tensor } {
  if (!isDictionary(value)) return false;
  const items = Object.values(value);
  return items.length > 0 && items.every((item) => item instanceof Tensor);
}

export function tensorsIn(value: Storable): Tensor[] {
  if (value instanceof Tensor) return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((item) => tensorsIn(item as Storable));
}
