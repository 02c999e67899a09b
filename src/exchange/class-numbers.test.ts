import { describe, expect, it } from 'vitest';
import { classNumbers } from './class-numbers.js';
import { classFolders } from './export/files.js';
import { hostileNames } from './testing/class-names.js';

const fashion = ['T-shirt/top', 'Trouser', 'Ankle boot'];
const reversed = [...hostileNames].reverse();
const backwards = hostileNames.map((_, index) => hostileNames.length - 1 - index);

describe('the classes of a set', () => {
  it.each<[what: string, own: readonly string[], wanted: readonly string[], numbers: number[]]>([
    ['in another order', reversed, hostileNames, backwards],
    ['as folders of an export', classFolders(hostileNames).reverse(), hostileNames, backwards],
    ['that occur twice, as they are', ['a', 'a'], ['a', 'a'], [0, 1]],
    [
      'in small letters, without signs',
      ['trouser', 'ankle-boot', 't-shirt-top'],
      fashion,
      [1, 2, 0],
    ],
    ['behind numbers', ['0-ankle boot', '1-T-SHIRT/TOP', '2-trouser'], fashion, [2, 0, 1]],
    ['in another form of accents', ['cafe\u0301', 'B'], ['b', 'Caf\u00e9'], [1, 0]],
    ['as numbers that sort as texts', ['0', '1', '10', '2'], fashion, [0, 1, 10, 2]],
    ['as numbers with zeros in front', ['00', '02', '01'], fashion, [0, 2, 1]],
    ['that are numbers, by name', ['9', '10'], ['10', '9'], [1, 0]],
    ['with numbers in front that belong to them', ['4-cat', '3-cat'], ['3-cat', '4-cat'], [1, 0]],
    ['of which some are missing', ['Trouser'], fashion, [1]],
  ])('are found: %s', (_, own, wanted, numbers) => {
    expect(classNumbers(own, wanted)).toEqual(numbers);
  });

  it.each<[what: string, own: readonly string[], wanted: readonly string[]]>([
    ['other names', ['cat', 'dog'], fashion],
    ['names that could be either of two', ['C++', 'x'], ['c', 'C#']],
    ['one class by two names', ['Trouser', 'trouser'], ['trousers', 'TROUSER']],
    ['names that occur twice, in another number', ['a', 'a'], ['a', 'a', 'b']],
    ['a number twice', ['1', '01'], fashion],
    ['no name', ['', '1'], fashion],
  ])('are not found: %s', (_, own, wanted) => {
    expect(classNumbers(own, wanted)).toBeUndefined();
  });
});
