#include "self_check.h"

#include <mutex>
#include <set>
#include <utility>

#include "device.h"

namespace ncfm {
namespace cuda {
namespace {

// Of all elements, relative to the largest right value; not a number where one is not.
double largestError(const Comparison& comparison) {
  double largest = 0;
  for (size_t i = 0; i < comparison.exact.size(); ++i) {
    const at::Tensor &actual = comparison.actual[i], &exact = comparison.exact[i];
    TORCH_INTERNAL_ASSERT(actual.sizes() == exact.sizes());
    const double error = (actual.to(at::kDouble) - exact).abs().max().item<double>() / exact.abs().max().item<double>();
    if (!(error <= largest)) largest = error;
  }
  return largest;
}

}  // namespace

void requireRight(const std::string& kernel, double most, const std::function<Comparison()>& compare) {
  static std::mutex mutex;
  static std::set<std::pair<std::string, int>> right;
  const std::lock_guard<std::mutex> lock(mutex);
  const auto key = std::make_pair(kernel, currentGpu());
  if (right.count(key) > 0) return;
  TORCH_CHECK(!isCapturing(), "the GPU's kernel for ", kernel,
              " is used for the first time while a graph is recorded: run the step once before");
  const double error = largestError(compare());
  TORCH_CHECK(error <= most, "the GPU's kernel for ", kernel, " computes wrong numbers on ", gpuName(),
              " (compute capability ", computeCapability() / 10, ".", computeCapability() % 10, "): a relative error of ",
              error, " where ", most,
              " is allowed. Set NCFM_CUDA_KERNELS=0 to have LibTorch's own operators in its place, and please report it");
  right.insert(key);
}

at::Tensor sampleValues(at::IntArrayRef shape, double start, const at::TensorOptions& options) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  // 0.7 and the circle have no common measure, so that the values never repeat.
  return at::arange(count, options.dtype(at::kDouble)).mul(0.7).add(start).sin().reshape(shape);
}

}  // namespace cuda
}  // namespace ncfm
