// Products of matrices on the processor's tiles; see tiles.h for how numbers lie there.
#pragma once

#include "tiles.h"

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {
namespace tiles {

// The left tiles of two rows of tiles at so many depths stay in the first cache while they meet all columns.
constexpr int64_t depthAtOnce = 8;

NCFM_INLINE int64_t size(int64_t count, int64_t depth) { return roundUp(count, tileSide) * roundUp(depth, tileDepth); }

// Strip i's numbers at depths k to k + 31; zeros behind the strips and the depth.
NCFM_INLINE SplitPairs alongStrip(const Strips& strips, int64_t i, int64_t k, int64_t depth) {
  if (i >= strips.count) return pairs(Vector{}, Vector{});
  const float* from = strips.values + i * strips.stride + k;
  const int64_t left = depth - k;
  return inOrder(loadUpTo(from, left), left > lanes ? loadUpTo(from + lanes, left - lanes) : Vector{});
}

// The numbers of 16 strips at depths k and k + 1.
NCFM_INLINE SplitPairs acrossStrips(const Strips& strips, int64_t first, int64_t k, int64_t depth) {
  const float* from = strips.values + first * strips.stride + k * strips.depthStride;
  const int64_t left = strips.count - first;
  return pairs(k < depth ? loadUpTo(from, left) : Vector{},
               k + 1 < depth ? loadUpTo(from + strips.depthStride, left) : Vector{});
}

// packed[strips / 16][depth / 32][nearest, rest][16][16 pairs]: a strip in each row, or in each column if `across`.
void pack(const Strips& strips, int64_t depth, bool across, float* packed) {
  const bool alongMemory = strips.depthStride == 1;
  for (int64_t first = 0; first < strips.count; first += tileSide) {
    for (int64_t k = 0; k < depth; k += tileDepth, packed += pairSize) {
      IntVector nearest[tileSide], rest[tileSide];
      for (int64_t i = 0; i < tileSide; ++i) {
        const SplitPairs row = alongMemory ? alongStrip(strips, first + i, k, depth)
                                           : acrossStrips(strips, first, k + 2 * i, depth);
        nearest[i] = row.nearest;
        rest[i] = row.rest;
      }
      if (alongMemory == across) {
        transpose(nearest);
        transpose(rest);
      }
      for (int64_t i = 0; i < tileSide; ++i) {
        store(packed + i * lanes, (Vector)nearest[i]);
        store(packed + (tileSide + i) * lanes, (Vector)rest[i]);
      }
    }
  }
}

template <bool twoRows, bool twoColumns>
NCFM_INLINE void multiplyBlock(const float* left, int64_t leftStride, const float* right, int64_t rightStride,
                               int64_t tilesDeep, bool fresh, float* target) {
  if (fresh) {
    zeroSums();
  } else {
    loadSums<twoRows, twoColumns>(target, productColumns);
  }
  for (int64_t k = 0; k < tilesDeep; ++k, left += pairSize, right += pairSize) {
    addProducts<twoRows, twoColumns>({left, left + leftStride}, {right, right + rightStride});
  }
  storeSums<twoRows, twoColumns>(target, productColumns);
}

// Writes whole tiles.
void multiply(const float* left, int64_t rows, const float* right, int64_t columns, int64_t depth, float* target) {
  const TileShapes shapes;
  _tile_loadconfig(&shapes);
  const int64_t deep = roundUp(depth, tileDepth) / tileDepth;
  const int64_t stride = deep * pairSize;
  for (int64_t from = 0; from < deep; from += depthAtOnce) {
    const int64_t depths = deep - from < depthAtOnce ? deep - from : depthAtOnce;
    for (int64_t r = 0; r < rows; r += 2 * tileSide) {
      const float* upper = left + r / tileSide * stride + from * pairSize;
      for (int64_t c = 0; c < columns; c += 2 * tileSide) {
        const float* strip = right + c / tileSide * stride + from * pairSize;
        float* block = target + r * productColumns + c;
        const bool fresh = from == 0;
        const bool twoRows = rows - r > tileSide, twoColumns = columns - c > tileSide;
        if (twoRows && twoColumns) {
          multiplyBlock<true, true>(upper, stride, strip, stride, depths, fresh, block);
        } else if (twoRows) {
          multiplyBlock<true, false>(upper, stride, strip, stride, depths, fresh, block);
        } else if (twoColumns) {
          multiplyBlock<false, true>(upper, stride, strip, stride, depths, fresh, block);
        } else {
          multiplyBlock<false, false>(upper, stride, strip, stride, depths, fresh, block);
        }
      }
    }
  }
  _tile_release();
}

}  // namespace tiles
}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
