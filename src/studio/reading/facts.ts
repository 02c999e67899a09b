import { join } from 'node:path';
import { parse } from 'yaml';
import { settingsByPath } from '../../core/differences.js';
import { formatSize } from '../../core/size.js';
import { readManifest } from '../../run/directory.js';
import type { RunStart } from '../../run/lifecycle-events.js';
import type { Manifest } from '../../run/manifest.js';
import type { Fact } from '../view.js';
import { readText } from './json-file.js';

/** The settings that views need beside showing them. */
export interface Configuration {
  readonly dataset?: { readonly name?: string; readonly path?: string };
  readonly distill?: {
    readonly imagesPerClass?: number;
    readonly method?: string;
    readonly formation?: { readonly factor?: number };
  };
}

/** The configuration in a run's folder; the plan that its log has begun with where that is missing or damaged. */
export async function readConfiguration(
  folder: string,
  start: RunStart | undefined,
): Promise<Configuration> {
  const text = await readText(join(folder, 'config.yaml'));
  try {
    return (text === undefined ? undefined : parse(text)) ?? start?.plan ?? {};
  } catch {
    return start?.plan ?? {};
  }
}

/** Every setting by its path: `distill.iterations`. */
export function settingsOf(configuration: object): Fact[] {
  return [...settingsByPath(configuration)].map(([key, value]) => ({
    key,
    value: typeof value === 'string' ? value : JSON.stringify(value),
  }));
}

/** Where the run's numbers come from: versions, machine, data. */
export function provenanceOf(folder: string, start: RunStart | undefined): Fact[] {
  const manifest = manifestOf(folder);
  const { machine } = start ?? {};
  const facts: { readonly [key: string]: string | undefined } = {
    ncfm: manifest?.versions.ncfm ?? machine?.versions.ncfm,
    Node: manifest?.versions.node ?? machine?.versions.node,
    LibTorch: manifest?.versions.libtorch ?? machine?.versions.libtorch,
    commit: manifest?.git && commitOf(manifest.git),
    platform: manifest?.platform ?? machine?.platform,
    processor: manifest?.cpu ?? machine?.cpu,
    processors: machine && String(machine.processors),
    memory: machine && formatSize(machine.memory),
    threads: manifest && String(manifest.threads),
    device: manifest?.device,
    seed: manifest && String(manifest.seed),
    data: manifest?.dataset.name,
    ...hashesOf(manifest),
    created: manifest?.created,
  };
  return Object.entries(facts).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value }],
  );
}

function commitOf({ revision, modified }: NonNullable<Manifest['git']>): string {
  return `${revision}${modified ? ', with changes' : ''}`;
}

function hashesOf(manifest: Manifest | undefined): Record<string, string> {
  const hashes = Object.entries(manifest?.dataset.hashes ?? {});
  return Object.fromEntries(hashes.map(([part, hash]) => [`SHA-256, ${part}`, hash]));
}

function manifestOf(folder: string): Manifest | undefined {
  try {
    return readManifest(folder);
  } catch {
    return undefined;
  }
}
