import { defineConfig } from 'vitest/config';

/** What takes too long for every change: `npm run test:slow`. */
export default defineConfig({
  test: {
    include: ['**/*.slow.ts'],
    exclude: ['node_modules/**', 'dist/**', 'build/**'],
    pool: 'forks',
    setupFiles: ['./test/tune.ts'],
    maxWorkers: 1,
    testTimeout: 3_600_000,
    reporters: ['default', './test/closing-line-reporter.ts'],
  },
});
