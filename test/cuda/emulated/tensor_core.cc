// What tensor cores do, from the layouts that NVIDIA documents: each lane leaves its elements where all of its warp see them,
// and takes the four sums that are its own. Products are exact, and rounded when they are summed.
#include <algorithm>
#include <array>

#include "block.h"
#include "cuda_runtime.h"

namespace emulated {

bool tensorCoresAreWrong = false;

namespace {

constexpr int warps = 1024 / warpThreads;
constexpr int rows = 16, columns = 8, mostDepth = 16;

struct Matrices {
  float a[rows][mostDepth], b[mostDepth][columns];
};

// Two for each warp: threads that are ahead fill one while others still read the other.
std::array<std::array<Matrices, 2>, warps> matrices;
std::array<unsigned, warps * warpThreads> calls;

float asFloat(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

uint32_t asBits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

bool isFinite(uint32_t bits) { return (bits & 0x7f800000) != 0x7f800000; }

// The thirteen lowest bits of a factor are not looked at.
float tf32(uint32_t bits) { return asFloat(bits & ~uint32_t{0x1fff}); }

uint32_t toBfloat16(float value) {
  const uint32_t bits = asBits(value);
  if (!isFinite(bits)) return bits >> 16 | (value != value ? 0x40 : 0);
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

// fill(matrices, g, q) leaves a lane's elements of both factors.
template <class Fill>
void multiply(float (&sums)[4], int depth, const Fill& fill) {
  const int thread = currentThread(), lane = thread % warpThreads, g = lane / 4, q = lane % 4;
  const unsigned call = calls[static_cast<size_t>(thread)]++;
  Matrices& own = matrices[static_cast<size_t>(thread / warpThreads)][call % 2];
  fill(own, g, q);
  waitForWarp();
  for (int i = 0; i < 4; ++i) {
    const int row = g + i / 2 * 8, column = 2 * q + i % 2;
    double sum = sums[i];
    for (int k = 0; k < depth; ++k) sum += static_cast<double>(own.a[row][k]) * own.b[k][column];
    sums[i] = static_cast<float>(tensorCoresAreWrong ? sum / 2 : sum);
  }
}

}  // namespace

// To the nearest, ties away from zero.
uint32_t toTf32(float value) {
  const uint32_t bits = asBits(value);
  return isFinite(bits) ? (bits + 0x1000) & ~uint32_t{0x1fff} : bits;
}

uint32_t pairOfBfloat16(float first, float second) { return toBfloat16(second) << 16 | toBfloat16(first); }

void multiplyTf32(float (&sums)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  multiply(sums, 8, [&](Matrices& to, int g, int q) {
    for (int i = 0; i < 4; ++i) to.a[g + i % 2 * 8][q + i / 2 * 4] = tf32(a[i]);
    for (int i = 0; i < 2; ++i) to.b[q + i * 4][g] = tf32(b[i]);
  });
}

void multiplyBfloat16(float (&sums)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  multiply(sums, 16, [&](Matrices& to, int g, int q) {
    for (int half = 0; half < 2; ++half) {
      const auto of = [&](uint32_t pair) { return asFloat(half == 0 ? pair << 16 : pair & 0xffff0000); };
      for (int i = 0; i < 4; ++i) to.a[g + i % 2 * 8][2 * q + half + i / 2 * 8] = of(a[i]);
      for (int i = 0; i < 2; ++i) to.b[2 * q + half + i * 8][g] = of(b[i]);
    }
  });
}

}  // namespace emulated
