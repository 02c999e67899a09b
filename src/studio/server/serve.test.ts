import { appendFileSync, mkdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFolder } from '../../core/testing/folder.js';
import { writeTestRun } from '../testing/run-folder.js';
import type { RunSummary, RunView } from '../view.js';
import type { Control } from './control.js';
import { serveStudio } from './serve.js';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: object;
  /** Resolves as soon as this has been told, and hangs up. */
  readonly until?: RegExp;
}

/** A studio on a port of its own, which goes with the test, and how to ask it as its page does. */
async function studio(runs: string, control?: Control) {
  const served = await serveStudio({ runs, port: 0, ...(control && { control }) });
  onTestFinished(() => served.close());
  const url = new URL(served.address);
  const ask = (path: string, { method = 'GET', headers, body, until }: Asked = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const sent = request(new URL(path, url), { method, headers: { ...headers } }, (answer) => {
        let text = '';
        const told = () => resolve({ status: answer.statusCode!, headers: answer.headers, text });
        answer.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
          if (!until?.test(text)) return;
          told();
          sent.destroy();
        });
        answer.on('end', told);
      });
      sent.on('error', (error) => (until ? undefined : reject(error)));
      sent.end(body && JSON.stringify(body));
    });
  const opened = await ask(url.pathname + url.search);
  const cookie = opened.headers['set-cookie']![0]!.split(';')[0]!;
  const get = (path: string, asked: Asked = {}) =>
    ask(path, { ...asked, headers: { cookie, ...asked.headers } });
  const post = (path: string, body: object, origin = url.origin) =>
    ask(path, { method: 'POST', headers: { cookie, origin }, body });
  return { url, ask, get, post, opened };
}

const nothing: Control = {
  presets: ['digits'],
  plan: async () => 'a minute',
  start: async () => {},
  resume: async () => {},
};

function told<T>(event: string, { text }: Answer): T {
  const found = text.split('\n\n').find((one) => one.startsWith(`event: ${event}\n`));
  return JSON.parse(found!.split('\ndata: ')[1]!) as T;
}

const oneEvent = /\n\n/;

describe('who may look', () => {
  it('has the key that the address holds, and then the cookie', async () => {
    const { ask, get, opened } = await studio(temporaryFolder());
    expect(opened.status).toBe(200);
    expect(opened.headers['set-cookie']![0]).toMatch(/; HttpOnly; SameSite=Strict$/);
    expect((await ask('/')).status).toBe(401);
    expect((await ask('/?token=guessed')).status).toBe(401);
    expect((await ask('/api/live')).status).toBe(401);
    expect((await get('/')).status).toBe(200);
  });

  it('listens on loopback alone, and goes by no other name', async () => {
    const { url, get } = await studio(temporaryFolder());
    expect(url.hostname).toBe('127.0.0.1');
    const { port } = url;
    expect((await get('/', { headers: { host: `localhost:${port}` } })).status).toBe(200);
    for (const host of [`evil.example:${port}`, '127.0.0.1:1', 'localhost']) {
      expect((await get('/', { headers: { host } })).status, host).toBe(403);
    }
  });

  it('is no page of another origin', async () => {
    const { url, get, post } = await studio(temporaryFolder(), nothing);
    for (const origin of ['http://evil.example', 'null', `http://127.0.0.1:1`]) {
      expect((await get('/api/live', { headers: { origin } })).status, origin).toBe(403);
      expect((await post('/api/control/plan', { preset: 'digits' }, origin)).status).toBe(403);
    }
    const nowhere = await get('/api/control/plan', { method: 'POST', body: { preset: 'digits' } });
    expect(nowhere.status).toBe(403);
    expect((await post('/api/control/plan', { preset: 'digits' }, url.origin)).status).toBe(200);
  });

  it('gets a page that runs and loads nothing but its own', async () => {
    const { opened } = await studio(temporaryFolder());
    const policy = opened.headers['content-security-policy'];
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(opened.headers['x-content-type-options']).toBe('nosniff');
  });
});

