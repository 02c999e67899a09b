// The characteristic function's sums, and the gradients of its phases.
#include "launch.h"
#include "projection.h"

namespace ncfm {
namespace cuda {
namespace {

// That many blocks share a multiprocessor, of whose registers and shared memory two leave enough to each on every card.
constexpr int blocksAtOnce = 2;

// A column of a tile is summed by four threads.
constexpr int lanes = blockThreads / tileColumns;

// Blocks that keep the largest cards busy; more parts would only be more sums to add.
constexpr int64_t enoughBlocks = 528;

int64_t ceilDivide(int64_t value, int64_t by) { return (value + by - 1) / by; }

// Groups so small that two of them fit in a tile share it; 0 otherwise.
int64_t groupsOfTile(int64_t perGroup) { return 2 * perGroup <= tileRows ? tileRows / perGroup : 0; }

bool isAligned(const Projection& projection) {
  const auto at16 = [](const float* pointer) { return reinterpret_cast<uintptr_t>(pointer) % 16 == 0; };
  return projection.depth % 4 == 0 && at16(projection.features) && at16(projection.frequencies);
}

struct Sums {
  float* cosines;
  float* sines;
};

struct Sum {
  float cosine = 0, sine = 0;

  __device__ void add(float phase) {
    float ownSine, ownCosine;
    sincosf(phase, &ownSine, &ownCosine);
    cosine += ownCosine;
    sine += ownSine;
  }
};

// Several groups to a tile: block (column of tiles, tile of groups).
template <Precision precision>
__global__ void __launch_bounds__(blockThreads, blocksAtOnce) sumSmallGroups(Projection projection, bool aligned, int64_t perGroup,
                                                               int64_t groupsEach, Sums result) {
  __shared__ __align__(16) float shared[sharedFloats];
  const int64_t firstColumn = static_cast<int64_t>(blockIdx.x) * tileColumns;
  const int64_t firstGroup = blockIdx.y * groupsEach, left = projection.rows / perGroup - firstGroup;
  const int64_t groups = left < groupsEach ? left : groupsEach;
  project<precision>(tileOf(projection, aligned, firstGroup * perGroup, groups * perGroup, firstColumn), shared);
  const int column = threadIdx.x % tileColumns;
  if (firstColumn + column >= projection.total) return;
  for (int64_t group = threadIdx.x / tileColumns; group < groups; group += lanes) {
    Sum sum;
    for (int64_t row = group * perGroup; row < (group + 1) * perGroup; ++row) {
      sum.add(shared[row * phaseStride + column]);
    }
    const int64_t place = (firstGroup + group) * projection.total + firstColumn + column;
    result.cosines[place] = sum.cosine;
    result.sines[place] = sum.sine;
  }
}

// Several tiles to a group: block (column of tiles, group, part), of whose tiles each part has every so manieth.
template <Precision precision>
__global__ void __launch_bounds__(blockThreads, blocksAtOnce) sumLargeGroups(Projection projection, bool aligned, int64_t perGroup,
                                                               Sums result) {
  __shared__ __align__(16) float shared[sharedFloats];
  const int64_t firstColumn = static_cast<int64_t>(blockIdx.x) * tileColumns, group = blockIdx.y;
  const int column = threadIdx.x % tileColumns, lane = threadIdx.x / tileColumns;
  Sum sum;
  const int64_t step = static_cast<int64_t>(gridDim.z) * tileRows;
  for (int64_t first = static_cast<int64_t>(blockIdx.z) * tileRows; first < perGroup; first += step) {
    const int64_t rows = perGroup - first < tileRows ? perGroup - first : tileRows;
    project<precision>(tileOf(projection, aligned, group * perGroup + first, rows, firstColumn), shared);
    for (int row = lane; row < rows; row += lanes) sum.add(shared[row * phaseStride + column]);
    __syncthreads();
  }
  float* cosines = shared;
  float* sines = shared + blockThreads;
  cosines[threadIdx.x] = sum.cosine;
  sines[threadIdx.x] = sum.sine;
  __syncthreads();
  if (lane > 0 || firstColumn + column >= projection.total) return;
  for (int other = 1; other < lanes; ++other) {
    sum.cosine += cosines[other * tileColumns + column];
    sum.sine += sines[other * tileColumns + column];
  }
  const int64_t place = (static_cast<int64_t>(blockIdx.z) * gridDim.y + group) * projection.total + firstColumn + column;
  result.cosines[place] = sum.cosine;
  result.sines[place] = sum.sine;
}

// d cos φ = -sin φ and d sin φ = cos φ, weighed by the gradients of the sums of a row's group.
template <Precision precision>
__global__ void __launch_bounds__(blockThreads, blocksAtOnce) differentiatePhases(Projection projection, bool aligned, int64_t firstRow,
                                                                    int64_t perGroup, const float* cosineGradients,
                                                                    const float* sineGradients, float* gradients) {
  __shared__ __align__(16) float shared[sharedFloats];
  const int64_t firstColumn = static_cast<int64_t>(blockIdx.x) * tileColumns;
  const int64_t tileRow = static_cast<int64_t>(blockIdx.y) * tileRows;
  const Tile tile = tileOf(projection, aligned, tileRow, projection.rows - tileRow, firstColumn);
  project<precision>(tile, shared);
  const int column = threadIdx.x % tileColumns;
  if (column >= tile.columns) return;
  for (int row = threadIdx.x / tileColumns; row < tile.rows; row += lanes) {
    const int64_t group = (firstRow + tileRow + row) / perGroup;
    const int64_t place = group * projection.total + firstColumn + column;
    float sine, cosine;
    sincosf(shared[row * phaseStride + column], &sine, &cosine);
    gradients[(tileRow + row) * projection.total + firstColumn + column] =
        cosine * sineGradients[place] - sine * cosineGradients[place];
  }
}

template <Precision precision>
struct Kernels {
  static cudaError_t sums(const Projection& projection, int64_t groups, int64_t parts, const Sums& result,
                          cudaStream_t stream) {
    const int64_t perGroup = projection.rows / groups, groupsEach = groupsOfTile(perGroup);
    const bool aligned = isAligned(projection);
    const auto columns = static_cast<unsigned>(ceilDivide(projection.total, tileColumns));
    if (groupsEach > 0) {
      const dim3 grid(columns, static_cast<unsigned>(ceilDivide(groups, groupsEach)));
      return launch(sumSmallGroups<precision>, grid, dim3(blockThreads), stream, projection, aligned, perGroup, groupsEach,
                    result);
    }
    const dim3 grid(columns, static_cast<unsigned>(groups), static_cast<unsigned>(parts));
    return launch(sumLargeGroups<precision>, grid, dim3(blockThreads), stream, projection, aligned, perGroup, result);
  }

