import { onTestFinished, vi } from 'vitest';

/** Has the process believe, until the current test ends, that so many bytes of memory are free. */
export function withFreeMemory(bytes: number): void {
  const spy = vi.spyOn(process, 'availableMemory').mockReturnValue(bytes);
  onTestFinished(() => spy.mockRestore());
}
