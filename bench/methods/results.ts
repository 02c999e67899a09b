import type { Cost, Form, InnerLoop, Work } from './cases.js';

/** A cost with what it was measured on. */
export interface FormCost extends Cost {
  /** The part that was measured and scaled, in words; null for the whole. */
  readonly part: string | null;
  /** Over NCFM without the sampling network in the same form. */
  readonly ratio: Cost | null;
}

export interface MethodRow {
  readonly work: Work;
  /** Null for what could not be measured. */
  readonly costs: Readonly<Record<Form, FormCost | null>>;
  /** Null for what did not fit. */
  readonly paper: Cost | null;
  readonly paperRatio: Cost | null;
}

/** A greater loop as it was foretold from lesser ones, as every scaled figure is, over what it took. */
export interface ScalingCheck {
  readonly method: 'tesla' | 'mtt';
  readonly form: Form;
  readonly from: readonly InnerLoop[];
  readonly to: InnerLoop;
  readonly ratio: Cost;
}

export interface MethodsResult {
  readonly checks: readonly ScalingCheck[];
  readonly comparisons: readonly {
    readonly name: string;
    readonly title: string;
    readonly rows: readonly MethodRow[];
  }[];
}

/** A method as tables have it. */
export function titleOf(work: Work): string {
  if (work.method === 'ncfm') return `NCFM, ψ ${work.psi ? 'on' : 'off'}`;
  return `${work.method === 'mtt' ? 'MTT' : 'TESLA'}, ${work.innerSteps}×${work.images}`;
}
