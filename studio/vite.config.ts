import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** One program and one style for the studio and for reports, which hold both. */
export default defineConfig({
  root: here('.'),
  logLevel: 'warn',
  define: { 'process.env.NODE_ENV': '"production"' },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: here('../dist/studio/page'),
    emptyOutDir: true,
    target: 'es2022',
    lib: {
      entry: here('main.tsx'),
      formats: ['iife'],
      name: 'ncfm',
      fileName: () => 'page.js',
      cssFileName: 'page',
    },
  },
});
