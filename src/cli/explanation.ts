import { CommanderError } from 'commander';
import { FailureError, isOutOfMemory, UsageError } from '../core/errors.js';
import { Interruption } from './interruption.js';

/** 0 for help and the like, 1 failed, 2 misused, 130 and 143 stopped. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof Interruption) return error.exitCode;
  return error instanceof UsageError ? 2 : 1;
}

export function explanation(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (process.env.NCFM_DEBUG === '1' && error instanceof Error && !(error instanceof UsageError)) {
    return error.stack ?? message;
  }
  if (isOutOfMemory(error)) {
    return `${message}\nThe run needs less memory with a budget (--memory 2GB), smaller batches (pretrain.batchSize, evaluate.batchSize) or narrower networks (model.width); ncfm plan tells how much it will take.`;
  }
  const expected = [UsageError, FailureError, Interruption].some((kind) => error instanceof kind);
  return expected
    ? message
    : `unexpected error: ${message}\nNCFM_DEBUG=1 shows where it comes from.`;
}
