// The backward pass of normalisation, ReLU and pooling for maps that come in strips of rows: the sums over all strips
// first, then the gradient of each.
#pragma once

#include "norm_columns.h"

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {

// An instance normalisation with the statistics of one image.
struct Normalisation {
  const NormParameters& parameters;
  const float* mean;
  const float* inverseDeviation;

  Channels channels(int64_t first, int64_t count) const {
    return {parameters, mean, inverseDeviation, first, count - first};
  }
};

// Of each channel: sums of dy, and of dy times the value's distance from its mean. They begin at 0.
struct NormSums {
  float* gradient;
  float* product;

  NormSums(float* memory, int64_t channels) : gradient(memory), product(memory + channels) {
    for (int64_t i = 0; i < size(channels); ++i) memory[i] = 0;
  }
  static int64_t size(int64_t channels) { return 2 * channels; }
};

void addNormSums(const float* strip, const MapSize& size, const Normalisation& norm, const float* pooledGradient,
                 const NormSums& sums);
// `area` counts the pixels of the whole map; an odd last row or column has no part in the pooled maps.
void normGradient(const float* strip, const MapSize& size, const Normalisation& norm, const float* pooledGradient,
                  const NormSums& sums, int64_t area, float* gradient);
void addParameterGradients(const NormSums& sums, const float* inverseDeviation, int64_t channels, float* weightGradient,
                           float* biasGradient);

}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
