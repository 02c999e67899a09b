// Products of matrices in single precision: the left one row by row, the right one in panels of columns.
#pragma once

#include "multiply.h"
#include "transpose.h"

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {
namespace panels {

// So many of a panel's rows stay in the first cache while they meet all rows of the left matrix.
constexpr int64_t depthAtOnce = 128;

NCFM_INLINE int64_t leftSize(int64_t rows, int64_t depth) { return rows * depth; }
NCFM_INLINE int64_t rightSize(int64_t columns, int64_t depth) { return roundUp(columns, panelWidth) * depth; }

void packLeft(const Strips& rows, int64_t depth, float* packed) {
  for (int64_t r = 0; r < rows.count; ++r) {
    const float* row = rows.values + r * rows.stride;
    for (int64_t k = 0; k < depth; ++k) packed[r * depth + k] = row[k * rows.depthStride];
  }
}

// `lanes` columns, each of which lies along memory, at `lanes` depths.
NCFM_INLINE void packSquare(const Strips& columns, int64_t first, int64_t k, float* packed) {
  IntVector square[lanes];
  for (int c = 0; c < lanes; ++c) {
    square[c] = first + c < columns.count
                    ? (IntVector)load(columns.values + (first + c) * columns.stride + k)
                    : IntVector{};
  }
  transpose(square);
  for (int j = 0; j < lanes; ++j) store(packed + (k + j) * panelWidth, (Vector)square[j]);
}

void packRight(const Strips& columns, int64_t depth, float* packed) {
  for (int64_t first = 0; first < columns.count; first += lanes) {
    float* at = packed + first / panelWidth * panelWidth * depth + first % panelWidth;
    int64_t k = 0;
    if (columns.depthStride == 1) {
      for (; k + lanes <= depth; k += lanes) packSquare(columns, first, k, at);
    }
    for (; k < depth; ++k) {
      for (int c = 0; c < lanes; ++c) {
        const bool inside = first + c < columns.count;
        const int64_t place = (first + c) * columns.stride + k * columns.depthStride;
        at[k * panelWidth + c] = inside ? columns.values[place] : 0.0F;
      }
    }
  }
}

void multiply(const float* left, int64_t rows, const float* right, int64_t columns, int64_t depth, float* target) {
  for (int64_t from = 0; from < depth; from += depthAtOnce) {
    const int64_t depths = depth - from < depthAtOnce ? depth - from : depthAtOnce;
    for (int64_t panel = 0; panel < columns; panel += panelWidth) {
      const float* strip = right + panel * depth + from * panelWidth;
      const int64_t width = columns - panel < panelWidth ? columns - panel : panelWidth;
      if (from == 0) {
        multiplyPanel<Into::replace>(left, Strided{depth}, rows, Strided{1}, depths, strip, panelWidth, target + panel,
                                     productColumns, width);
      } else {
        multiplyPanel<Into::add>(left + from, Strided{depth}, rows, Strided{1}, depths, strip, panelWidth,
                                 target + panel, productColumns, width);
      }
    }
  }
}

}  // namespace panels
}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
