const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/**
 * The bytes of a size as people write it: '2GB' (10⁹ each), '1.5 GiB' (2³⁰ each), '800MB', '4096'; capital letters or
 * not. Undefined for what is not such a size, and for less than a byte.
 */
export function parseSize(text: string): number | undefined {
  const match = /^\s*(\d+(?:\.\d+)?|\.\d+)\s*([kmgt]?i?b?)\s*$/i.exec(text);
  const unit = units[match?.[2]?.toLowerCase() ?? 'none'];
  if (match === null || unit === undefined) return undefined;
  const bytes = Math.floor(Number(match[1]) * unit);
  return bytes >= 1 && Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A number of bytes for people: `812 B`, `38.4 kB`, `640 MB`, `1.25 GB`; powers of ten. */
export function formatSize(bytes: number): string {
  const names = ['B', 'kB', 'MB', 'GB', 'TB'];
  const digits = (value: number): string =>
    value < 10 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0);
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < names.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return unit === 0 ? `${Math.round(value)} B` : `${digits(value)} ${names[unit]}`;
}
