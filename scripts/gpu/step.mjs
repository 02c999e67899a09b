import { spawn } from 'node:child_process';

/** Of what a step has written, the end is kept, to explain its failure. */
const KEPT_TEXT = 4000;

/**
 * @typedef {object} Step
 * @property {string} name
 * @property {() => Promise<{ told: string, found?: object }>} run `told` is the end of the step's line
 */

/**
 * @typedef {object} Outcome
 * @property {string} name
 * @property {'ok' | 'failed'} state
 * @property {number} seconds
 * @property {string} told
 * @property {object} [found]
 */

/**
 * Runs a step and tells it in one line, whatever becomes of it.
 * @param {Step} step
 * @returns {Promise<Outcome>}
 */
export async function runStep({ name, run }) {
  const started = performance.now();
  const since = () => (performance.now() - started) / 1000;
  try {
    const { told, found } = await run();
    return tell({ name, state: 'ok', seconds: since(), told, ...(found && { found }) });
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error);
    return tell({ name, state: 'failed', seconds: since(), told });
  }
}

/** @param {Outcome} outcome */
function tell(outcome) {
  const { name, state, seconds, told } = outcome;
  const mark = state === 'ok' ? '✓' : '✗';
  const line = told.trim().split('\n').at(-1);
  process.stdout.write(`${mark} ${name}: ${line} (${seconds.toFixed(1)} s)\n`);
  return outcome;
}

/**
 * Runs a program, which is ended with all that it has started when its time is up.
 * @param {readonly string[]} command
 * @param {{ seconds: number, input?: string, env?: NodeJS.ProcessEnv, cwd?: string }} options
 * @returns {Promise<string>} what it wrote to standard output
 */
export function execute([program = '', ...args], { seconds, input = '', env, cwd }) {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A process group of its own, which can be ended as a whole.
    detached: true,
  });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors = (errors + text).slice(-KEPT_TEXT);
  });
  child.stdin.on('error', () => {}); // it ended before reading
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, seconds * 1000);
    child.on('error', (cause) => {
      clearTimeout(timer);
      reject(new Error(`${program} could not be started: ${cause.message}`));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) return resolve(output);
      const why = isLate ? `stopped after ${seconds} s` : `ended with ${code ?? signal}`;
      reject(new Error(`${lastLines(errors || output)}\n${why}: ${lastLine(errors || output)}`));
    });
  });
}

/** @param {string} text */
const lastLines = (text) => text.trim().split('\n').slice(-20).join('\n');

/** @param {string} text the last line that names an error, or else the last one */
function lastLine(text) {
  const lines = text.trim().split('\n');
  return lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? '';
}
