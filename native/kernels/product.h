// Products of matrices, block by block: what becomes of a block is done while it is in the cache.
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>

#include "buffer.h"
#include "compute/table.h"

namespace ncfm {

// The strips of a row-major matrix: its rows, and its columns.
inline Strips rowsOf(const at::Tensor& matrix) {
  return {matrix.data_ptr<float>(), matrix.size(0), matrix.stride(0), matrix.stride(1)};
}
inline Strips columnsOf(const at::Tensor& matrix) {
  return {matrix.data_ptr<float>(), matrix.size(1), matrix.stride(1), matrix.stride(0)};
}

inline Strips part(const Strips& strips, int64_t first, int64_t count) {
  return {strips.values + first * strips.stride, count, strips.stride, strips.depthStride};
}

// Rows of a left matrix, packed in blocks.
class PackedRows {
 public:
  PackedRows(const Strips& rows, int64_t depth)
      : count(rows.count),
        blockSize_(compute().productLeftSize(productRows, depth)),
        packed_((rows.count + productRows - 1) / productRows * blockSize_) {
    at::parallel_for(0, (count + productRows - 1) / productRows, 1, [&](int64_t begin, int64_t end) {
      for (int64_t block = begin; block < end; ++block) {
        const int64_t first = block * productRows;
        const Strips own = part(rows, first, std::min(productRows, count - first));
        compute().productPackLeft(own, depth, packed_.data() + block * blockSize_);
      }
    });
  }

  const float* block(int64_t first) const { return packed_.data() + first / productRows * blockSize_; }

  const int64_t count;

 private:
  const int64_t blockSize_;
  const Buffer packed_;
};

// Where a block of a product lies.
struct Block {
  int64_t row, rows, column, columns;
};

// Calls done(block, values) for every block of left · right; values[productRows][productColumns]. Blocks of the same
// columns come from one thread, from the first row to the last.
template <class Done>
void forEachBlock(const PackedRows& left, const Strips& right, int64_t depth, const Done& done) {
  const int64_t tasks = (right.count + productColumns - 1) / productColumns;
  at::parallel_for(0, tasks, 1, [&](int64_t begin, int64_t end) {
    const Buffer packed(compute().productRightSize(productColumns, depth));
    const Buffer values(productRows * productColumns);
    for (int64_t task = begin; task < end; ++task) {
      const int64_t column = task * productColumns;
      const int64_t columns = std::min(productColumns, right.count - column);
      compute().productPackRight(part(right, column, columns), depth, packed.data());
      for (int64_t row = 0; row < left.count; row += productRows) {
        const int64_t rows = std::min(productRows, left.count - row);
        compute().productMultiply(left.block(row), rows, packed.data(), columns, depth, values.data());
        done(Block{row, rows, column, columns}, values.data());
      }
    }
  });
}

// Writes a block to where it belongs in a matrix whose rows are `stride` floats apart.
inline void copyBlock(const Block& block, const float* values, float* matrix, int64_t stride) {
  for (int64_t i = 0; i < block.rows; ++i) {
    std::copy_n(values + i * productColumns, block.columns, matrix + (block.row + i) * stride + block.column);
  }
}

// result += x · y; the result's rows lie one after another.
inline void addProduct(const at::Tensor& x, const at::Tensor& y, const at::Tensor& result) {
  const int64_t depth = x.size(1);
  float* target = result.data_ptr<float>();
  const int64_t stride = result.size(1);
  forEachBlock(PackedRows(rowsOf(x), depth), columnsOf(y), depth, [&](const Block& block, const float* values) {
    for (int64_t i = 0; i < block.rows; ++i) {
      float* row = target + (block.row + i) * stride + block.column;
      const float* sums = values + i * productColumns;
      for (int64_t j = 0; j < block.columns; ++j) row[j] += sums[j];
    }
  });
}

}  // namespace ncfm
