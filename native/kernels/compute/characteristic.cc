// Sums of cosines and sines of phases, and their gradient: each phase is read once and its cosine and sine never reach
// memory.
#include "table.h"
#include "vector.h"

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {
namespace {

struct CosineAndSine {
  Vector cosine, sine;
};

// The phase is reduced to a quarter turn r = phase − n·π/2 in three steps (Cody & Waite 1980), and both functions are
// minimax polynomials there. Errors stay below 2e-7 for |phase| < 8192 radians.
NCFM_INLINE CosineAndSine cosineAndSine(Vector phase) {
  constexpr float roundToInteger = 12582912.0F;  // 1.5 · 2^23: adding it leaves no bits for a fraction
  const Vector shifted = phase * 0.636619772F + roundToInteger;
  // A cast between vectors of one size keeps the bits.
  const IntVector quarter = (IntVector)shifted;
  const Vector n = shifted - roundToInteger;
  const Vector r = ((phase - n * 1.5703125F) - n * 4.837512969970703125e-4F) - n * 7.54978995489188216e-8F;
  const Vector square = r * r;
  const Vector sine =
      r + r * square * (-1.6666654611e-1F + square * (8.3321608736e-3F + square * -1.9515295891e-4F));
  const Vector cosine = 1.0F - 0.5F * square +
                        square * square *
                            (4.166664568298827e-2F + square * (-1.388731625493765e-3F + square * 2.443315711809948e-5F));
  const IntVector swapped = (quarter & 1) != 0;
  const IntVector cosineSign = ((quarter + 1) & 2) << 30;
  const IntVector sineSign = (quarter & 2) << 30;
  const Vector cosineValue = swapped ? sine : cosine;
  const Vector sineValue = swapped ? cosine : sine;
  const IntVector cosineBits = (IntVector)cosineValue ^ cosineSign;
  const IntVector sineBits = (IntVector)sineValue ^ sineSign;
  return {(Vector)cosineBits, (Vector)sineBits};
}

}  // namespace

// cosines[j] += Σ cos phases[i][j] over `rows` rows, and likewise the sines.
void addCosinesAndSines(const float* phases, int64_t rows, int64_t stride, int64_t columns, float* cosines,
                        float* sines) {
  for (int64_t j = 0; j < columns; j += lanes) {
    const int64_t left = columns - j;
    Vector cosine = loadUpTo(cosines + j, left);
    Vector sine = loadUpTo(sines + j, left);
    for (int64_t i = 0; i < rows; ++i) {
      const CosineAndSine at = cosineAndSine(loadUpTo(phases + i * stride + j, left));
      cosine += at.cosine;
      sine += at.sine;
    }
    storeUpTo(cosines + j, cosine, left);
    storeUpTo(sines + j, sine, left);
  }
}

// gradients[i][j] = cosineGradient[j] · −sin + sineGradient[j] · cos of phases[i][j]; `gradients` may be `phases`.
void phaseGradients(const float* phases, int64_t rows, int64_t stride, int64_t columns, const float* cosineGradient,
                    const float* sineGradient, float* gradients) {
  for (int64_t j = 0; j < columns; j += lanes) {
    const int64_t left = columns - j;
    const Vector cosine = loadUpTo(cosineGradient + j, left);
    const Vector sine = loadUpTo(sineGradient + j, left);
    for (int64_t i = 0; i < rows; ++i) {
      const CosineAndSine at = cosineAndSine(loadUpTo(phases + i * stride + j, left));
      storeUpTo(gradients + i * stride + j, sine * at.cosine - cosine * at.sine, left);
    }
  }
}

}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
