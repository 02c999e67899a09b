// The processor's tiles (AMX), which multiply in bfloat16 and add in single precision.
//
// A number is split into the nearest bfloat16 and the rest, rounded to bfloat16: 16 bits of the 24. Of the four products
// of such pairs that of the two rests is left out, so that what is lost of each product of numbers is about 2⁻¹⁷ of it.
//
// A tile of the left matrix holds 16 rows of 32 numbers; one of the right matrix 16 columns, again of 32 numbers. The
// processor takes numbers in pairs: of a run of 32 the numbers 2i and 2i + 1 make pair i.
#pragma once

// GCC's own vectors of anything, which nothing reads, look to it like a mistake (bug 105593).
#if !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#if !defined(__clang__)
#pragma GCC diagnostic pop
#endif

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

NCFM_INLINE IntVector bfloats(Vector lower, Vector upper) {
  return (IntVector)_mm512_cvtne2ps_pbh((__m512)upper, (__m512)lower);
}

// The lower 16 of 32 bfloat16s, and the upper ones.
NCFM_INLINE Vector lowerHalf(IntVector values) {
  return (Vector)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm512_castsi512_si256((__m512i)values)), 16);
}
NCFM_INLINE Vector upperHalf(IntVector values) {
  return (Vector)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm512_extracti64x4_epi64((__m512i)values, 1)), 16);
}

// 32 numbers in their order: pair i is 2i and 2i + 1.
NCFM_INLINE SplitPairs inOrder(Vector lower, Vector upper) {
  const IntVector nearest = bfloats(lower, upper);
  return {nearest, bfloats(lower - lowerHalf(nearest), upper - upperHalf(nearest))};
}

// Pair i is first[i] and second[i].
NCFM_INLINE SplitPairs pairs(Vector first, Vector second) {
  static constexpr int16_t turns[2 * lanes] = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                                               8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  const __m512i turn = _mm512_loadu_si512(turns);
  const SplitPairs split = inOrder(first, second);
  return {(IntVector)_mm512_permutexvar_epi16(turn, (__m512i)split.nearest),
          (IntVector)_mm512_permutexvar_epi16(turn, (__m512i)split.rest)};
}

// One or two tiles, each of the nearest bfloat16s with the rests behind it.
struct Operand {
  const float* first;
  const float* second;
};

// Adds the products of one or two tiles of rows with one or two of columns to the sums, which are the tiles 0 to 3: of the
// nearest bfloat16s alone, or of the rests as well.
template <bool twoRows, bool twoColumns, bool withRests = true>
NCFM_INLINE void addProducts(const Operand& left, const Operand& right) {
  constexpr int64_t rest = pairSize / 2, rowBytes = 64;
  _tile_loadd(4, left.first, rowBytes);
  if (twoRows) _tile_loadd(5, left.second, rowBytes);
  if (withRests) {
    _tile_loadd(6, right.first + rest, rowBytes);
    _tile_dpbf16ps(0, 4, 6);
    if (twoColumns) _tile_loadd(7, right.second + rest, rowBytes);
    if (twoColumns) _tile_dpbf16ps(1, 4, 7);
    if (twoRows) _tile_dpbf16ps(2, 5, 6);
    if (twoRows && twoColumns) _tile_dpbf16ps(3, 5, 7);
  }
  _tile_loadd(6, right.first, rowBytes);
  _tile_dpbf16ps(0, 4, 6);
  if (twoColumns) _tile_loadd(7, right.second, rowBytes);
  if (twoColumns) _tile_dpbf16ps(1, 4, 7);
  if (twoRows) _tile_dpbf16ps(2, 5, 6);
  if (twoRows && twoColumns) _tile_dpbf16ps(3, 5, 7);
  if (withRests) {
    _tile_loadd(4, left.first + rest, rowBytes);
    _tile_dpbf16ps(0, 4, 6);
    if (twoColumns) _tile_dpbf16ps(1, 4, 7);
    if (twoRows) _tile_loadd(5, left.second + rest, rowBytes);
    if (twoRows) _tile_dpbf16ps(2, 5, 6);
    if (twoRows && twoColumns) _tile_dpbf16ps(3, 5, 7);
  }
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
