// Products of small matrices by the tensor cores of one warp, of compute capability 8.0 and later: sums [16, 8] of
// a [16, depth] times b [depth, 8]. Lane l holds, with g = l / 4 and q = l % 4,
//   sums[0], sums[1]: row g, columns 2q and 2q + 1;  sums[2], sums[3]: the same of row g + 8
//   of tf32 (depth 8): a[0], a[1]: rows g and g + 8 of column q;  a[2], a[3]: of column q + 4;
//                      b[0], b[1]: rows q and q + 4 of column g
//   of bfloat16 (depth 16), in pairs: a[0], a[1]: rows g and g + 8 of columns 2q and 2q + 1;  a[2], a[3]: of columns 2q + 8 and
//                      2q + 9;  b[0], b[1]: rows 2q and 2q + 1, 2q + 8 and 2q + 9, of column g
// (NVIDIA, "PTX ISA", Matrix Fragments for mma.m16n8k8 and mma.m16n8k16).
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <cstring>

namespace ncfm {
namespace cuda {

__device__ inline float asFloat(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

__device__ inline uint32_t asBits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

#if defined(NCFM_EMULATED)
using emulated::multiplyBfloat16;
using emulated::multiplyTf32;
using emulated::pairOfBfloat16;
using emulated::toTf32;
#else

// Code for earlier cards has these functions and never calls them: see usablePrecision.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
#define NCFM_TENSOR_CORES 1
#endif

// The nearest number of eleven bits.
__device__ inline uint32_t toTf32(float value) {
  uint32_t result = 0;
#if defined(NCFM_TENSOR_CORES)
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(result) : "f"(value));
#endif
  return result;
}

// The nearest numbers of eight bits, the first in the lower half.
__device__ inline uint32_t pairOfBfloat16(float first, float second) {
  uint32_t result = 0;
#if defined(NCFM_TENSOR_CORES)
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(result) : "f"(second), "f"(first));
#endif
  return result;
}

__device__ inline void multiplyTf32(float (&sums)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if defined(NCFM_TENSOR_CORES)
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}

__device__ inline void multiplyBfloat16(float (&sums)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
#if defined(NCFM_TENSOR_CORES)
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}

#endif

}  // namespace cuda
}  // namespace ncfm
