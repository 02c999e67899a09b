import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ncfm } from '../../src/cli/testing/capture.js';
import { temporaryFolder } from '../../src/core/testing/folder.js';

/** What Hugging Face's package `datasets` finds in a folder, as one JSON object. */
const program = `
import json, sys
from datasets import load_dataset
found = load_dataset(sys.argv[1], split='train', cache_dir=sys.argv[2])
print(json.dumps({
    'images': len(found),
    'size': found[0]['image'].size,
    'classes': found.features['label'].names,
    'labels': found['label'][:],
}))
`;

const python = process.env.NCFM_PYTHON ?? 'python3';
const has = spawnSync(python, ['-c', 'import datasets']).status === 0;

describe.skipIf(!has)(
  `datasets${has ? '' : ' (skipped: NCFM_PYTHON names no Python that has datasets)'}`,
  () => {
    it.each(['parquet', 'png'])(
      'loads an export as %s with its images and classes',
      async (format) => {
        const runs = temporaryFolder();
        const places = ['--runs', runs, '--cache', join(runs, '.cache')];
        await ncfm('distill', 'digits', '--set', 'distill.iterations=2', ...places, '--quiet');
        const out = join(runs, 'export');
        await ncfm('export', join(runs, 'digits'), '--format', format, '--out', out);
        const args = ['-c', program, out, join(runs, 'hub')];
        const read = spawnSync(python, args, {
          encoding: 'utf8',
          env: { ...process.env, HF_HUB_OFFLINE: '1' },
        });
        expect(read.status, read.stderr).toBe(0);
        const found = JSON.parse(read.stdout);
        const classes = Array.from({ length: 10 }, (_, label) => String(label));
        expect(found).toMatchObject({ images: 50, size: [8, 8] });
        expect(found.classes.map((name: string) => name.replace(/^\d+-/, ''))).toEqual(classes);
        expect(found.labels).toEqual(Array.from({ length: 50 }, (_, at) => Math.floor(at / 5)));
      },
    );
  },
);
