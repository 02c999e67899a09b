// A tile of the phases ⟨t, f⟩ by the threads of one block: some rows of features times some frequencies, left in shared
// memory, so that whatever is made of phases is made there and a matrix of all of them exists nowhere.
#pragma once

#include "kernels.h"
#include "tensor_core.h"

namespace ncfm {
namespace cuda {

constexpr int tileRows = 128;
constexpr int tileColumns = 64;
constexpr int tileDepth = 16;
constexpr int blockThreads = 256;

// Four floats more than a row has: rows begin at multiples of 16 bytes, and the threads that read side by side read other
// banks of shared memory.
constexpr int depthStride = tileDepth + 4;
constexpr int phaseStride = tileColumns + 4;

// Two stages of factors, one of which is filled while the other is multiplied; afterwards the phases in their place.
constexpr int stageFloats = (tileRows + tileColumns) * depthStride;
constexpr int phaseFloats = tileRows * phaseStride;
constexpr int sharedFloats = 2 * stageFloats > phaseFloats ? 2 * stageFloats : phaseFloats;

// Where a tile is, and how much of it: the rest counts as zeros. `aligned` where four floats can be read at once.
struct Tile {
  const float* features;
  const float* frequencies;
  int rows, columns;
  int64_t depth;
  bool aligned;
};

__device__ inline Tile tileOf(const Projection& projection, bool aligned, int64_t row, int64_t rows, int64_t column) {
  const int64_t columns = projection.total - column;
  return {projection.features + row * projection.depth,
          projection.frequencies + column * projection.depth,
          static_cast<int>(rows < tileRows ? rows : tileRows),
          static_cast<int>(columns < tileColumns ? columns : tileColumns),
          projection.depth,
          aligned};
}

// Four floats of a row from a place on; zeros beyond the matrix.
__device__ inline float4 readFour(const float* matrix, int row, int rows, int64_t place, const Tile& tile) {
  float4 four = make_float4(0, 0, 0, 0);
  if (row >= rows || place >= tile.depth) return four;
  const float* from = matrix + row * tile.depth + place;
  if (tile.aligned) return *reinterpret_cast<const float4*>(from);
  four.x = from[0];
  if (place + 1 < tile.depth) four.y = from[1];
  if (place + 2 < tile.depth) four.z = from[2];
  if (place + 3 < tile.depth) four.w = from[3];
  return four;
}

// What a thread carries from memory to a stage: of each row of the tile's factors four threads have sixteen floats.
struct Carried {
  static constexpr int rowsAtOnce = blockThreads / 4;
  static constexpr int featureParts = tileRows / rowsAtOnce;
  float4 parts[featureParts + 1];

  __device__ void read(const Tile& tile, int64_t step) {
    const int row = threadIdx.x / 4;
    const int64_t place = step * tileDepth + threadIdx.x % 4 * 4;
#pragma unroll
    for (int i = 0; i < featureParts; ++i) {
      parts[i] = readFour(tile.features, row + i * rowsAtOnce, tile.rows, place, tile);
    }
    parts[featureParts] = readFour(tile.frequencies, row, tile.columns, place, tile);
  }

  __device__ void write(float* stage) const {
    const int row = threadIdx.x / 4, place = threadIdx.x % 4 * 4;
#pragma unroll
    for (int i = 0; i <= featureParts; ++i) {
      *reinterpret_cast<float4*>(stage + (row + i * rowsAtOnce) * depthStride + place) = parts[i];
    }
  }
};
static_assert(tileColumns == Carried::rowsAtOnce, "the frequencies' part of a stage is one row for each four threads");

// Products in single precision: each thread has every sixteenth row and column.
template <Precision precision>
struct Product {
  static constexpr int across = 16;
  static constexpr int rows = tileRows / across, columns = tileColumns / across;
  float sums[rows][columns] = {};

  __device__ void add(const float* stage) {
    const float* a = stage + threadIdx.x / across * depthStride;
    const float* b = stage + (tileRows + threadIdx.x % across) * depthStride;
#pragma unroll
    for (int k = 0; k < tileDepth; k += 4) {
      float4 right[columns];
#pragma unroll
      for (int j = 0; j < columns; ++j) right[j] = *reinterpret_cast<const float4*>(b + j * across * depthStride + k);
#pragma unroll
      for (int i = 0; i < rows; ++i) {
        const float4 left = *reinterpret_cast<const float4*>(a + i * across * depthStride + k);
#pragma unroll
        for (int j = 0; j < columns; ++j) {
          sums[i][j] += left.x * right[j].x;
          sums[i][j] += left.y * right[j].y;
          sums[i][j] += left.z * right[j].z;
          sums[i][j] += left.w * right[j].w;
        }
      }
    }
  }

  __device__ void write(float* phases) const {
    const int row = threadIdx.x / across, column = threadIdx.x % across;
#pragma unroll
    for (int i = 0; i < rows; ++i) {
#pragma unroll
      for (int j = 0; j < columns; ++j) phases[(row + i * across) * phaseStride + column + j * across] = sums[i][j];
    }
  }
};

// Products on tensor cores: each warp has 32 rows and 32 columns, as two by four products of them.
struct WarpSums {
  static constexpr int rowParts = 2, columnParts = 4;
  float sums[rowParts][columnParts][4] = {};

