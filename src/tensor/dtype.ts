/** Element types, by LibTorch's names. */
export type DType =
  | 'uint8'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float16'
  | 'float32'
  | 'float64'
  | 'bool'
  | 'bfloat16';

/** LibTorch's number for each element type (c10::ScalarType). */
const codes: Record<DType, number> = {
  uint8: 0,
  int8: 1,
  int16: 2,
  int32: 3,
  int64: 4,
  float16: 5,
  float32: 6,
  float64: 7,
  bool: 11,
  bfloat16: 15,
};

const names = new Map<number, DType>(
  (Object.entries(codes) as [DType, number][]).map(([name, code]) => [code, name]),
);

export function dtypeCode(dtype: DType): number {
  return codes[dtype];
}

/** The element type with LibTorch's number `code`; throws for types that this library does not use. */
export function dtypeName(code: number): DType {
  const name = names.get(code);
  if (name === undefined) throw new Error(`element type number ${code} is not supported`);
  return name;
}

export function dtypeBytes(dtype: DType): number {
  if (dtype === 'float64' || dtype === 'int64') return 8;
  if (dtype === 'float32' || dtype === 'int32') return 4;
  if (dtype === 'float16' || dtype === 'bfloat16' || dtype === 'int16') return 2;
  return 1;
}
