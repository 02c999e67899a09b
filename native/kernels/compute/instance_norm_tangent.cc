// Instance normalisation, ReLU and 2x2 average pooling of one image and of its derivative along a direction, forward and
// backward; see instance_norm.cc.
//
// With y and ẏ the values and their derivatives, N pixels, r the inverse deviation, n = (y − mean y)·r, a = ẏ − mean ẏ and
// m = mean(n·ẏ): the normalised values move by ṅ = r·(a − n·m), and what follows by ż = γ̇·n + γ·ṅ + β̇ where z = γ·n + β
// is positive. `statistics` has four rows of channels: mean y, r, mean ẏ, m.
#include "norm_columns.h"
#include "table.h"

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {
namespace {

template <int vectors>
NCFM_INLINE void tangentStatistics(const DualMaps& maps, int64_t area, int64_t channels, int64_t c, float* statistics) {
  const int64_t left = channels - c;
  Vector mean[vectors];
  Vector sums[vectors] = {};
  Vector products[vectors] = {};
  for (int v = 0; v < vectors; ++v) mean[v] = loadUpTo(statistics + c + v * lanes, left - v * lanes);
  for (int64_t pixel = 0; pixel < area; ++pixel) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      const int64_t place = pixel * channels + c + v * lanes;
      const Vector tangent = loadUpTo(maps.tangent + place, left - v * lanes);
      sums[v] += tangent;
      products[v] += tangent * (loadUpTo(maps.value + place, left - v * lanes) - mean[v]);
    }
  }
  for (int v = 0; v < vectors; ++v) {
    float* at = statistics + c + v * lanes;
    const Vector inverse = loadUpTo(at + channels, left - v * lanes);
    storeUpTo(at + 2 * channels, sums[v] / static_cast<float>(area), left - v * lanes);
    storeUpTo(at + 3 * channels, products[v] * inverse / static_cast<float>(area), left - v * lanes);
  }
}

// One vector of channels: ż = scale·ẏ + tangentScale·y + tangentShift.
struct DualChannels : Channels {
  Vector tangentMean, product, tangentScale, tangentShift;

  DualChannels() = default;
  DualChannels(const DualNorm& norm, const float* statistics, int64_t channels, int64_t c)
      : Channels(norm.value, statistics, statistics + channels, c, channels - c),
        tangentMean(loadUpTo(statistics + 2 * channels + c, channels - c)),
        product(loadUpTo(statistics + 3 * channels + c, channels - c)),
        tangentScale((loadUpTo(norm.tangent.weight + c, channels - c) - scale * product) * inverseDeviation),
        tangentShift(loadUpTo(norm.tangent.bias + c, channels - c) - scale * tangentMean - tangentScale * mean) {}
};

template <int vectors>
NCFM_INLINE void poolColumn(const DualMaps& maps, const MapSize& size, const DualNorm& norm, const float* statistics,
                            int64_t c, float* pooled, float* pooledTangent) {
  const int64_t channels = size.channels;
  DualChannels at[vectors];
  for (int v = 0; v < vectors; ++v) at[v] = DualChannels(norm, statistics, channels, c + v * lanes);
  forEachWindow(size, [&](int64_t window, int64_t target) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      const int64_t first = c + v * lanes;
      const int64_t left = channels - first;
      Vector sum = {};
      Vector tangentSum = {};
#pragma GCC unroll 4
      for (int corner = 0; corner < 4; ++corner) {
        const int64_t place = window + cornerOf(size, corner) + first;
        const Vector value = loadUpTo(maps.value + place, left);
        const Vector tangent = loadUpTo(maps.tangent + place, left);
        sum += positivePart(value * at[v].scale + at[v].shift);
        const Vector moved = tangent * at[v].scale + value * at[v].tangentScale + at[v].tangentShift;
        tangentSum += at[v].passed(value, moved);
      }
      storeUpTo(pooled + target + first, sum * 0.25F, left);
      storeUpTo(pooledTangent + target + first, tangentSum * 0.25F, left);
    }
  });
}

// Sums over all pixels of z̄ and w, the gradients with respect to z and ż, alone and with n and a (without r).
template <int vectors>
struct DualSums {
  Vector z[vectors] = {};
  Vector zn[vectors] = {};
  Vector w[vectors] = {};
  Vector wn[vectors] = {};
  Vector wa[vectors] = {};
};

template <int vectors>
NCFM_INLINE DualSums<vectors> sumColumn(const DualMaps& maps, const MapSize& size, const DualChannels (&at)[vectors],
                                        const DualMaps& pooledGradients, int64_t c) {
  const int64_t channels = size.channels;
  DualSums<vectors> sums;
  forEachWindow(size, [&](int64_t window, int64_t source) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      const int64_t first = c + v * lanes;
      const int64_t left = channels - first;
      const Vector incoming = loadUpTo(pooledGradients.value + source + first, left) * 0.25F;
      const Vector incomingTangent = loadUpTo(pooledGradients.tangent + source + first, left) * 0.25F;
#pragma GCC unroll 4
      for (int corner = 0; corner < 4; ++corner) {
        const int64_t place = window + cornerOf(size, corner) + first;
        const Vector value = loadUpTo(maps.value + place, left);
        const Vector z = at[v].passed(value, incoming);
        const Vector w = at[v].passed(value, incomingTangent);
        sums.z[v] += z;
        sums.zn[v] += z * (value - at[v].mean);
        sums.w[v] += w;
        sums.wn[v] += w * (value - at[v].mean);
        sums.wa[v] += w * (loadUpTo(maps.tangent + place, left) - at[v].tangentMean);
      }
    }
  });
  return sums;
}

