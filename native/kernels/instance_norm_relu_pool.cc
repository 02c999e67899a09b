// Instance normalisation, ReLU and 2x2 average pooling in one pass over memory, forward and backward.
//
// A plane (one channel of one image) fits the first-level cache at the sizes of this field, so that its statistics,
// the normalised values and the pooled result cost one read from memory; as separate operators they cost nine passes.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <cmath>
#include <tuple>
#include <vector>

#include "vector.h"

namespace ncfm {
namespace {

struct PlaneSize {
  int64_t height;
  int64_t width;
  int64_t area() const { return height * width; }
  int64_t pooledHeight() const { return height / 2; }
  int64_t pooledWidth() const { return width / 2; }
};

struct Statistics {
  float mean;
  float inverseDeviation;
};

NCFM_VECTORIZED Statistics statistics(const float* plane, int64_t area, float epsilon) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < area; ++i) sum += plane[i];
  const float mean = sum / static_cast<float>(area);
  float squares = 0;
#pragma omp simd reduction(+ : squares)
  for (int64_t i = 0; i < area; ++i) squares += (plane[i] - mean) * (plane[i] - mean);
  return {mean, 1.0F / std::sqrt(squares / static_cast<float>(area) + epsilon)};
}

// pooled[j] = mean over the 2x2 window of max(0, scale·x + shift); an odd last row or column is left out, as avg_pool2d
// does. `row` has room for one row of the plane.
NCFM_VECTORIZED void poolPlane(const float* plane, PlaneSize size, float scale, float shift, float* row, float* pooled) {
  for (int64_t i = 0; i < size.pooledHeight(); ++i) {
    const float* upper = plane + 2 * i * size.width;
    const float* lower = upper + size.width;
#pragma omp simd
    for (int64_t j = 0; j < size.width; ++j) {
      const float a = upper[j] * scale + shift;
      const float b = lower[j] * scale + shift;
      row[j] = (a > 0 ? a : 0) + (b > 0 ? b : 0);
    }
    float* out = pooled + i * size.pooledWidth();
#pragma omp simd
    for (int64_t j = 0; j < size.pooledWidth(); ++j) out[j] = 0.25F * (row[2 * j] + row[2 * j + 1]);
  }
}

struct GradientSums {
  float gradient;            // sum of dy
  float gradientTimesValue;  // sum of dy * x̂
};

// One row of dy, the gradient at the normalisation's output: `spread` where ReLU let the value through. Adds to the sums
// of dy and of dy * x̂.
__attribute__((always_inline)) inline void reluGradientRow(const float* x, const float* spread, int64_t width, float mean, float inverseDeviation,
                            float weight, float bias, float* gradient, GradientSums& sums) {
  float sum = 0;
  float product = 0;
#pragma omp simd reduction(+ : sum, product)
  for (int64_t j = 0; j < width; ++j) {
    const float value = (x[j] - mean) * inverseDeviation;
    const float incoming = spread[j];
    const float passed = value * weight + bias > 0 ? incoming : 0.0F;
    gradient[j] = passed;
    sum += passed;
    product += passed * value;
  }
  sums.gradient += sum;
  sums.gradientTimesValue += product;
}

// dy of a whole plane into `gradient`; its sums are returned. `spread` has room for one row, its odd last element 0.
NCFM_VECTORIZED GradientSums unpoolPlane(const float* plane, const float* pooledGradient, PlaneSize size, float mean,
                                         float inverseDeviation, float weight, float bias, float* spread,
                                         float* gradient) {
  GradientSums sums{0, 0};
  for (int64_t i = 0; i < size.pooledHeight(); ++i) {
    const float* source = pooledGradient + i * size.pooledWidth();
#pragma omp simd
    for (int64_t j = 0; j < size.pooledWidth(); ++j) {
      const float quarter = 0.25F * source[j];
      spread[2 * j] = quarter;
      spread[2 * j + 1] = quarter;
    }
    for (int64_t row = 2 * i; row < 2 * i + 2; ++row) {
      reluGradientRow(plane + row * size.width, spread, size.width, mean, inverseDeviation, weight, bias,
                      gradient + row * size.width, sums);
    }
  }
  for (int64_t i = 2 * size.pooledHeight() * size.width; i < size.area(); ++i) gradient[i] = 0;
  return sums;
}

// dx = w/σ · (dy − mean(dy) − x̂ · mean(dy · x̂)), in place of dy.
NCFM_VECTORIZED void normGradient(const float* plane, int64_t area, float mean, float inverseDeviation, float weight,
                                  GradientSums sums, float* gradient) {
  const float factor = weight * inverseDeviation;
  const float meanGradient = sums.gradient / static_cast<float>(area);
  const float meanProduct = sums.gradientTimesValue / static_cast<float>(area);
#pragma omp simd
  for (int64_t i = 0; i < area; ++i) {
    const float value = (plane[i] - mean) * inverseDeviation;
    gradient[i] = factor * (gradient[i] - meanGradient - value * meanProduct);
  }
}

// Planes per task, so that a task has work for some tens of microseconds.
int64_t grainSize(int64_t area) { return std::max<int64_t>(1, 65536 / std::max<int64_t>(1, area)); }

