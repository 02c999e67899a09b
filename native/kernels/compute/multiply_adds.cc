// The most multiply-adds that a processor can do: in registers, none waiting for another.
#include "table.h"
#include "vector.h"

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {
namespace {

// Enough of them to hide the latency of each, few enough for the registers of every instruction set.
constexpr int independent = 12;

}  // namespace

// Returns the floating-point operations done, two for each multiply-add.
int64_t multiplyAdds(int64_t rounds) {
  // The compiler is told that it knows none of these, so that it can neither leave out a round nor compute two sums as one.
  Vector sums[independent] = {};
  for (int i = 0; i < independent; ++i) asm volatile("" : "+x"(sums[i]));
  Vector factor = broadcast(0.5F), summand = broadcast(1.0F);
  for (int64_t round = 0; round < rounds; ++round) {
    asm volatile("" : "+x"(factor), "+x"(summand));
#pragma GCC unroll 12
    for (int i = 0; i < independent; ++i) sums[i] = sums[i] * factor + summand;
  }
  for (int i = 0; i < independent; ++i) asm volatile("" : : "x"(sums[i]));
  return 2 * lanes * independent * rounds;
}

}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
