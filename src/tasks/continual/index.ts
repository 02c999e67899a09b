export {
  averageForgetting,
  averageIncremental,
  type Curve,
  type CurveName,
  curveTitle,
  type StepFigures,
} from './figures.js';
export { type ForgettingRequest, forgettingScores } from './forgetting.js';
export * from './options.js';
export * from './run-continual.js';
