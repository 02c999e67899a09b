import { join } from 'node:path';
import { UsageError } from '../core/errors.js';
import { packageVersion } from '../core/version.js';
import { engine } from '../tensor/index.js';
import { readLaunch } from './launch.js';
import { ProcessGroup } from './process-group.js';
import { meet } from './rendezvous.js';

/** PyTorch's own: half an hour. */
const usualSeconds = 1800;

/**
 * Joins the processes that a launcher has started with this one; undefined where it was started alone.
 *
 * @param cache a folder that all of them see
 */
export async function joinGroup(cache: string): Promise<ProcessGroup | undefined> {
  const launch = readLaunch();
  if (launch === undefined) return undefined;
  const milliseconds = limitSeconds() * 1000;
  const met = await meet({
    launch,
    folder: join(cache, 'rendezvous'),
    versions: { ncfm: packageVersion(), LibTorch: engine().version },
    milliseconds,
  });
  return new ProcessGroup({ ...met, ...launch, milliseconds });
}

function limitSeconds(): number {
  const text = process.env.NCFM_PEER_TIMEOUT;
  if (text === undefined) return usualSeconds;
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new UsageError(
    `NCFM_PEER_TIMEOUT=${text}: expected seconds above 0, for which processes wait for one that is silent`,
  );
}
