// The processor's tiles (AMX), which multiply in bfloat16 and add in single precision.
//
// A number is split into the nearest bfloat16 and the rest, rounded to bfloat16: 16 bits of the 24. Of the four products
// of such pairs that of the two rests is left out, so that what is lost of each product of numbers is about 2⁻¹⁷ of it.
//
// A tile of the left matrix holds 16 rows of 32 numbers; one of the right matrix 16 columns, again of 32 numbers. The
// processor takes numbers in pairs: of a run of 32 the numbers i and i + 16 make pair i.
#pragma once

#include <immintrin.h>

#include "transpose.h"

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {
namespace tiles {

constexpr int64_t tileSide = 16;
constexpr int64_t tileDepth = 32;
// Of the tile of the nearest bfloat16s and that of the rests behind it, in floats.
constexpr int64_t pairSize = tileSide * tileDepth;

struct alignas(64) TileShapes {
  uint8_t palette = 1;
  uint8_t start = 0;
  uint8_t reserved[14] = {};
  uint16_t bytesOfRow[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

// 16 pairs of bfloat16s.
struct SplitPairs {
  IntVector nearest, rest;
};

// A bfloat16 in the upper half.
NCFM_INLINE IntVector rounded(Vector x) {
  const IntVector bits = (IntVector)x;
  return (bits + 0x7fff + ((bits >> 16) & 1)) & static_cast<int32_t>(0xffff0000);
}

NCFM_INLINE IntVector paired(IntVector lower, IntVector upper) { return ((lower >> 16) & 0xffff) | upper; }

NCFM_INLINE SplitPairs pairs(Vector first, Vector second) {
  const IntVector nearestFirst = rounded(first), nearestSecond = rounded(second);
  return {paired(nearestFirst, nearestSecond),
          paired(rounded(first - (Vector)nearestFirst), rounded(second - (Vector)nearestSecond))};
}

// One or two tiles of rows, in floats: from row to row, and from a row's nearest bfloat16s to its rests.
struct LeftTiles {
  const float* first;
  const float* second;
  int64_t stride, rest;
};

// Adds the products of one or two tiles of rows with one or two of columns to the sums, which are the tiles 0 to 3.
template <bool twoRows, bool twoColumns>
NCFM_INLINE void addProducts(const LeftTiles& left, const float* right, const float* nextRight) {
  constexpr int64_t rest = pairSize / 2;
  const int64_t stride = left.stride * static_cast<int64_t>(sizeof(float));
  _tile_loadd(4, left.first, stride);
  _tile_loadd(6, right + rest, 64);
  _tile_dpbf16ps(0, 4, 6);
  if (twoColumns) _tile_loadd(7, nextRight + rest, 64);
  if (twoColumns) _tile_dpbf16ps(1, 4, 7);
  if (twoRows) _tile_loadd(5, left.second, stride);
  if (twoRows) _tile_dpbf16ps(2, 5, 6);
  if (twoRows && twoColumns) _tile_dpbf16ps(3, 5, 7);
  _tile_loadd(6, right, 64);
  _tile_dpbf16ps(0, 4, 6);
  if (twoColumns) _tile_loadd(7, nextRight, 64);
  if (twoColumns) _tile_dpbf16ps(1, 4, 7);
  if (twoRows) _tile_dpbf16ps(2, 5, 6);
  if (twoRows && twoColumns) _tile_dpbf16ps(3, 5, 7);
  _tile_loadd(4, left.first + left.rest, stride);
  _tile_dpbf16ps(0, 4, 6);
  if (twoColumns) _tile_dpbf16ps(1, 4, 7);
  if (twoRows) _tile_loadd(5, left.second + left.rest, stride);
  if (twoRows) _tile_dpbf16ps(2, 5, 6);
  if (twoRows && twoColumns) _tile_dpbf16ps(3, 5, 7);
}

NCFM_INLINE void zeroSums() {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
}

template <bool twoRows, bool twoColumns>
NCFM_INLINE void loadSums(const float* from, int64_t stride) {
  const int64_t bytes = stride * static_cast<int64_t>(sizeof(float));
  _tile_loadd(0, from, bytes);
  if (twoColumns) _tile_loadd(1, from + tileSide, bytes);
  if (twoRows) _tile_loadd(2, from + tileSide * stride, bytes);
  if (twoRows && twoColumns) _tile_loadd(3, from + tileSide * stride + tileSide, bytes);
}

template <bool twoRows, bool twoColumns>
NCFM_INLINE void storeSums(float* to, int64_t stride) {
  const int64_t bytes = stride * static_cast<int64_t>(sizeof(float));
  _tile_stored(0, to, bytes);
  if (twoColumns) _tile_stored(1, to + tileSide, bytes);
  if (twoRows) _tile_stored(2, to + tileSide * stride, bytes);
  if (twoRows && twoColumns) _tile_stored(3, to + tileSide * stride + tileSide, bytes);
}

}  // namespace tiles
}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
