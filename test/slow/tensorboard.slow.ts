import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ncfm } from '../../src/cli/testing/capture.js';
import { temporaryFolder } from '../../src/core/testing/folder.js';

/** What the package `tensorboard` finds in a folder, as one JSON object. */
const program = `
import json, sys
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.plugins.hparams import plugin_data_pb2
found = event_accumulator.EventAccumulator(sys.argv[1], size_guidance={'images': 0, 'scalars': 0})
found.Reload()
tags = found.Tags()
session = found.PluginTagToContent('hparams')['_hparams_/session_start_info']
end = found.PluginTagToContent('hparams')['_hparams_/session_end_info']
settings = plugin_data_pb2.HParamsPluginData.FromString(session).session_start_info.hparams
print(json.dumps({
    'scalars': {tag: [[each.step, each.value] for each in found.Scalars(tag)] for tag in tags['scalars']},
    'images': [[each.step, each.width, each.height] for each in found.Images('images')],
    'iterations': settings['distill.iterations'].number_value,
    'method': settings['distill.method'].string_value,
    'status': plugin_data_pb2.HParamsPluginData.FromString(end).session_end_info.status,
}))
`;

const python = process.env.NCFM_PYTHON ?? 'python3';
const has = spawnSync(python, ['-c', 'import tensorboard']).status === 0;

describe.skipIf(!has)(
  `TensorBoard${has ? '' : ' (skipped: NCFM_PYTHON names no Python that has tensorboard)'}`,
  () => {
    it('reads the scalars, images and settings of a run', async () => {
      const runs = temporaryFolder();
      const settings = ['tracking=tensorboard', 'distill.iterations=20', 'snapshotEvery=10'];
      const options = settings.flatMap((setting) => ['--set', setting]);
      const places = ['--runs', runs, '--cache', join(runs, '.cache')];
      const { stdout } = await ncfm('run', 'digits', ...options, ...places, '--json', '--quiet');
      const read = spawnSync(python, ['-c', program, join(runs, 'digits', 'tensorboard')], {
        encoding: 'utf8',
      });
      const found = JSON.parse(read.stdout);
      expect(found.scalars['distill/loss'].map(([step]: number[]) => step)).toEqual(
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
      const { accuracy } = JSON.parse(stdout);
      expect(found.scalars['accuracy/distilled'][0][1]).toBeCloseTo(accuracy.distilled.mean, 4);
      expect(found.images.map(([step]: number[]) => step)).toEqual([0, 10, 20]);
      expect(found).toMatchObject({ iterations: 20, method: 'ncfm', status: 1 });
    });
  },
);