  static cudaError_t gradients(const Projection& projection, int64_t firstRow, int64_t perGroup, const float* cosines,
                               const float* sines, float* result, cudaStream_t stream) {
    const dim3 grid(static_cast<unsigned>(ceilDivide(projection.total, tileColumns)),
                    static_cast<unsigned>(ceilDivide(projection.rows, tileRows)));
    return launch(differentiatePhases<precision>, grid, dim3(blockThreads), stream, projection, isAligned(projection),
                  firstRow, perGroup, cosines, sines, result);
  }
};

// Calls body(Kernels of a precision).
template <class Body>
cudaError_t withPrecision(Precision precision, const Body& body) {
  switch (precision) {
    case Precision::tf32x3:
      return body(Kernels<Precision::tf32x3>());
    case Precision::tf32:
      return body(Kernels<Precision::tf32>());
    case Precision::bfloat16:
      return body(Kernels<Precision::bfloat16>());
    default:
      return body(Kernels<Precision::single>());
  }
}

}  // namespace

int64_t partsOfGroups(const Projection& projection, int64_t groups) {
  const int64_t perGroup = projection.rows / groups;
  if (groupsOfTile(perGroup) > 0) return 1;
  const int64_t blocks = ceilDivide(projection.total, tileColumns) * groups, tiles = ceilDivide(perGroup, tileRows);
  const int64_t wanted = ceilDivide(enoughBlocks, blocks);
  return wanted < tiles ? wanted : tiles;
}

cudaError_t characteristicSums(const Projection& projection, int64_t groups, int64_t parts, Precision precision,
                               float* cosines, float* sines, cudaStream_t stream) {
  return withPrecision(precision, [&](auto kernels) {
    return kernels.sums(projection, groups, parts, Sums{cosines, sines}, stream);
  });
}

cudaError_t phaseGradients(const Projection& projection, int64_t firstRow, int64_t perGroup, const float* cosineGradients,
                           const float* sineGradients, Precision precision, float* gradients, cudaStream_t stream) {
  return withPrecision(precision, [&](auto kernels) {
    return kernels.gradients(projection, firstRow, perGroup, cosineGradients, sineGradients, gradients, stream);
  });
}

}  // namespace cuda
}  // namespace ncfm
