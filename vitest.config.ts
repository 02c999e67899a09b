import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts', 'studio/**/*.test.ts'],
    // The addon keeps process-wide state (generator, thread count), so each file has its own process.
    pool: 'forks',
    // Each process is set up as the command line's is.
    setupFiles: ['./test/tune.ts'],
    maxWorkers: 2,
    // One LibTorch thread per worker: two workers then fill two cores instead of fighting for them.
    // Tests that ask for more wait for each other without spinning, or they stand still where a core is taken.
    env: { OMP_NUM_THREADS: '1', OMP_WAIT_POLICY: 'passive' },
    // Against hangs alone: what takes a second here may take a minute on a machine that does other things too.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    // `npm run coverage`; what runs in processes of its own (the built command line) is not counted.
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.test.ts', 'src/**/testing/**'],
      reporter: ['text-summary', 'json-summary', 'html'],
      reportsDirectory: 'build/coverage',
      reportOnFailure: true,
    },
    reporters: ['default', './test/closing-line-reporter.ts'],
  },
});
