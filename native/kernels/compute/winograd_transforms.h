// The transforms of Winograd's F(4x4, 3x3): a 4x4 tile of a 3x3 convolution's result from a 6x6 tile of its input by 36
// products in place of 144 (Lavin & Gray 2016, "Fast Algorithms for Convolutional Neural Networks", eq. 8 and 12):
//   result = Aᵀ [(G w Gᵀ) ⊙ (Bᵀ x B)] A,  and the gradient of w = Gᵀ [(A dy Aᵀ) ⊙ (Bᵀ x B)] G.
// Each function here is one of the matrices times a column; the two-dimensional transforms apply it to all columns,
// then to all rows.
#pragma once

#include "vector.h"

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {

constexpr int tileSide = 4;
constexpr int patchSide = 6;
constexpr int patchArea = patchSide * patchSide;

// Bᵀ, 6 -> 6
NCFM_INLINE void transformInput(const Vector (&d)[6], Vector (&t)[6]) {
  const Vector even = d[4] - 4 * d[2];
  const Vector odd = d[3] - 4 * d[1];
  const Vector outer = d[4] - d[2];
  const Vector inner = 2 * (d[3] - d[1]);
  t[0] = 4 * d[0] - 5 * d[2] + d[4];
  t[1] = even + odd;
  t[2] = even - odd;
  t[3] = outer + inner;
  t[4] = outer - inner;
  t[5] = 4 * d[1] - 5 * d[3] + d[5];
}

// Aᵀ, 6 -> 4
NCFM_INLINE void transformOutput(const Vector (&m)[6], Vector (&y)[4]) {
  const Vector sum = m[1] + m[2];
  const Vector difference = m[1] - m[2];
  const Vector sum2 = m[3] + m[4];
  const Vector difference2 = m[3] - m[4];
  y[0] = m[0] + sum + sum2;
  y[1] = difference + 2 * difference2;
  y[2] = sum + 4 * sum2;
  y[3] = difference + 8 * difference2 + m[5];
}

// A, 4 -> 6
NCFM_INLINE void transformOutputGradient(const Vector (&y)[4], Vector (&m)[6]) {
  const Vector even = y[0] + y[2];
  const Vector odd = y[1] + y[3];
  const Vector even2 = y[0] + 4 * y[2];
  const Vector odd2 = 2 * y[1] + 8 * y[3];
  m[0] = y[0];
  m[1] = even + odd;
  m[2] = even - odd;
  m[3] = even2 + odd2;
  m[4] = even2 - odd2;
  m[5] = y[3];
}

// G, 3 -> 6
NCFM_INLINE void transformWeight(const Vector (&w)[3], Vector (&u)[6]) {
  const Vector even = w[0] + w[2];
  const Vector wide = w[0] + 4 * w[2];
  u[0] = w[0] * 0.25F;
  u[1] = (even + w[1]) * (-1.0F / 6);
  u[2] = (even - w[1]) * (-1.0F / 6);
  u[3] = (wide + 2 * w[1]) * (1.0F / 24);
  u[4] = (wide - 2 * w[1]) * (1.0F / 24);
  u[5] = w[2];
}

// Gᵀ, 6 -> 3
NCFM_INLINE void transformWeightGradient(const Vector (&u)[6], Vector (&w)[3]) {
  const Vector sum = (u[1] + u[2]) * (1.0F / 6);
  const Vector difference = (u[2] - u[1]) * (1.0F / 6);
  const Vector sum2 = (u[3] + u[4]) * (1.0F / 24);
  const Vector difference2 = (u[3] - u[4]) * (1.0F / 12);
  w[0] = u[0] * 0.25F - sum + sum2;
  w[1] = difference + difference2;
  w[2] = 4 * sum2 - sum + u[5];
}

}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
