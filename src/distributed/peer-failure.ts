import { FailureError } from '../core/errors.js';

/** Another process of the group has failed, was stopped or is gone, so that this one cannot go on. */
export class PeerFailure extends FailureError {
  /** Whether it is for this process to tell the user: one of those that are left does. */
  readonly isTold: boolean;

  constructor(message: string, isTold: boolean) {
    super(message);
    this.isTold = isTold;
  }
}
