import { describe, expect, it } from 'vitest';
import { keep, liveTensors, scope, type Tensor } from './index.js';
import { ones, RandomGenerator, zeros } from './testing/on-device.js';

describe('scope', () => {
  it('releases what the body creates and returns its result', () => {
    const before = liveTensors();
    const created: Tensor[] = [];
    const total = scope(() => {
      const x = ones([3]);
      created.push(x, x.mul(2));
      return created[1]!.sum().item();
    });
    expect(total).toBe(6);
    expect(created.map((x) => x.disposed)).toEqual([true, true]);
    expect(liveTensors()).toBe(before);
  });

  it('lets the returned tensor live', () => {
    const before = liveTensors();
    using y = scope(() => ones([2]).add(1));
    expect(liveTensors()).toBe(before + 1);
    expect([...y.toFloat32Array()]).toEqual([2, 2]);
  });

  it('finds what is returned within arrays, maps and plain objects, nested', () => {
    const before = liveTensors();
    const result = scope(() => {
      zeros([1]);
      return {
        list: [ones([1]), [ones([2])]],
        map: new Map([['a', { deep: ones([3]) }]]),
        number: 1,
        nothing: null,
        bytes: new Uint8Array(2),
      };
    });
    const survivors = [
      result.list[0] as Tensor,
      (result.list[1] as Tensor[])[0]!,
      result.map.get('a')!.deep,
    ];
    expect(survivors.map((x) => x.sum().item())).toEqual([1, 2, 3]);
    expect(liveTensors()).toBe(before + 3 + 3);
  });

  it('finds what is returned in sets, keys of maps, fields of classes and collections of one’s own', () => {
    class Pair {
      readonly first = ones([1]);
      readonly rest = new Set([ones([2])]);
    }
    class Bag {
      readonly #items = [ones([3]), { deep: ones([4]) }];
      [Symbol.iterator]() {
        return this.#items[Symbol.iterator]();
      }
    }
    const before = liveTensors();
    const result = scope(() => {
      zeros([9]);
      const keys = new Map([[ones([5]), 'five']]);
      return {
        pair: new Pair(),
        bag: new Bag(),
        keys,
        bare: Object.assign(Object.create(null), { x: ones([6]) }),
      };
    });
    const [bag, deep] = [...result.bag] as [Tensor, { deep: Tensor }];
    const found: Tensor[] = [
      result.pair.first,
      ...result.pair.rest,
      bag,
      deep.deep,
      ...result.keys.keys(),
      result.bare.x,
    ];
    expect(found.map((x) => x.sum().item())).toEqual([1, 2, 3, 4, 5, 6]);
    // Those found, and their sums.
    expect(liveTensors()).toBe(before + 6 + 6);
  });

  it('comes to an end with objects that hold each other', () => {
    interface Node {
      x: Tensor;
      next?: Node;
    }
    const before = liveTensors();
    const result = scope(() => {
      const node: Node = { x: ones([2]) };
      node.next = node;
      return node;
    });
    expect(result.next!.x.disposed).toBe(false);
    result.x.dispose();
    expect(liveTensors()).toBe(before);
  });

  it.each([
    [
      'an asynchronous function',
      async () => ones([1]),
      /scope\(\) was given an asynchronous function/,
    ],
    ['a promise inside', () => [ones([1]), Promise.resolve(1)], /cannot return a promise/],
    [
      'a generator',
      () =>
        (function* () {
          yield ones([1]);
        })(),
      /cannot return a generator/,
    ],
    [
      'an asynchronous one',
      () => ({
        all: (async function* () {
          yield ones([1]);
        })(),
      }),
      /cannot return a generator/,
    ],
  ])('refuses %s, and releases everything', (_, body, message) => {
    const before = liveTensors();
    const run = () =>
      scope(() => {
        zeros([3]);
        scope(body as () => unknown);
      });
    expect(run).toThrow(TypeError);
    expect(run).toThrow(message);
    expect(liveTensors()).toBe(before);
  });

  it('tells of an asynchronous function that fails once, not twice', async () => {
    const failing = async () => {
      throw new RangeError('on purpose');
    };
    expect(() => scope(failing as () => unknown)).toThrow(/asynchronous function/);
    // An unhandled rejection would end the process.
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('gives what an inner scope returns to the outer one', () => {
    const before = liveTensors();
    let inner: Tensor | undefined;
    scope(() => {
      inner = scope(() => ones([1]).mul(3));
      expect(inner.item()).toBe(3);
    });
    expect(inner!.disposed).toBe(true);
    expect(liveTensors()).toBe(before);
  });

  it('does not touch tensors from outside, even when they are returned', () => {
    using outside = ones([2]);
    const returned = scope(() => outside);
    expect(returned).toBe(outside);
    scope(() => outside.mul(2));
    expect(outside.disposed).toBe(false);
  });

  it('releases everything when the body throws, and passes the error on', () => {
    const before = liveTensors();
    const failing = () =>
      scope(() => {
        ones([4]);
        scope(() => {
          ones([5]);
          throw new RangeError('on purpose');
        });
      });
    expect(failing).toThrow(new RangeError('on purpose'));
    expect(liveTensors()).toBe(before);
    // The failed scopes are gone: a tensor made now belongs to nobody.
    using free = ones([1]);
    scope(() => 1);
    expect(free.disposed).toBe(false);
  });

  it('leaves kept tensors to their owner', () => {
    const before = liveTensors();
    let kept: Tensor | undefined;
    scope(() => {
      scope(() => {
        kept = keep(ones([2]));
      });
    });
    expect(kept!.disposed).toBe(false);
    kept!.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('counts tensors that generators and operators make', () => {
    const before = liveTensors();
    scope(() => {
      new RandomGenerator(1)
        .normal([2, 2])
        .matmul(ones([2, 2]))
        .softmax(1);
      expect(liveTensors()).toBe(before + 4);
    });
    expect(liveTensors()).toBe(before);
  });
});

describe('a released tensor', () => {
  const message = /already released: it was disposed, or the scope that created it has ended/;

  it('says so whatever is asked of it', () => {
    const x = scope(() => {
      const inside = ones([2]);
      return { get: () => inside };
    }).get();
    expect(() => x.add(1)).toThrow(message);
    expect(() => ones([2]).add(x)).toThrow(message);
    expect(() => x.shape).toThrow(message);
    expect(() => x.toFloat32Array()).toThrow(message);
    expect(String(x)).toBe('Tensor(released)');
  });

  it('may be disposed again', () => {
    const before = liveTensors();
    const x = ones([1]);
    x.dispose();
    x.dispose();
    expect(liveTensors()).toBe(before);
  });

  it('is what `using` leaves behind', () => {
    const before = liveTensors();
    {
      using x = ones([1]);
      expect(x.item()).toBe(1);
    }
    expect(liveTensors()).toBe(before);
  });

  it('leaves its views and copies alive', () => {
    const x = ones([4]);
    using view = x.narrow(0, 1, 2);
    x.dispose();
    expect([...view.toFloat32Array()]).toEqual([1, 1]);
  });
});
