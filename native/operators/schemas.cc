// Our operators and what they do where no kernel is registered: on a device without kernels of ours, and on one that has
// them before they are loaded. The kernels, each with its own gradients, are registered by native/kernels for the
// processor and by native/cuda for NVIDIA's GPUs.
#include "composed.h"
#include "library.h"

namespace ncfm {
namespace {

// features [groups · n, d], the rows of a group one after another; frequencies [T, d] -> means of the cosines and of the
// sines of ⟨t, f⟩ over each group, both [groups, T]. `precision` is what a GPU may round factors to (native/cuda/kernels.h).
std::tuple<at::Tensor, at::Tensor> characteristicFunction(const at::Tensor& features, const at::Tensor& frequencies,
                                                          int64_t groups, std::string) {
  checkCharacteristicFunction(features, frequencies, groups);
  return composedCharacteristicFunction(features, frequencies, groups);
}

// x [n, inputs, h, w], weight [outputs, inputs, k, k], bias, normWeight and normBias [outputs]
// -> [n, outputs, h'/2, w'/2].
at::Tensor convolutionBlock(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const at::Tensor& normWeight, const at::Tensor& normBias, int64_t padding, double epsilon) {
  checkConvolutionBlock(x, weight, bias, normWeight, normBias, padding);
  return composedConvolutionBlock(x, weight, bias, normWeight, normBias, padding, epsilon);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(NCFM_LIBRARY, library) {
  library.def(
      "characteristic_function(Tensor features, Tensor frequencies, int groups, str precision=\"single\") -> "
      "(Tensor, Tensor)");
  library.def(
      "convolution_block(Tensor x, Tensor weight, Tensor bias, Tensor norm_weight, Tensor norm_bias, int padding, "
      "float epsilon) -> Tensor");
}

TORCH_LIBRARY_IMPL(NCFM_LIBRARY, CompositeImplicitAutograd, library) {
  library.impl("characteristic_function", characteristicFunction);
  library.impl("convolution_block", convolutionBlock);
}

}  // namespace ncfm
