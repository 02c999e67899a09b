/** Slurm's short form of host names, `node[01-03,07],login`, in full. */
export function expandHosts(list: string): string[] {
  return splitOutside(list).flatMap((item) => {
    const [, before, ranges, after] = /^([^[]*)\[([^\]]*)\](.*)$/.exec(item) ?? [];
    if (before === undefined || ranges === undefined) return item === '' ? [] : [item];
    const ends = expandHosts(after ?? '');
    return ranges
      .split(',')
      .flatMap(numbers)
      .flatMap((number) =>
        (ends.length === 0 ? [''] : ends).map((end) => `${before}${number}${end}`),
      );
  });
}

/** At commas that are in no brackets. */
function splitOutside(list: string): string[] {
  return list.split(/,(?![^[]*\])/);
}

/** `08-10` is 08, 09, 10. */
function numbers(range: string): string[] {
  const [first = '', last = first] = range.split('-');
  const length = Number(last) - Number(first) + 1;
  return Array.from({ length }, (_, index) =>
    String(Number(first) + index).padStart(first.length, '0'),
  );
}
