import { defineConfig } from 'vitest/config';
import fast from './vitest.config.js';

/** The tests that take minutes: whole runs that must reach their accuracy. One at a time, all cores. */
export default defineConfig({
  test: {
    ...fast.test,
    include: ['src/**/*.slow.test.ts', 'test/**/*.slow.test.ts'],
    exclude: [],
    maxWorkers: 1,
    env: {},
    testTimeout: 30 * 60_000,
    hookTimeout: 30 * 60_000,
    passWithNoTests: true,
  },
});
