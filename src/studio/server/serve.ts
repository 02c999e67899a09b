import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve as listen } from '@hono/node-server';
import { FailureError } from '../../core/errors.js';
import { studioApp } from './app.js';
import type { Control } from './control.js';
import { RunStore } from './run-store.js';

export interface ServeOptions {
  /** The folder of runs, which exists. */
  readonly runs: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly control?: Control | undefined;
}

/** A studio that listens, on loopback alone, until it is closed. */
export interface ServedStudio {
  /** To be opened in a browser; holds the token. */
  readonly address: string;
  readonly close: () => Promise<void>;
}

/** @throws FailureError where the port is taken */
export async function serveStudio({ runs, port, control }: ServeOptions): Promise<ServedStudio> {
  const token = randomBytes(24).toString('base64url');
  let listening = port;
  const app = studioApp({ store: new RunStore(runs), control, token, port: () => listening });
  const server = await new Promise<Server>((resolve, reject) => {
    const made = listen({ fetch: app.fetch, hostname: '127.0.0.1', port }, () =>
      resolve(made as Server),
    );
    made.on('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      const reason = taken ? 'is taken; choose another with --port' : `failed: ${cause.message}`;
      reject(new FailureError(`port ${port} ${reason}`, { cause }));
    });
  });
  listening = (server.address() as AddressInfo).port;
  return {
    address: `http://127.0.0.1:${listening}/?token=${token}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        // Pages that watch a run would keep it open.
        server.closeAllConnections();
      }),
  };
}
