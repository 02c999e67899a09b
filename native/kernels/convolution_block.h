// What the ConvNet's block and its derivative along a direction share: a few images at a time go through the whole block.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

namespace ncfm {

inline at::Tensor emptyMaps(int64_t images, int64_t channels, int64_t height, int64_t width) {
  return at::empty({images, channels, height, width}, at::TensorOptions(at::kFloat), at::MemoryFormat::ChannelsLast);
}

// Calls body(first, count) for the images of one thread, a few at a time.
template <class Body>
void inSteps(int64_t begin, int64_t end, int64_t atOnce, const Body& body) {
  for (int64_t first = begin; first < end; first += atOnce) body(first, std::min(atOnce, end - first));
}

// The sums of one thread: of the weights' gradient in the convolution's own form, and of both parameters of the norm.
struct Sums {
  at::Tensor weight, norm;
};

// Adds the threads' sums in their order, so that the result does not depend on which finished first.
inline at::Tensor total(const std::vector<Sums>& sums, at::Tensor Sums::* part) {
  at::Tensor result;
  for (const Sums& each : sums) {
    const at::Tensor& term = each.*part;
    if (!term.defined()) continue;
    result = result.defined() ? result.add_(term) : term;
  }
  return result;
}

// Whether the kernels can read the scales and shifts of a norm.
inline bool fusable(const at::Tensor& normWeight, const at::Tensor& normBias) {
  const auto fits = [](const at::Tensor& t) {
    return t.device().is_cpu() && t.scalar_type() == at::kFloat && t.is_contiguous();
  };
  return fits(normWeight) && fits(normBias);
}

}  // namespace ncfm
