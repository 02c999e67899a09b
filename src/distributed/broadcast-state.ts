import { type DType, type Tensor, zeros } from '../tensor/index.js';
import type { ProcessGroup } from './process-group.js';

/** Tensors by name, beside anything that JSON can hold. */
interface State {
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** The first process's state, or that it has none, in all of them; at once. What is new of its tensors is the scope's or the caller's. */
export function broadcastState<Whole extends State>(
  group: ProcessGroup,
  state: Whole | undefined,
): Whole | undefined {
  const own = group.isFirst ? state : undefined;
  const [told] = group.exchange(own === undefined ? null : describe(own));
  if (told === null || told === undefined) return undefined;
  const tensors = told.tensors.map(({ name, shape, dtype }) => {
    const value = own?.tensors.get(name);
    if (value !== undefined) {
      group.broadcast(value).dispose();
      return [name, value] as const;
    }
    using empty = zeros(shape, { dtype });
    return [name, group.broadcast(empty)] as const;
  });
  return { ...told.rest, tensors: new Map(tensors) } as unknown as Whole;
}

interface Description {
  readonly rest: object;
  readonly tensors: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly dtype: DType;
  }[];
}

function describe({ tensors, ...rest }: State): Description {
  return {
    rest,
    tensors: [...tensors].map(([name, { shape, dtype }]) => ({ name, shape, dtype })),
  };
}
