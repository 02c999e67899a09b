/** Fields of a protocol buffer's message, as bytes (https://protobuf.dev/programming-guides/encoding). */

/** An unsigned integer of up to 53 bits. */
export function integer(field: number, value: number): Buffer {
  return Buffer.concat([variable(field * 8), variable(value)]);
}

export function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([variable(field * 8 + 1), bytes]);
}

export function float(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([variable(field * 8 + 5), bytes]);
}

/** A text, bytes, or a message of the fields given. */
export function nested(field: number, ...content: readonly (string | Buffer)[]): Buffer {
  const bytes = Buffer.concat(content.map((part) => Buffer.from(part)));
  return Buffer.concat([variable(field * 8 + 2), variable(bytes.length), bytes]);
}

/** Seven bits to a byte, the lowest first. */
function variable(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}
