/** What a configuration of NCFM need not state: the paper's values, except where measurements showed better ones. */
export const ncfmDefaults = {
  method: 'ncfm',
  formation: { mode: 'single', factor: 2 },
  initialization: { kind: 'mix' },
  // The paper: 20 000.
  iterations: 2000,
  // The paper: 1024; small fresh batches do as well.
  matching: { strategy: 'plain', realPerClass: 64 },
  extractors: 'blend',
  frequencies: { kind: 'gaussian', count: 1024, scale: 'auto' },
  alpha: 0.5,
  discrepancyWeight: 300,
  amortize: 1,
  fineTuning: 'none',
  optimizer: { kind: 'adam', learningRate: 0.05 },
  schedule: { kind: 'cosine' },
  augmentation: 'official',
  onNonFinite: 'stop',
} as const;
