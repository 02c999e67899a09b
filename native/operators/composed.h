// What each operator computes, composed of ATen's: the operator itself wherever no kernel of ours applies, and what the
// kernels are compared with.
#pragma once

#include <ATen/ATen.h>

#include <tuple>

namespace ncfm {

inline void checkCharacteristicFunction(const at::Tensor& features, const at::Tensor& frequencies, int64_t groups) {
  TORCH_CHECK(features.dim() == 2 && frequencies.dim() == 2 && features.size(1) == frequencies.size(1),
              "expected features [n, d] and frequencies [T, d], got ", features.sizes(), " and ", frequencies.sizes());
  TORCH_CHECK(groups > 0 && features.size(0) > 0 && features.size(0) % groups == 0, "expected a multiple of ", groups,
              " rows of features, got ", features.size(0));
}

inline std::tuple<at::Tensor, at::Tensor> composedCharacteristicFunction(const at::Tensor& features,
                                                                         const at::Tensor& frequencies,
                                                                         int64_t groups) {
  const at::Tensor phases = features.matmul(frequencies.t()).reshape({groups, -1, frequencies.size(0)});
  return {phases.cos().mean(1), phases.sin().mean(1)};
}

inline void checkConvolutionBlock(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                                  const at::Tensor& normWeight, const at::Tensor& normBias, int64_t padding) {
  TORCH_CHECK(x.dim() == 4 && weight.dim() == 4 && x.size(1) == weight.size(1),
              "expected images [n, c, h, w] and weights [outputs, c, k, k], got ", x.sizes(), " and ", weight.sizes());
  const int64_t outputs = weight.size(0);
  TORCH_CHECK(bias.numel() == outputs && normWeight.numel() == outputs && normBias.numel() == outputs,
              "expected one bias and one scale and shift for each of ", outputs, " channels");
  const int64_t shrink = weight.size(2) - 1 - 2 * padding;
  TORCH_CHECK(x.size(2) - shrink >= 2 && x.size(3) - shrink >= 2, "images of ", x.sizes(), " leave no 2x2 window to pool");
}

inline at::Tensor composedNormReluPool(const at::Tensor& y, const at::Tensor& normWeight, const at::Tensor& normBias,
                                       double epsilon) {
  return at::avg_pool2d(at::group_norm(y, y.size(1), normWeight, normBias, epsilon).relu(), {2, 2}, {2, 2});
}

inline at::Tensor composedConvolutionBlock(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                                           const at::Tensor& normWeight, const at::Tensor& normBias, int64_t padding,
                                           double epsilon) {
  const at::Tensor y = at::conv2d(x, weight, bias, /*stride=*/1, padding);
  return composedNormReluPool(y, normWeight, normBias, epsilon);
}

}  // namespace ncfm
