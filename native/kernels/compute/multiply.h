// Small matrix products on blocks that stay in the nearest caches: the inner loop of the convolutions.
#pragma once

#include "table.h"
#include "vector.h"

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {

// A product is computed in panels of columns, a panel being `panelVectors` vectors wide, and rows of it in registers.
#if defined(__AVX512F__)
constexpr int panelVectors = 4;
#else
constexpr int panelVectors = 2;
#endif
constexpr int registerRows = 6;
// Narrow panels leave registers for more rows.
constexpr int rowsBeside(int vectors) {
  return panelVectors == 4 ? (vectors <= 2 ? 12 : vectors == 3 ? 8 : registerRows) : registerRows;
}
constexpr int64_t panelWidth = panelVectors * lanes;

// Elements of the left matrix at evenly spaced places.
struct Strided {
  int64_t stride;
  int64_t operator()(int64_t index) const { return index * stride; }
};

// Elements of the left matrix at listed places.
struct Listed {
  const int64_t* places;
  int64_t operator()(int64_t index) const { return places[index]; }
};

// target[r][·] = Σ_k left[row(r) + depth(k)] · right[k · rightStride + ·], for `rows` rows and `vectors` vectors.
template <int rows, int vectors, Into into, class Row, class Depth>
NCFM_INLINE void multiplyTile(const float* left, Row row, Depth depth, int64_t depthCount, const float* right,
                              int64_t rightStride, float* target, int64_t targetStride) {
  const float* lefts[rows];
  Vector sums[rows][vectors];
#pragma GCC unroll 12
  for (int r = 0; r < rows; ++r) {
    lefts[r] = left + row(r);
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      sums[r][v] = into == Into::add ? load(target + r * targetStride + v * lanes) : Vector{};
    }
  }
  for (int64_t k = 0; k < depthCount; ++k) {
    const int64_t offset = depth(k);
    Vector columns[vectors];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) columns[v] = load(right + k * rightStride + v * lanes);
#pragma GCC unroll 12
    for (int r = 0; r < rows; ++r) {
      const Vector element = broadcast(lefts[r][offset]);
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) sums[r][v] += element * columns[v];
    }
  }
#pragma GCC unroll 12
  for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) store(target + r * targetStride + v * lanes, sums[r][v]);
  }
}

template <int vectors, Into into, class Row, class Depth>
NCFM_INLINE void multiplyRows(const float* left, Row row, int64_t rowCount, Depth depth, int64_t depthCount,
                              const float* right, int64_t rightStride, float* target, int64_t targetStride) {
  int64_t r = 0;
  const auto from = [row](int64_t first) { return [row, first](int64_t index) { return row(first + index); }; };
  constexpr int most = rowsBeside(vectors);
  for (; most > registerRows && r + most <= rowCount; r += most) {
    multiplyTile<most, vectors, into>(left, from(r), depth, depthCount, right, rightStride, target + r * targetStride,
                                      targetStride);
  }
  for (; r + registerRows <= rowCount; r += registerRows) {
    multiplyTile<registerRows, vectors, into>(left, from(r), depth, depthCount, right, rightStride,
                                              target + r * targetStride, targetStride);
  }
#define NCFM_REMAINDER(count)                                                                              \
  case count:                                                                                              \
    multiplyTile<count, vectors, into>(left, from(r), depth, depthCount, right, rightStride,               \
                                       target + r * targetStride, targetStride);                           \
    break;
  switch (rowCount - r) {
    NCFM_REMAINDER(1)
    NCFM_REMAINDER(2)
    NCFM_REMAINDER(3)
    NCFM_REMAINDER(4)
    NCFM_REMAINDER(5)
    default:
      break;
  }
#undef NCFM_REMAINDER
}

// One panel of a product; `columns` ≤ panelWidth says how much of it holds numbers, in whole vectors.
template <Into into, class Row, class Depth>
NCFM_INLINE void multiplyPanel(const float* left, Row row, int64_t rowCount, Depth depth, int64_t depthCount,
                               const float* right, int64_t rightStride, float* target, int64_t targetStride,
                               int64_t columns) {
  const int64_t vectors = (columns + lanes - 1) / lanes;
#define NCFM_VECTORS(count)                                                                             \
  case count:                                                                                           \
    multiplyRows<count, into>(left, row, rowCount, depth, depthCount, right, rightStride, target,       \
                              targetStride);                                                            \
    break;
  switch (vectors) {
    NCFM_VECTORS(1)
    NCFM_VECTORS(2)
#if defined(__AVX512F__)
    NCFM_VECTORS(3)
    NCFM_VECTORS(4)
#endif
    default:
      break;
  }
#undef NCFM_VECTORS
}

}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
