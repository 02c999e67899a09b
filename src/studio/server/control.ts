import { hostname } from 'node:os';
import { Hono } from 'hono';
import { z } from 'zod';
import { messageOf } from '../../core/errors.js';
import { runName } from '../../run/directory.js';
import { holderNear } from '../reading/state.js';
import type { RunStore } from './run-store.js';

/** What starts, stops and resumes runs: the command line's own commands, in processes that outlive the studio. */
export interface Control {
  /** Names of what can be started. */
  readonly presets: readonly string[];
  /** What `ncfm plan` says of a preset. Rejects with the reason where it cannot run here. */
  readonly plan: (preset: string) => Promise<string>;
  /** Resolves as soon as the run has begun, and rejects with the reason where it cannot. */
  readonly start: (preset: string, name: string) => Promise<void>;
  readonly resume: (task: string, folder: string) => Promise<void>;
}

const nameOfRun = z.string().regex(runName);

/** @param control does what is asked for, once it is known to be a preset, or a run of the store */
export function controlRoutes(store: RunStore, control: Control): Hono {
  const routes = new Hono();
  const preset = z.string().refine((name) => control.presets.includes(name));
  routes.onError((error, context) => context.json({ error: messageOf(error) }, 400));
  routes.post('/plan', async (context) => {
    const asked = z.object({ preset }).parse(await context.req.json());
    return context.json({ text: await control.plan(asked.preset) });
  });
  routes.post('/start', async (context) => {
    const asked = z.object({ preset, name: nameOfRun }).parse(await context.req.json());
    await control.start(asked.preset, asked.name);
    return context.json({ name: asked.name });
  });
  routes.post('/stop', async (context) => {
    const { name } = z.object({ name: z.string() }).parse(await context.req.json());
    const folder = store.folderOf(name);
    const holder = folder === undefined ? undefined : holderNear(folder);
    if (holder?.host !== hostname()) {
      return context.json({ error: 'No process of this machine works on this run.' }, 409);
    }
    // As Ctrl-C: the step under way ends, and what is done is kept.
    process.kill(holder.pid, 'SIGINT');
    return context.json({ name });
  });
  routes.post('/resume', async (context) => {
    const { name } = z.object({ name: z.string() }).parse(await context.req.json());
    const source = await store.source(name);
    if (source === undefined) return context.json({ error: 'There is no such run.' }, 404);
    const task = source.log.start?.task ?? 'run';
    const goesOn = task === 'evaluate' || task === 'label' ? 'run' : task;
    await control.resume(goesOn, source.folder);
    return context.json({ name });
  });
  return routes;
}