  __device__ static int firstRow() { return threadIdx.x / 32 % 4 * 32; }
  __device__ static int firstColumn() { return threadIdx.x / 128 * 32; }
  __device__ static int g() { return threadIdx.x % 32 / 4; }
  __device__ static int q() { return threadIdx.x % 4; }

  // Of the factors in a stage, the row of a lane's first element of part m of a, and the column of part n of b.
  __device__ static const float* left(const float* stage, int m) {
    return stage + (firstRow() + m * 16 + g()) * depthStride;
  }
  __device__ static const float* right(const float* stage, int n) {
    return stage + (tileRows + firstColumn() + n * 8 + g()) * depthStride;
  }

  __device__ void write(float* phases) const {
#pragma unroll
    for (int m = 0; m < rowParts; ++m) {
#pragma unroll
      for (int n = 0; n < columnParts; ++n) {
        float* to = phases + (firstRow() + m * 16 + g()) * phaseStride + firstColumn() + n * 8 + 2 * q();
        to[0] = sums[m][n][0];
        to[1] = sums[m][n][1];
        to[8 * phaseStride] = sums[m][n][2];
        to[8 * phaseStride + 1] = sums[m][n][3];
      }
    }
  }
};

template <>
struct Product<Precision::tf32> : WarpSums {
  __device__ void add(const float* stage) {
#pragma unroll
    for (int step = 0; step < tileDepth; step += 8) {
      const int k = step + q();
      uint32_t a[rowParts][4];
#pragma unroll
      for (int m = 0; m < rowParts; ++m) {
#pragma unroll
        for (int i = 0; i < 4; ++i) a[m][i] = toTf32(left(stage, m)[i % 2 * 8 * depthStride + k + i / 2 * 4]);
      }
#pragma unroll
      for (int n = 0; n < columnParts; ++n) {
        const float* from = right(stage, n) + k;
        const uint32_t b[2] = {toTf32(from[0]), toTf32(from[4])};
#pragma unroll
        for (int m = 0; m < rowParts; ++m) multiplyTf32(sums[m][n], a[m], b);
      }
    }
  }
};

// A number as the sum of two of eleven bits, which leaves out what is 2^-22 of it.
struct Split {
  uint32_t high, low;
  __device__ explicit Split(float value) : high(toTf32(value)), low(toTf32(value - asFloat(high))) {}
};

template <>
struct Product<Precision::tf32x3> : WarpSums {
  __device__ void add(const float* stage) {
#pragma unroll
    for (int step = 0; step < tileDepth; step += 8) {
      const int k = step + q();
      uint32_t high[rowParts][4], low[rowParts][4];
#pragma unroll
      for (int m = 0; m < rowParts; ++m) {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const Split split(left(stage, m)[i % 2 * 8 * depthStride + k + i / 2 * 4]);
          high[m][i] = split.high;
          low[m][i] = split.low;
        }
      }
#pragma unroll
      for (int n = 0; n < columnParts; ++n) {
        const Split first(right(stage, n)[k]), second(right(stage, n)[k + 4]);
        const uint32_t rightHigh[2] = {first.high, second.high}, rightLow[2] = {first.low, second.low};
#pragma unroll
        for (int m = 0; m < rowParts; ++m) {
          multiplyTf32(sums[m][n], low[m], rightHigh);
          multiplyTf32(sums[m][n], high[m], rightLow);
          multiplyTf32(sums[m][n], high[m], rightHigh);
        }
      }
    }
  }
};

template <>
struct Product<Precision::bfloat16> : WarpSums {
  __device__ static uint32_t pair(const float* from) {
    const float2 two = *reinterpret_cast<const float2*>(from);
    return pairOfBfloat16(two.x, two.y);
  }

  __device__ void add(const float* stage) {
    static_assert(tileDepth == 16, "one product is as deep as a stage");
    const int k = 2 * q();
    uint32_t a[rowParts][4];
#pragma unroll
    for (int m = 0; m < rowParts; ++m) {
#pragma unroll
      for (int i = 0; i < 4; ++i) a[m][i] = pair(left(stage, m) + i % 2 * 8 * depthStride + k + i / 2 * 8);
    }
#pragma unroll
    for (int n = 0; n < columnParts; ++n) {
      const uint32_t b[2] = {pair(right(stage, n) + k), pair(right(stage, n) + k + 8)};
#pragma unroll
      for (int m = 0; m < rowParts; ++m) multiplyBfloat16(sums[m][n], a[m], b);
    }
  }
};

// Leaves a tile's phases in shared memory, rows of phaseStride. All threads of the block call it, and may read when it
// returns; before they call it again they have to wait for each other.
template <Precision precision>
__device__ void project(const Tile& tile, float* shared) {
  Product<precision> product;
  Carried carried;
  const int64_t steps = (tile.depth + tileDepth - 1) / tileDepth;
  carried.read(tile, 0);
  carried.write(shared);
  __syncthreads();
  for (int64_t step = 0; step < steps; ++step) {
    const bool more = step + 1 < steps;
    if (more) carried.read(tile, step + 1);
    product.add(shared + step % 2 * stageFloats);
    if (more) carried.write(shared + (step + 1) % 2 * stageFloats);
    __syncthreads();
  }
  product.write(shared);
  __syncthreads();
}

}  // namespace cuda
}  // namespace ncfm
