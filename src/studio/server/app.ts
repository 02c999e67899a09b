import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Context, Hono } from 'hono';
import { messageOf } from '../../core/errors.js';
import type { GridCells } from '../../core/grid-cells.js';
import { packageVersion } from '../../core/version.js';
import type { NearestImages } from '../../pipeline/nearest-images.js';
import { pageFiles } from '../page-files.js';
import { insideOf } from '../reading/inside.js';
import { readJson } from '../reading/json-file.js';
import { figureFiles } from '../reading/run-view.js';
import { spriteOf } from '../reading/sprite.js';
import type { StudioFacts } from '../view.js';
import { type Control, controlRoutes } from './control.js';
import { type GuardOptions, guard } from './guard.js';
import { liveRoutes } from './live.js';
import type { RunStore } from './run-store.js';

export interface StudioOptions extends GuardOptions {
  readonly store: RunStore;
  /** Starts, stops and resumes runs; without it the studio only looks. */
  readonly control?: Control | undefined;
}

const shell = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>ncfm studio</title>
<link rel="stylesheet" href="/page.css">
</head>
<body>
<div id="page"><main><p>Loading …</p></main></div>
<script src="/page.js"></script>
</body>
</html>
`;

/** The studio's server: the page, what it is told of runs, their pictures. */
export function studioApp({ store, control, ...guarded }: StudioOptions): Hono {
  const app = new Hono();
  app.use(guard(guarded));
  app.onError((error, context) => context.json({ error: messageOf(error) }, 500));
  app.get('/', (context) => context.html(shell));
  app.get('/favicon.ico', (context) => context.body(null, 204));
  app.get('/page.js', async (context) => {
    const { script } = await pageFiles();
    return context.body(script, 200, { 'Content-Type': 'text/javascript; charset=utf-8' });
  });
  app.get('/page.css', async (context) => {
    const { style } = await pageFiles();
    return context.body(style, 200, { 'Content-Type': 'text/css; charset=utf-8' });
  });
  app.get('/api/studio', (context) => {
    const presets = control?.presets ?? [];
    const facts: StudioFacts = { version: packageVersion(), hasControl: !!control, presets };
    return context.json(facts);
  });
  app.get('/api/snapshot', async (context) => {
    const source = await store.source(context.req.query('run') ?? '');
    const told = source?.log.snapshots.get(Number(context.req.query('iteration')));
    const file = source && told && insideOf(source.folder, told.path);
    if (file === undefined) return context.notFound();
    return await sprite(context, file, told?.cells);
  });
  app.get('/api/nearest', async (context) => {
    const folder = store.folderOf(context.req.query('run') ?? '');
    const file = folder && insideOf(folder, 'nearest.png');
    const told = folder && (await readJson<NearestImages>(join(folder, 'nearest.json')));
    return file && told ? await sprite(context, file, told.cells) : context.notFound();
  });
  app.get('/api/figure', async (context) => {
    const folder = store.folderOf(context.req.query('run') ?? '');
    const name = context.req.query('file') ?? '';
    const file = folder && name in figureFiles ? insideOf(folder, name) : undefined;
    if (file === undefined) return context.notFound();
    return context.body(await readFile(file, 'utf8'), 200, { 'Content-Type': 'image/svg+xml' });
  });
  app.route('/api/live', liveRoutes(store));
  if (control) app.route('/api/control', controlRoutes(store, control));
  return app;
}

async function sprite(context: Context, file: string, cells: GridCells | undefined) {
  const { webp } = await spriteOf(file, cells);
  const kept = { 'Cache-Control': 'private, max-age=86400, immutable' };
  return context.body(new Uint8Array(webp), 200, { 'Content-Type': 'image/webp', ...kept });
}
