import { describe, expect, it } from 'vitest';
import { extrapolateBytes, extrapolateSeconds, partOf, partsWithin, ratios } from './scale.js';

describe('scaling', () => {
  const bytesOf = (innerSteps: number, images: number) => ({
    ...{ innerSteps, images },
    bytes: 500 + innerSteps * (7 + 3 * images),
  });

  it('finds the bytes of a greater loop from two of other numbers of images', () => {
    const { bytes, ...to } = bytesOf(80, 125);
    expect(extrapolateBytes([bytesOf(4, 10), bytesOf(4, 20)], 500, to)).toBeCloseTo(bytes, 6);
  });

  it('leaves a loop that was measured whole as it is', () => {
    const whole = bytesOf(4, 20);
    expect(extrapolateBytes([bytesOf(4, 10), whole], 500, whole)).toBe(whole.bytes);
    expect(extrapolateSeconds(12, whole, whole)).toBe(12);
  });

  it('takes seconds as proportional to steps and images', () => {
    const [of, to] = [
      { innerSteps: 4, images: 50 },
      { innerSteps: 80, images: 125 },
    ];
    expect(extrapolateSeconds(3, of, to)).toBe(150);
  });
});

describe('the part that is measured', () => {
  it('is as much as the limit allows, two at least, and no more than there is', () => {
    expect(partsWithin(120, 7, 20)).toBe(17);
    expect(partsWithin(120, 5, 20)).toBe(20);
    expect(partsWithin(120, 100, 20)).toBe(2);
    expect(partsWithin(120, 500, 1)).toBe(1);
  });

  it('is said unless it is the whole', () => {
    const whole = { innerSteps: 80, images: 125 };
    expect(partOf(whole, whole)).toBeNull();
    expect(partOf({ ...whole, innerSteps: 8 }, whole)).toBe('8 of 80 inner steps');
    expect(partOf({ innerSteps: 4, images: 30 }, whole)).toBe(
      '4 of 80 inner steps, 30 of 125 images of a step',
    );
  });
});

describe('ratios', () => {
  it('are those of what was measured on both sides', () => {
    const tesla = { seconds: 28.24, bytes: 44.2e9 };
    const { seconds, bytes } = ratios(tesla, { seconds: 0.96, bytes: 1.9e9 })!;
    expect(seconds).toBeCloseTo(29.4, 1);
    expect(bytes).toBeCloseTo(23.3, 1);
    expect(ratios(tesla, { seconds: 2, bytes: null })).toEqual({ seconds: 14.12, bytes: null });
    expect(ratios(tesla, null)).toBeNull();
  });
});
