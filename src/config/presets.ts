import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type PublishedAccuracy, publishedAccuracy } from './published.js';

/** A configuration that comes with the package. */
export interface Preset {
  readonly name: string;
  /** One line: what it runs. It begins with the data, up to the first comma. */
  readonly summary: string;
  /** An accuracy that somebody has published for this setting. */
  readonly published?: PublishedAccuracy;
}

const folder = fileURLToPath(new URL('./presets/', import.meta.url));

export function presetNames(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
}

/** The presets with their summaries, the first comment of each. */
export function listPresets(): Preset[] {
  return presetNames().map((name) => {
    const published = publishedAccuracy(name);
    return { name, summary: firstComment(readPreset(name)), ...(published && { published }) };
  });
}

/** A preset's YAML text; the name is one of `presetNames`. */
export function readPreset(name: string): string {
  return readFileSync(`${folder}${name}.yaml`, 'utf8');
}

/** The YAML text of the defaults that every configuration is laid over. */
export function readDefaults(): string {
  return readFileSync(new URL('./defaults.yaml', import.meta.url), 'utf8');
}

function firstComment(yaml: string): string {
  return /^# *(.*)$/m.exec(yaml)?.[1] ?? '';
}
