import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../core/testing/folder.js';
import { LogTail } from './log-tail.js';

const line = (message: string) => `${JSON.stringify({ type: 'warning', message })}\n`;

function watched() {
  const path = join(temporaryFolder(), 'events.jsonl');
  const tail = new LogTail(path);
  const read = async (): Promise<string[]> => {
    const told: string[] = [];
    await tail.read(
      (event) => told.push(event.type === 'warning' ? event.message : event.type),
      () => told.push('restarted'),
    );
    return told;
  };
  return { path, read };
}

describe('the tail of a log', () => {
  it('is nothing where there is no log, and each time what was added', async () => {
    const { path, read } = watched();
    expect(await read()).toEqual([]);
    writeFileSync(path, line('a') + line('b'));
    expect(await read()).toEqual(['a', 'b']);
    expect(await read()).toEqual([]);
    appendFileSync(path, line('c'));
    expect(await read()).toEqual(['c']);
  });

  it('waits for the end of a line, and of a character', async () => {
    const { path, read } = watched();
    const bytes = Buffer.from(line('é'));
    const middle = bytes.indexOf(0xc3) + 1;
    writeFileSync(path, bytes.subarray(0, middle));
    expect(await read()).toEqual([]);
    appendFileSync(path, bytes.subarray(middle));
    expect(await read()).toEqual(['é']);
  });

  it('begins anew where the log is another file, or was cut', async () => {
    const { path, read } = watched();
    writeFileSync(path, line('a') + line('b'));
    await read();
    writeFileSync(`${path}.new`, line('c') + line('d') + line('e'));
    renameSync(`${path}.new`, path);
    expect(await read()).toEqual(['restarted', 'c', 'd', 'e']);
    writeFileSync(path, line('f'));
    expect(await read()).toEqual(['restarted', 'f']);
  });

  it('names the line that is no event', async () => {
    const { path, read } = watched();
    writeFileSync(path, `${line('a')}nonsense\n`);
    await expect(read()).rejects.toThrow(`${path}, line 2`);
  });
});
