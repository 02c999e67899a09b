import type { Readable } from 'node:stream';

/**
 * What a process has written once it holds `pattern`, however it was cut into pieces on the way. Rejects with all of it
 * when the process ends without. Nothing is lost to others that listen.
 */
export function outputUntil(stream: Readable, pattern: RegExp): Promise<string> {
  let text = '';
  return new Promise((resolve, reject) => {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      if (pattern.test(text)) resolve(text);
    });
    stream.on('end', () => reject(new Error(`expected ${pattern}, got only: ${text}`)));
  });
}
