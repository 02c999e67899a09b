import { describe, expect, it } from 'vitest';
import { type Curve, headlines } from './headline.js';

function curve(side: Curve['side'], label: string, ...points: [number, number][]): Curve {
  return {
    side,
    label,
    imagesPerClass: 10,
    points: points.map(([seconds, accuracy]) => ({
      iteration: 1,
      seconds,
      accuracy,
      deviation: 0,
    })),
  };
}

const pytorch = curve('pytorch', 'PyTorch', [0, 70], [100, 80], [3000, 79]);

describe('the headline', () => {
  it("tells when ours was first as good as PyTorch's best, over all of our runs", () => {
    const found = headlines([
      pytorch,
      curve('ours', 'short', [1, 78], [10, 80]),
      curve('ours', 'long', [5, 79.9], [50, 85]),
    ]);
    expect(found).toEqual([
      {
        imagesPerClass: 10,
        pytorch: { accuracy: 80, seconds: 100 },
        ours: { accuracy: 80, seconds: 10, label: 'short' },
        ratio: 10,
      },
    ]);
  });

  it('says so when ours never was as good', () => {
    const [found] = headlines([pytorch, curve('ours', 'short', [1, 79.99])]);
    expect(found).toMatchObject({ ours: null, ratio: null });
  });

  it('treats numbers of images per class apart', () => {
    const ipc1 = { ...pytorch, imagesPerClass: 1 };
    const better = curve('ours', 'short', [1, 99]);
    expect(headlines([pytorch, ipc1, better]).map(({ ratio }) => ratio)).toEqual([100, null]);
  });
});