// -> pooled [n, c, h/2, w/2], means [n * c], inverse deviations [n * c]
std::tuple<at::Tensor, at::Tensor, at::Tensor> forwardPass(const at::Tensor& x, const at::Tensor& weight,
                                                           const at::Tensor& bias, double epsilon) {
  const int64_t channels = x.size(1);
  const int64_t planes = x.size(0) * channels;
  const PlaneSize size{x.size(2), x.size(3)};
  at::Tensor pooled = at::empty({x.size(0), channels, size.pooledHeight(), size.pooledWidth()}, x.options());
  at::Tensor means = at::empty({planes}, x.options());
  at::Tensor deviations = at::empty({planes}, x.options());
  const float* input = x.data_ptr<float>();
  const float* weights = weight.data_ptr<float>();
  const float* biases = bias.data_ptr<float>();
  float* output = pooled.data_ptr<float>();
  float* meanOut = means.data_ptr<float>();
  float* deviationOut = deviations.data_ptr<float>();
  at::parallel_for(0, planes, grainSize(size.area()), [&](int64_t begin, int64_t end) {
    std::vector<float> row(static_cast<size_t>(size.width));
    for (int64_t p = begin; p < end; ++p) {
      const float* plane = input + p * size.area();
      const Statistics found = statistics(plane, size.area(), static_cast<float>(epsilon));
      meanOut[p] = found.mean;
      deviationOut[p] = found.inverseDeviation;
      const float scale = weights[p % channels] * found.inverseDeviation;
      const float shift = biases[p % channels] - found.mean * scale;
      poolPlane(plane, size, scale, shift, row.data(), output + p * size.pooledHeight() * size.pooledWidth());
    }
  });
  return {pooled, means, deviations};
}

// -> gradients of x, weight and bias
std::tuple<at::Tensor, at::Tensor, at::Tensor> backwardPass(const at::Tensor& gradPooled, const at::Tensor& x,
                                                            const at::Tensor& weight, const at::Tensor& bias,
                                                            const at::Tensor& means, const at::Tensor& deviations) {
  const int64_t channels = x.size(1);
  const int64_t planes = x.size(0) * channels;
  const PlaneSize size{x.size(2), x.size(3)};
  const int64_t pooledArea = size.pooledHeight() * size.pooledWidth();
  const at::Tensor gradient = gradPooled.contiguous();
  at::Tensor gradX = at::empty_like(x);
  at::Tensor sums = at::empty({planes}, x.options());
  at::Tensor products = at::empty({planes}, x.options());
  const float* input = x.data_ptr<float>();
  const float* gradIn = gradient.data_ptr<float>();
  const float* weights = weight.data_ptr<float>();
  const float* biases = bias.data_ptr<float>();
  const float* mean = means.data_ptr<float>();
  const float* deviation = deviations.data_ptr<float>();
  float* gradOut = gradX.data_ptr<float>();
  float* sumOut = sums.data_ptr<float>();
  float* productOut = products.data_ptr<float>();
  at::parallel_for(0, planes, grainSize(size.area()), [&](int64_t begin, int64_t end) {
    std::vector<float> spread(static_cast<size_t>(size.width), 0.0F);
    for (int64_t p = begin; p < end; ++p) {
      const float* plane = input + p * size.area();
      float* target = gradOut + p * size.area();
      const float w = weights[p % channels];
      const GradientSums found = unpoolPlane(plane, gradIn + p * pooledArea, size, mean[p], deviation[p], w,
                                             biases[p % channels], spread.data(), target);
      normGradient(plane, size.area(), mean[p], deviation[p], w, found, target);
      sumOut[p] = found.gradient;
      productOut[p] = found.gradientTimesValue;
    }
  });
  return {gradX, products.reshape({-1, channels}).sum(0), sums.reshape({-1, channels}).sum(0)};
}

class FusedFunction : public torch::autograd::Function<FusedFunction> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& bias, double epsilon) {
    at::AutoDispatchBelowADInplaceOrView guard;
    const at::Tensor input = x.contiguous();
    auto [pooled, means, deviations] = forwardPass(input, weight, bias, epsilon);
    context->save_for_backward({input, weight, bias, means, deviations});
    return pooled;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    auto [gradX, gradWeight, gradBias] = backwardPass(gradients[0], saved[0], saved[1], saved[2], saved[3], saved[4]);
    return {gradX, gradWeight, gradBias, at::Tensor()};
  }
};

bool fusable(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return x.device().is_cpu() && x.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat &&
         bias.scalar_type() == at::kFloat && weight.is_contiguous() && bias.is_contiguous();
}

// x [n, c, h, w], weight [c], bias [c] -> [n, c, h/2, w/2]; composed of ATen operators where the kernel does not apply.
at::Tensor instanceNormReluPool(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, double epsilon) {
  TORCH_CHECK(x.dim() == 4 && x.size(2) >= 2 && x.size(3) >= 2, "expected images [n, c, h, w] of at least 2x2, got ",
              x.sizes());
  TORCH_CHECK(weight.numel() == x.size(1) && bias.numel() == x.size(1), "expected one weight and one bias for each of ",
              x.size(1), " channels");
  if (!fusable(x, weight, bias)) {
    const at::Tensor normed = at::group_norm(x, x.size(1), weight, bias, epsilon);
    return at::avg_pool2d(normed.relu(), {2, 2}, {2, 2});
  }
  const bool needsGrad =
      at::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad() || bias.requires_grad());
  if (needsGrad) return FusedFunction::apply(x, weight, bias, epsilon);
  return std::get<0>(forwardPass(x.contiguous(), weight, bias, epsilon));
}

}  // namespace

TORCH_LIBRARY(ncfm, library) {
  library.def("instance_norm_relu_pool(Tensor x, Tensor weight, Tensor bias, float epsilon) -> Tensor",
              instanceNormReluPool);
}

}  // namespace ncfm
