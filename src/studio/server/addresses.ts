import { insideOf } from '../reading/inside.js';
import type { Addresses } from '../reading/run-view.js';
import { layoutOf } from '../reading/sprite.js';

/** Addresses of the studio's server. Another run of the same name has other ones, so that a browser may keep pictures. */
export const served: Addresses = {
  snapshots: async ({ name, folder, log }) => {
    const told = [...log.snapshots.values()].sort((a, b) => a.iteration - b.iteration);
    const views = told.map(async ({ iteration, path, cells }) => {
      const file = insideOf(folder, path);
      if (file === undefined) return [];
      const query = { run: name, iteration: String(iteration), begun: log.began ?? '' };
      const src = `/api/snapshot?${new URLSearchParams(query)}`;
      return [{ iteration, src, ...(await layoutOf(file, cells)) }];
    });
    return (await Promise.all(views)).flat();
  },
  nearest: async ({ name, folder, log }, { cells, tiles, distances }) => {
    const file = insideOf(folder, 'nearest.png');
    if (file === undefined) return undefined;
    const src = `/api/nearest?${new URLSearchParams({ run: name, begun: log.told ?? '' })}`;
    return { src, ...(await layoutOf(file, cells)), tiles, distances };
  },
  figure: async ({ name }, file) => `/api/figure?${new URLSearchParams({ run: name, file })}`,
};
