import { readFile } from 'node:fs/promises';

/** The content of a file; undefined where there is none. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A file of JSON; undefined where there is none, or it is damaged: what is shown is then shown without it. */
export async function readJson<Value>(path: string): Promise<Value | undefined> {
  const text = await readText(path);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as Value);
  } catch {
    return undefined;
  }
}
