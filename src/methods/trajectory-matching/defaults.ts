/** What both methods have, as far as a configuration does not say otherwise. */
const shared = {
  formation: { mode: 'single', factor: 1 },
  initialization: { kind: 'random' },
  // Published: 5000 (MTT), 10 000 (TESLA).
  iterations: 1000,
  expertEpochs: 2,
  batchSize: 'all',
  schedule: { kind: 'constant' },
  augmentation: 'dsa',
  space: 'normalised',
  onNonFinite: 'stop',
} as const;

/**
 * Published for MTT, with learning rates for normalised images that may leave [0, 1] (space: unbounded), each as steps,
 * start epochs, batch, learning rate of the images, and of the step size from 0.01 on:
 * - CIFAR-10: IPC 1: 50, 2, all, 100, 1e-7; IPC 50: 30, 40, all, 1000, 1e-5 from 0.001 on
 * - CIFAR-100: IPC 1: 20, 20, all, 1000, 1e-5, with 3 expert epochs; IPC 10: 20, 20, all, 1000, 1e-5; IPC 50: 80, 40, 125, 1000, 1e-5
 * - Tiny ImageNet: IPC 1: 10, 10, all; IPC 10: 20, 40, 200; IPC 50: 20, 40, 300; each 10 000, 1e-4
 */
export const mttDefaults = {
  ...shared,
  method: 'mtt',
  adjoint: 'exact',
  innerSteps: 30,
  maxStartEpoch: 10,
  optimizer: { kind: 'sgd', learningRate: 1000, momentum: 0.5 },
  stepSize: { initial: 0.01, learningRate: 1e-5, momentum: 0.5 },
} as const;

/**
 * Published for TESLA: CIFAR-10 IPC 1: 50 steps, 5 start epochs, all, 1000, 1e-7; CIFAR-100 IPC 50: 80, 40, 125, 1000, 1e-5.
 * Its code halves the images' gradient: its learning rate of 1000 is 500 here, where the gradient is whole.
 */
export const teslaDefaults = {
  ...shared,
  method: 'tesla',
  adjoint: 'frozen',
  innerSteps: 50,
  maxStartEpoch: 5,
  optimizer: { kind: 'sgd', learningRate: 500, momentum: 0.5 },
  stepSize: { initial: 0.01, learningRate: 1e-7, momentum: 0.5 },
} as const;

/** How the experts are trained: as students take their steps. Published: 100 networks for 50 epochs. */
export const expertTraining = {
  networks: 10,
  length: { epochs: 20 },
  batchSize: { atMost: 256 },
  optimizer: { kind: 'sgd', learningRate: 0.01, momentum: 0, weightDecay: 0 },
  schedule: { kind: 'constant' },
  augmentation: 'dsa',
} as const;