describe('what is shown', () => {
  it('is the list of runs, the newest first, each with its state', async () => {
    const runs = temporaryFolder();
    await writeTestRun({ runs, name: 'older', end: 'run-end', hasResults: true });
    await writeTestRun({ runs, name: 'newer', end: 'run-failed' });
    mkdirSync(join(runs, 'no-run'));
    const { get } = await studio(runs);
    const list = told<RunSummary[]>('runs', await get('/api/live', { until: oneEvent }));
    expect(list).toMatchObject([
      { name: 'newer', state: 'failed', message: 'the disk is full' },
      { name: 'older', state: 'done', accuracy: { mean: 80 } },
    ]);
  });

  it('is a run, told again when its log has grown', async () => {
    const runs = temporaryFolder();
    const folder = await writeTestRun({ runs, name: 'pets' });
    const { get } = await studio(runs);
    const watching = get('/api/live?run=pets', { until: /careful/ });
    const warning = {
      time: '2026-01-01T00:00:00Z',
      elapsed: 9,
      type: 'warning',
      message: 'careful',
    };
    appendFileSync(join(folder, 'events.jsonl'), `${JSON.stringify(warning)}\n`);
    const { text } = await watching;
    expect(text).toMatch(/^event: run\n/);
    const { snapshots } = told<RunView>(
      'run',
      await get('/api/live?run=pets', { until: oneEvent }),
    );
    expect(snapshots).toHaveLength(2);
    const picture = await get(snapshots[0]!.src);
    expect(picture).toMatchObject({ status: 200, headers: { 'content-type': 'image/webp' } });
  });

  it('is that there is no run, where there is none', async () => {
    const { get } = await studio(temporaryFolder());
    const gone = told('gone', await get('/api/live?run=pets', { until: oneEvent }));
    expect(gone).toEqual({ name: 'pets', message: 'There is no such run.' });
  });

  it('says which line of a damaged log is wrong, and shows the other runs', async () => {
    const runs = temporaryFolder();
    await writeTestRun({ runs, name: 'whole', end: 'run-end' });
    const folder = await writeTestRun({ runs, name: 'damaged' });
    appendFileSync(join(folder, 'events.jsonl'), 'nonsense\n');
    const { get } = await studio(runs);
    const list = told<RunSummary[]>('runs', await get('/api/live', { until: oneEvent }));
    expect(list.map(({ name }) => name).sort()).toEqual(['damaged', 'whole']);
    const gone = told('gone', await get('/api/live?run=damaged', { until: oneEvent }));
    expect(gone).toMatchObject({ message: expect.stringMatching(/line \d+: expected one JSON/) });
  });
});

describe('what is outside of the folder of runs', () => {
  it.each(['../secret', '..', '.', '/etc', 'pets/..', 'pets//', 'a/b/c/d/e', 'linked'])(
    'is not reached by the name %s',
    async (name) => {
      const outer = temporaryFolder();
      const runs = join(outer, 'runs');
      await writeTestRun({ runs, name: 'pets' });
      await writeTestRun({ runs: outer, name: 'secret' });
      symlinkSync(join(outer, 'secret'), join(runs, 'linked'));
      const { get } = await studio(runs);
      const query = new URLSearchParams({ run: name });
      const { text } = await get(`/api/live?${query}`, { until: oneEvent });
      expect(text).toContain('There is no such run.');
      expect((await get(`/api/snapshot?${query}&iteration=10`)).status).toBe(404);
      expect((await get(`/api/figure?${query}&file=compare.svg`)).status).toBe(404);
      const list = told<RunSummary[]>('runs', await get('/api/live', { until: oneEvent }));
      expect(list.map((run) => run.name)).toEqual(['pets']);
    },
  );

  it('is not reached by links within a run, nor by paths in its log', async () => {
    const outer = temporaryFolder();
    const runs = join(outer, 'runs');
    const folder = await writeTestRun({ runs, name: 'pets' });
    const elsewhere = await writeTestRun({ runs: outer, name: 'secret' });
    const picture = join(elsewhere, 'snapshots', '10.png');
    const snapshot = { time: '', elapsed: 1, type: 'snapshot', iteration: 30, path: picture };
    appendFileSync(join(folder, 'events.jsonl'), `${JSON.stringify(snapshot)}\n`);
    unlinkSync(join(folder, 'snapshots', '10.png'));
    symlinkSync(picture, join(folder, 'snapshots', '10.png'));
    const { get } = await studio(runs);
    for (const iteration of [10, 30]) {
      expect((await get(`/api/snapshot?run=pets&iteration=${iteration}`)).status).toBe(404);
    }
    expect((await get('/api/figure?run=pets&file=config.yaml')).status).toBe(404);
    writeFileSync(join(outer, 'results'), '{"dataset":"secret"}');
    symlinkSync(join(outer, 'results'), join(folder, 'results.json'));
    expect((await get('/api/live?run=pets', { until: oneEvent })).text).toContain('no such run');
  });
});

describe('control', () => {
  it('is not there unless it was asked for', async () => {
    const { post, get } = await studio(temporaryFolder());
    for (const what of ['plan', 'start', 'stop', 'resume']) {
      expect((await post(`/api/control/${what}`, {})).status, what).toBe(404);
    }
    expect(JSON.parse((await get('/api/studio')).text)).toMatchObject({ hasControl: false });
  });

  it.each([
    ['plan', { preset: '--help' }],
    ['start', { preset: 'digits', name: '../up' }],
    ['start', { preset: 'digits', name: '--replace' }],
    ['start', { preset: 'elsewhere.yaml', name: 'mine' }],
  ])('%s refuses %j', async (what, body) => {
    const { post } = await studio(temporaryFolder(), nothing);
    expect((await post(`/api/control/${what}`, body)).status).toBe(400);
  });

  it('stops nothing where no process works, and resumes nothing that is not there', async () => {
    const runs = temporaryFolder();
    await writeTestRun({ runs, name: 'pets' });
    const { post } = await studio(runs, nothing);
    expect((await post('/api/control/stop', { name: 'pets' })).status).toBe(409);
    expect((await post('/api/control/resume', { name: 'other' })).status).toBe(404);
  });
});
