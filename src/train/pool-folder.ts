import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../core/index.js';
import type { ImageModel } from '../models/index.js';
import { savePt, scope } from '../tensor/index.js';
import { readState } from '../tensor/state-file.js';
import type { TrainedPair } from './extractors.js';

/** `premodel0_init.pth.tar` and `premodel0_trained.pth.tar`: how the official code names its networks. */
const member = /^premodel(\d+)_(init|trained)\.pth\.tar$/;
const stages = ['init', 'trained'] as const;

/** The files of one network of a pool, before and after its training. */
export type PoolMember = { readonly [stage in (typeof stages)[number]]: string };

/**
 * The networks in a folder that the official project has pretrained, in the order of their numbers.
 *
 * @throws UsageError when the folder cannot be read, holds none, or lacks a network's other half.
 */
export function listPool(folder: string): PoolMember[] {
  const numbers = new Set<number>();
  const names = new Set(namesIn(folder));
  for (const name of names) {
    const [, number] = member.exec(name) ?? [];
    if (number !== undefined) numbers.add(Number(number));
  }
  if (numbers.size === 0) {
    throw new UsageError(
      `${folder} holds no pretrained networks; expected files named premodel0_init.pth.tar and premodel0_trained.pth.tar, premodel1_…`,
    );
  }
  return [...numbers]
    .sort((a, b) => a - b)
    .map((number) => {
      const [init, trained] = stages.map((stage) => `premodel${number}_${stage}.pth.tar`);
      for (const name of [init!, trained!]) {
        if (names.has(name)) continue;
        throw new UsageError(`${folder} lacks ${name}, the other half of network ${number}`);
      }
      return { init: join(folder, init!), trained: join(folder, trained!) };
    });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    throw new UsageError(
      `the folder of pretrained networks ${folder} cannot be read: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/**
 * Reads one network of a pool. The tensors have the names of `model`, which is only compared with, and are the caller's.
 *
 * @throws UsageError naming the file and every tensor that is missing, unknown or of another shape.
 */
export function readPoolMember(files: PoolMember, model: ImageModel): TrainedPair {
  const initial = readFor(files.init, model);
  try {
    return { initial, trained: readFor(files.trained, model) };
  } catch (error) {
    for (const tensor of initial.values()) tensor.dispose();
    throw error;
  }
}

function readFor(path: string, model: ImageModel): TrainedPair['initial'] {
  const stored = readState(path);
  try {
    model.loadState(stored);
  } catch (cause) {
    throw new UsageError(
      `${path} does not hold a network as the configuration's \`model\` describes it: ${(cause as Error).message}`,
      { cause },
    );
  } finally {
    for (const tensor of stored.values()) tensor.dispose();
  }
  return scope(
    () => new Map([...model.state()].map(([name, value]) => [name, value.detach().clone()])),
  );
}

/** Writes networks as the official project names its own, so that its code can use them. */
export function writePoolFolder(folder: string, pairs: readonly TrainedPair[]): void {
  mkdirSync(folder, { recursive: true });
  for (const [index, { initial, trained }] of pairs.entries()) {
    const states = { init: initial, trained };
    for (const stage of stages) {
      savePt(join(folder, `premodel${index}_${stage}.pth.tar`), Object.fromEntries(states[stage]));
    }
  }
}
