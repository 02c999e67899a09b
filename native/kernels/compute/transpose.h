// Squares of numbers, one vector for each row, turned in registers.
#pragma once

#include "vector.h"

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {

// rows[i][j] becomes rows[j][i]: in each step blocks of `side` numbers change places, within pairs of rows.
template <int side>
NCFM_INLINE void exchangeBlocks(IntVector* rows) {
  IntVector upper, lower;
  for (int j = 0; j < lanes; ++j) {
    upper[j] = (j & side) != 0 ? lanes + j - side : j;
    lower[j] = (j & side) != 0 ? lanes + j : j + side;
  }
#pragma GCC unroll 16
  for (int i = 0; i < lanes; ++i) {
    if ((i & side) != 0) continue;
    const IntVector above = rows[i];
    rows[i] = __builtin_shuffle(above, rows[i | side], upper);
    rows[i | side] = __builtin_shuffle(above, rows[i | side], lower);
  }
}

NCFM_INLINE void transpose(IntVector* rows) {
  exchangeBlocks<1>(rows);
  exchangeBlocks<2>(rows);
  if constexpr (lanes > 4) exchangeBlocks<4>(rows);
  if constexpr (lanes > 8) exchangeBlocks<8>(rows);
}

}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
