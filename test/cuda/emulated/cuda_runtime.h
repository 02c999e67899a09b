// As much of CUDA as our kernels use, on the processor: what is written for a GPU's threads is run by threads of our own
// that take turns (block.h), so that its arithmetic, its indices and its barriers are tested without a GPU.
#pragma once

#include <math.h>

#include <cstdint>
#include <cstring>
#include <functional>

#define __global__
#define __device__
#define __shared__ static
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __launch_bounds__(...)

struct dim3 {
  unsigned x, y, z;
  explicit dim3(unsigned ofX = 1, unsigned ofY = 1, unsigned ofZ = 1) : x(ofX), y(ofY), z(ofZ) {}
};

struct float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

enum cudaError_t { cudaSuccess, cudaErrorInvalidConfiguration, cudaErrorLaunchFailure };
using cudaStream_t = void*;

const char* cudaGetErrorString(cudaError_t error);

namespace emulated {

// The thread whose turn it is, and its block's place and size.
struct Position {
  dim3 thread, block, blockSize, gridSize;
};
extern Position position;

// Runs a kernel with each thread of each block, one block after another.
cudaError_t run(const std::function<void()>& kernel, dim3 grid, dim3 block, cudaStream_t stream);

// Lets the others go on until all threads of the block have come here.
void waitForBlock();

// Tensor cores (native/cuda/tensor_core.h), in the same layouts.
uint32_t toTf32(float value);
uint32_t pairOfBfloat16(float first, float second);
void multiplyTf32(float (&sums)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]);
void multiplyBfloat16(float (&sums)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]);

}  // namespace emulated

#define threadIdx (::emulated::position.thread)
#define blockIdx (::emulated::position.block)
#define blockDim (::emulated::position.blockSize)
#define gridDim (::emulated::position.gridSize)

inline void __syncthreads() { ::emulated::waitForBlock(); }
