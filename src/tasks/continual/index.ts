export {
  averageIncremental,
  type Curve,
  type CurveName,
  curveTitle,
  forgetting,
  type StepFigures,
} from './figures.js';
export { type ForgettingRequest, forgettingScores } from './forgetting.js';
export * from './options.js';
export * from './run-continual.js';
