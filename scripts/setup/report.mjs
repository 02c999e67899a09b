/** A step that can't go on. The message says what is wrong and what to do about it. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {{ exitCode?: 1 | 2 }} [options] 2 for a wrong command line, 1 for everything else
   */
  constructor(message, { exitCode = 1 } = {}) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * One line for a step that is finished.
 * @param {string} text
 */
export function done(text) {
  process.stderr.write(`✓ ${text}\n`);
}

/**
 * One line before something that takes a while.
 * @param {string} text
 */
export function begin(text) {
  process.stderr.write(`· ${text} …\n`);
}

/**
 * One line for something that is not as it should be but stops nothing.
 * @param {string} text
 */
export function warn(text) {
  process.stderr.write(`! ${text}\n`);
}
