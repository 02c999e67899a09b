// Vectors of floats as wide as the instruction set that the including file is compiled for.
//
// Files of this folder are compiled once per instruction set, each time with NCFM_INSTRUCTION_SET as the name of the
// namespace. They must not include headers with inline functions of other namespaces (the standard library, ATen):
// the linker keeps one copy of each, and it could be one that the processor cannot execute.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {

#if defined(__AVX512F__)
constexpr int lanes = 16;
#elif defined(__AVX2__)
constexpr int lanes = 8;
#else
constexpr int lanes = 4;
#endif

typedef float Vector __attribute__((vector_size(lanes * 4)));
typedef int32_t IntVector __attribute__((vector_size(lanes * 4)));
// The same in memory, where nothing is known about alignment.
typedef float UnalignedVector __attribute__((vector_size(lanes * 4), aligned(4), may_alias));

#define NCFM_INLINE static inline __attribute__((always_inline))

NCFM_INLINE Vector load(const float* from) { return *reinterpret_cast<const UnalignedVector*>(from); }
NCFM_INLINE void store(float* to, Vector value) { *reinterpret_cast<UnalignedVector*>(to) = value; }
NCFM_INLINE Vector broadcast(float value) { return value - Vector{}; }
// What is not a number stays so, as in ATen's relu.
NCFM_INLINE Vector positivePart(Vector value) { return value <= 0 ? Vector{} : value; }

// The first `count` < lanes elements; zeros behind them.
NCFM_INLINE Vector loadPart(const float* from, int64_t count) {
  float buffer[lanes] = {};
  for (int64_t i = 0; i < count; ++i) buffer[i] = from[i];
  return load(buffer);
}
NCFM_INLINE void storePart(float* to, Vector value, int64_t count) {
  float buffer[lanes];
  store(buffer, value);
  for (int64_t i = 0; i < count; ++i) to[i] = buffer[i];
}

NCFM_INLINE Vector loadUpTo(const float* from, int64_t left) {
  return left >= lanes ? load(from) : loadPart(from, left);
}
NCFM_INLINE void storeUpTo(float* to, Vector value, int64_t left) {
  if (left >= lanes) {
    store(to, value);
  } else {
    storePart(to, value, left);
  }
}

constexpr int64_t roundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