// The gradients of one vector of channels as affine functions: with respect to ẏ, scale·w − tangentOffset −
// tangentSlope·(y − mean y); with respect to y, scale·z̄ + tangentScale·w − offset − slope·(y − mean y) − tangentSlope·a.
struct DualGradient {
  Vector offset, slope, tangentOffset, tangentSlope;
};

template <int vectors>
NCFM_INLINE void differentiateColumn(const DualMaps& maps, const MapSize& size, const DualNorm& norm,
                                     const float* statistics, const DualMaps& pooledGradients, int64_t c,
                                     float* gradient, float* tangentGradient, float* weightGradient,
                                     float* biasGradient) {
  const int64_t channels = size.channels;
  const float area = static_cast<float>(size.height * size.width);
  DualChannels at[vectors];
  for (int v = 0; v < vectors; ++v) at[v] = DualChannels(norm, statistics, channels, c + v * lanes);
  const DualSums<vectors> sums = sumColumn<vectors>(maps, size, at, pooledGradients, c);
  DualGradient by[vectors];
  for (int v = 0; v < vectors; ++v) {
    const int64_t first = c + v * lanes;
    const int64_t left = channels - first;
    const Vector inverse = at[v].inverseDeviation;
    const Vector zn = sums.zn[v] * inverse;
    const Vector wn = sums.wn[v] * inverse;
    const Vector moved = sums.wa[v] * inverse - at[v].product * inverse * wn;
    storeUpTo(weightGradient + first, loadUpTo(weightGradient + first, left) + zn + moved, left);
    storeUpTo(biasGradient + first, loadUpTo(biasGradient + first, left) + sums.z[v], left);
    by[v].tangentOffset = at[v].scale * sums.w[v] / area;
    by[v].tangentSlope = at[v].scale * inverse * wn / area;
    by[v].offset = (at[v].scale * sums.z[v] + at[v].tangentScale * sums.w[v]) / area;
    by[v].slope = inverse * ((at[v].scale * (zn + moved) + at[v].tangentScale * wn) / area -
                             by[v].tangentSlope * at[v].product);
  }
  forEachPixel(size, [&](int64_t pixel, int64_t source, bool inside) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      const int64_t first = c + v * lanes;
      const int64_t left = channels - first;
      const Vector incoming = inside ? loadUpTo(pooledGradients.value + source + first, left) * 0.25F : Vector{};
      const Vector incomingTangent =
          inside ? loadUpTo(pooledGradients.tangent + source + first, left) * 0.25F : Vector{};
      const Vector value = loadUpTo(maps.value + pixel + first, left);
      const Vector moved = loadUpTo(maps.tangent + pixel + first, left) - at[v].tangentMean;
      const Vector distance = value - at[v].mean;
      const Vector w = at[v].passed(value, incomingTangent);
      const Vector through = at[v].scale * at[v].passed(value, incoming) + at[v].tangentScale * w;
      storeUpTo(gradient + pixel + first,
                through - by[v].offset - distance * by[v].slope - moved * by[v].tangentSlope, left);
      storeUpTo(tangentGradient + pixel + first,
                at[v].scale * w - by[v].tangentOffset - distance * by[v].tangentSlope, left);
    }
  });
}

}  // namespace

// Fills the last two rows of `statistics`; normStatistics has filled the others.
void dualStatistics(const DualMaps& maps, int64_t area, int64_t channels, float* statistics) {
  forEachColumn(channels, [&](auto vectors, int64_t c) {
    tangentStatistics<decltype(vectors)::count>(maps, area, channels, c, statistics);
  });
}

// The means over 2x2 windows of max(0, z), and of ż where z is positive.
void dualReluPool(const DualMaps& maps, const MapSize& size, const DualNorm& norm, const float* statistics,
                  float* pooled, float* pooledTangent) {
  forEachColumn(size.channels, [&](auto vectors, int64_t c) {
    poolColumn<decltype(vectors)::count>(maps, size, norm, statistics, c, pooled, pooledTangent);
  });
}

// With z̄ and w the gradients with respect to z and ż (a quarter of the pooled ones, where z is positive), q = γ·w and
// B(g) = r·(g − mean g − n·mean(n·g)): ẏ̄ = B(q), and ȳ = B(γ·z̄ + γ̇·w − r·m·q − r·mean(q·n)·a) − r·mean(q·ṅ)·n. Adds
// Σ z̄·n + w·ṅ and Σ z̄ to the gradients of γ and β; γ̇ and β̇ are constants.
void dualReluPoolBackward(const DualMaps& maps, const MapSize& size, const DualNorm& norm, const float* statistics,
                          const DualMaps& pooledGradients, float* gradient, float* tangentGradient,
                          float* weightGradient, float* biasGradient) {
  forEachColumn(size.channels, [&](auto vectors, int64_t c) {
    differentiateColumn<decltype(vectors)::count>(maps, size, norm, statistics, pooledGradients, c, gradient,
                                                  tangentGradient, weightGradient, biasGradient);
  });
}

}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
