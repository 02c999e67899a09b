// The ConvNet's block on a GPU: LibTorch's convolution, then normalisation, ReLU and pooling by one kernel. The
// convolution's bias has no part in it: the normalisation subtracts it again, and its gradient is 0.
#include <c10/core/DeviceGuard.h>
#include <torch/csrc/autograd/custom_function.h>

#include "device.h"
#include "kernels.h"
#include "operators/composed.h"
#include "operators/first_order.h"
#include "operators/library.h"
#include "self_check.h"

namespace ncfm {
namespace cuda {
namespace {

constexpr const char* kernelName = "convolution_block";

struct Norm {
  at::Tensor weight, bias;
  ChannelNorm pointers() const { return {weight.data_ptr<float>(), bias.data_ptr<float>()}; }
};

struct Pooled {
  at::Tensor maps, mean, inverseDeviation;
};

struct Gradients {
  at::Tensor y, weight, bias;
};

Maps mapsOf(const at::Tensor& y) {
  const Layout layout = y.is_contiguous() ? Layout::channelsFirst : Layout::channelsLast;
  const auto size = [&](int64_t dimension) { return static_cast<int>(y.size(dimension)); };
  return {y.size(0), size(1), size(2), size(3), layout,
          y.scalar_type() == at::kBFloat16 ? Element::bfloat16 : Element::float32};
}

// Maps as the kernels read them: with their channels first or last.
at::Tensor arranged(const at::Tensor& y) { return y.contiguous(y.suggest_memory_format()); }

at::MemoryFormat formatOf(const at::Tensor& y) {
  return mapsOf(y).layout == Layout::channelsLast ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
}

at::Tensor emptyLike(const at::Tensor& y, int64_t height, int64_t width) {
  return at::empty({y.size(0), y.size(1), height, width}, y.options(), formatOf(y));
}

Pooled forwardPass(const at::Tensor& y, const Norm& norm, double epsilon) {
  const auto statistics = [&] { return at::empty({y.size(0), y.size(1)}, norm.weight.options()); };
  const Pooled pooled{emptyLike(y, y.size(2) / 2, y.size(3) / 2), statistics(), statistics()};
  const ChannelStatistics to{pooled.mean.data_ptr<float>(), pooled.inverseDeviation.data_ptr<float>()};
  requireStarted(normReluPool(mapsOf(y), y.data_ptr(), norm.pointers(), static_cast<float>(epsilon), to,
                              pooled.maps.data_ptr(), currentStream()),
                 kernelName);
  return pooled;
}

Gradients backwardPass(const at::Tensor& y, const Norm& norm, const Pooled& kept, const at::Tensor& pooledGradient) {
  const at::Tensor incoming = pooledGradient.to(y.scalar_type()).contiguous(formatOf(y));
  const at::Tensor gradient = emptyLike(y, y.size(2), y.size(3));
  const at::Tensor ofNorm = at::empty({2, y.size(0), y.size(1)}, norm.weight.options());
  const ChannelStatistics statistics{kept.mean.data_ptr<float>(), kept.inverseDeviation.data_ptr<float>()};
  requireStarted(normReluPoolBackward(mapsOf(y), y.data_ptr(), norm.pointers(), statistics, incoming.data_ptr(),
                                      gradient.data_ptr(), ofNorm[0].data_ptr<float>(), ofNorm[1].data_ptr<float>(),
                                      currentStream()),
                 kernelName);
  const at::Tensor sums = ofNorm.sum(1);
  return {gradient, sums[0], sums[1]};
}

// The same gradients composed of ATen's operators, in double precision.
std::vector<at::Tensor> composedGradients(const at::Tensor& y, const Norm& norm, double epsilon,
                                          const at::Tensor& pooledGradient) {
  const auto ofChannels = [&](const at::Tensor& each) { return each.to(at::kDouble).reshape({1, -1, 1, 1}); };
  const at::Tensor centred = y - y.mean({2, 3}, true);
  const at::Tensor inverse = (centred.square().mean({2, 3}, true) + epsilon).rsqrt();
  const at::Tensor normalised = centred * inverse;
  const at::Tensor spread = at::zeros_like(y);
  const int64_t height = y.size(2) / 2 * 2, width = y.size(3) / 2 * 2;
  spread.narrow(2, 0, height).narrow(3, 0, width).copy_(pooledGradient.repeat_interleave(2, 2).repeat_interleave(2, 3));
  const at::Tensor each = spread / 4 * (normalised * ofChannels(norm.weight) + ofChannels(norm.bias)).gt(0);
  const at::Tensor weighed = each * normalised;
  const at::Tensor gradient = ofChannels(norm.weight) * inverse *
                              (each - each.mean({2, 3}, true) - normalised * weighed.mean({2, 3}, true));
  return {gradient, weighed.sum({0, 2, 3}), each.sum({0, 2, 3})};
}

// More channels than a warp has threads, and an odd side.
Comparison compareWithComposition(const at::Tensor& like) {
  const at::TensorOptions options = like.options();
  const at::Tensor y = sampleValues({3, 35, 7, 10}, 1, options).to(like.scalar_type()).contiguous(formatOf(like));
  const Norm norm{sampleValues({35}, 2, options).to(at::kFloat), sampleValues({35}, 3, options).to(at::kFloat)};
  const at::Tensor incoming = sampleValues({3, 35, 3, 5}, 4, options).to(like.scalar_type());
  const Pooled pooled = forwardPass(y, norm, 1e-5);
  const Gradients gradients = backwardPass(y, norm, pooled, incoming);
  const at::Tensor exact = y.to(at::kDouble);
  Comparison comparison{{pooled.maps, gradients.y, gradients.weight, gradients.bias},
                        composedGradients(exact, norm, 1e-5, incoming.to(at::kDouble))};
  comparison.exact.insert(comparison.exact.begin(), composedNormReluPool(exact, norm.weight.to(at::kDouble),
                                                                         norm.bias.to(at::kDouble), 1e-5));
  return comparison;
}

void requireRightFor(const at::Tensor& y) {
  const Maps maps = mapsOf(y);
  const bool single = maps.element == Element::float32;
  const std::string name = std::string(kernelName) + (single ? " (float32" : " (bfloat16") +
                           (maps.layout == Layout::channelsLast ? ", channels last)" : ", channels first)");
  requireRight(name, single ? 2e-5 : 2e-2, [&] { return compareWithComposition(y); });
}

class NormReluPool : public torch::autograd::Function<NormReluPool> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& y, const at::Tensor& bias,
                            const at::Tensor& normWeight, const at::Tensor& normBias, double epsilon) {
    at::AutoDispatchBelowADInplaceOrView below;
    const c10::DeviceGuard guard(y.device());
    const at::Tensor maps = arranged(y);
    requireRightFor(maps);
    const Pooled pooled = forwardPass(maps, {normWeight, normBias}, epsilon);
    context->save_for_backward({maps, bias, normWeight, normBias, pooled.mean, pooled.inverseDeviation});
    return pooled.maps;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    requireFirstOrder("ncfm::convolution_block");
    const auto saved = context->get_saved_variables();
    const c10::DeviceGuard guard(saved[0].device());
    const Gradients found = backwardPass(saved[0], {saved[2], saved[3]}, {at::Tensor(), saved[4], saved[5]}, gradients[0]);
    return {found.y, at::zeros_like(saved[1]), found.weight, found.bias, at::Tensor()};
  }
};

bool fits(const at::Tensor& y, const at::Tensor& normWeight, const at::Tensor& normBias) {
  const auto isParameter = [&](const at::Tensor& t) {
    return t.device() == y.device() && t.scalar_type() == at::kFloat && t.is_contiguous();
  };
  const bool element = y.scalar_type() == at::kFloat || y.scalar_type() == at::kBFloat16;
  // A channel's pixels are counted in 32 bits.
  return element && isParameter(normWeight) && isParameter(normBias) && y.numel() > 0 &&
         y.size(2) * y.size(3) < int64_t{1} << 30;
}

at::Tensor convolutionBlock(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const at::Tensor& normWeight, const at::Tensor& normBias, int64_t padding, double epsilon) {
  checkConvolutionBlock(x, weight, bias, normWeight, normBias, padding);
  const at::Tensor y = at::conv2d(x, weight, {}, /*stride=*/1, padding);
  if (!fits(y, normWeight, normBias)) {
    return composedNormReluPool(y + bias.reshape({1, -1, 1, 1}), normWeight, normBias, epsilon);
  }
  return NormReluPool::apply(y, bias, normWeight, normBias, epsilon);
}

}  // namespace

TORCH_LIBRARY_IMPL(NCFM_LIBRARY, NCFM_GPU_KEY, library) { library.impl("convolution_block", convolutionBlock); }

TORCH_LIBRARY_IMPL(NCFM_LIBRARY, NCFM_GPU_AUTOGRAD_KEY, library) {
  library.impl("convolution_block", convolutionBlock);
}

}  // namespace cuda
}  // namespace ncfm
