// Products of matrices on the processor's tiles (AMX), which multiply in bfloat16 and add in single precision.
//
// A number is split into the nearest bfloat16 and the rest, rounded to bfloat16: 16 bits of the 24. Of the four products
// of such pairs that of the two rests is left out, so that what is lost of each product of numbers is about 2⁻¹⁷ of it.
#pragma once

#include <immintrin.h>

#include "transpose.h"

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {
namespace tiles {

// A tile: 16 rows of 32 numbers of the left matrix; of the right one 16 pairs of depths, at 16 columns each.
constexpr int64_t tileSide = 16;
constexpr int64_t tileDepth = 32;
// In floats: the tile of the nearest bfloat16s, and behind it that of the rests.
constexpr int64_t pairSize = tileSide * tileDepth;
// The left tiles of two rows of tiles at so many depths stay in the first cache while they meet all columns.
constexpr int64_t depthAtOnce = 8;

struct alignas(64) Shape {
  uint8_t palette = 1;
  uint8_t start = 0;
  uint8_t reserved[14] = {};
  uint16_t bytesOfRow[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

NCFM_INLINE int64_t size(int64_t count, int64_t depth) { return roundUp(count, tileSide) * roundUp(depth, tileDepth); }

struct Split {
  IntVector nearest, rest;  // in the upper halves
};

NCFM_INLINE IntVector rounded(Vector x) {
  const IntVector bits = (IntVector)x;
  return (bits + 0x7fff + ((bits >> 16) & 1)) & static_cast<int32_t>(0xffff0000);
}

NCFM_INLINE Split split(Vector x) {
  const IntVector nearest = rounded(x);
  return {nearest, rounded(x - (Vector)nearest)};
}

// Two numbers in one place, the first in the lower half.
NCFM_INLINE IntVector paired(IntVector first, IntVector second) {
  return ((first >> 16) & 0xffff) | second;
}

// Strip i's numbers at depths k to k + 31, as 16 pairs; zeros behind the strips and the depth.
NCFM_INLINE void pairsOfStrip(const Strips& strips, int64_t i, int64_t k, int64_t depth, IntVector* nearest,
                              IntVector* rest) {
  if (i >= strips.count) {
    *nearest = *rest = IntVector{};
    return;
  }
  const float* from = strips.values + i * strips.stride + k;
  const int64_t left = depth - k;
  const Vector first = left > 0 ? loadUpTo(from, left) : Vector{};
  const Vector second = left > lanes ? loadUpTo(from + lanes, left - lanes) : Vector{};
  IntVector even, odd;
  for (int j = 0; j < lanes; ++j) {
    even[j] = 2 * j;
    odd[j] = 2 * j + 1;
  }
  const Split lower = split(first), upper = split(second);
  *nearest = paired(__builtin_shuffle(lower.nearest, upper.nearest, even),
                    __builtin_shuffle(lower.nearest, upper.nearest, odd));
  *rest = paired(__builtin_shuffle(lower.rest, upper.rest, even), __builtin_shuffle(lower.rest, upper.rest, odd));
}

// The numbers of 16 strips at depths k and k + 1, as 16 pairs.
NCFM_INLINE void pairsAcross(const Strips& strips, int64_t first, int64_t k, int64_t depth, IntVector* nearest,
                             IntVector* rest) {
  const float* from = strips.values + first * strips.stride + k * strips.depthStride;
  const int64_t left = strips.count - first;
  const Split lower = split(k < depth ? loadUpTo(from, left) : Vector{});
  const Split upper = split(k + 1 < depth ? loadUpTo(from + strips.depthStride, left) : Vector{});
  *nearest = paired(lower.nearest, upper.nearest);
  *rest = paired(lower.rest, upper.rest);
}

// packed[strips / 16][depth / 32][nearest, rest][16][16 pairs]: a strip in each row, or in each column if `across`.
void pack(const Strips& strips, int64_t depth, bool across, float* packed) {
  const bool alongMemory = strips.depthStride == 1;
  for (int64_t first = 0; first < strips.count; first += tileSide) {
    for (int64_t k = 0; k < depth; k += tileDepth, packed += pairSize) {
      IntVector nearest[tileSide], rest[tileSide];
      for (int64_t i = 0; i < tileSide; ++i) {
        if (alongMemory) {
          pairsOfStrip(strips, first + i, k, depth, nearest + i, rest + i);
        } else {
          pairsAcross(strips, first, k + 2 * i, depth, nearest + i, rest + i);
        }
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

// Adds the products of one or two rows of tiles with one or two columns of tiles to the tiles 0 to 3.
template <bool twoRows, bool twoColumns>
NCFM_INLINE void multiplyDepths(const float* left, int64_t leftStride, const float* right, int64_t rightStride,
                                int64_t tilesDeep) {
  constexpr int64_t rest = pairSize / 2;
  for (int64_t k = 0; k < tilesDeep; ++k, left += pairSize, right += pairSize) {
    _tile_loadd(4, left, 64);
    _tile_loadd(6, right + rest, 64);
    _tile_dpbf16ps(0, 4, 6);
    if (twoColumns) {
      _tile_loadd(7, right + rightStride + rest, 64);
      _tile_dpbf16ps(1, 4, 7);
    }
    if (twoRows) {
      _tile_loadd(5, left + leftStride, 64);
      _tile_dpbf16ps(2, 5, 6);
      if (twoColumns) _tile_dpbf16ps(3, 5, 7);
    }
    _tile_loadd(6, right, 64);
    _tile_dpbf16ps(0, 4, 6);
    if (twoColumns) {
      _tile_loadd(7, right + rightStride, 64);
      _tile_dpbf16ps(1, 4, 7);
    }
    if (twoRows) {
      _tile_dpbf16ps(2, 5, 6);
      if (twoColumns) _tile_dpbf16ps(3, 5, 7);
    }
    _tile_loadd(4, left + rest, 64);
    _tile_dpbf16ps(0, 4, 6);
    if (twoColumns) _tile_dpbf16ps(1, 4, 7);
    if (twoRows) {
      _tile_loadd(5, left + leftStride + rest, 64);
      _tile_dpbf16ps(2, 5, 6);
      if (twoColumns) _tile_dpbf16ps(3, 5, 7);
    }
  }
}

template <bool twoRows, bool twoColumns>
NCFM_INLINE void multiplyBlock(const float* left, int64_t leftStride, const float* right, int64_t rightStride,
                               int64_t tilesDeep, bool fresh, float* target) {
  constexpr int64_t stride = productColumns * sizeof(float);
  float* below = target + tileSide * productColumns;
  if (fresh) {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  } else {
    _tile_loadd(0, target, stride);
    if (twoColumns) _tile_loadd(1, target + tileSide, stride);
    if (twoRows) _tile_loadd(2, below, stride);
    if (twoRows && twoColumns) _tile_loadd(3, below + tileSide, stride);
  }
  multiplyDepths<twoRows, twoColumns>(left, leftStride, right, rightStride, tilesDeep);
  _tile_stored(0, target, stride);
  if (twoColumns) _tile_stored(1, target + tileSide, stride);
  if (twoRows) _tile_stored(2, below, stride);
  if (twoRows && twoColumns) _tile_stored(3, below + tileSide, stride);
}

// Writes whole tiles.
void multiply(const float* left, int64_t rows, const float* right, int64_t columns, int64_t depth, float* target) {
  const Shape shape;
  _tile_loadconfig(&shape);
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
