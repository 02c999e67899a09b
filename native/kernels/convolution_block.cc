// The ConvNet's block in one operator: 3x3 convolution, instance normalisation, ReLU and 2x2 average pooling, forward
// and backward, on the processor.
//
// A few images at a time go through the whole block, so that the convolution's result is normalised and pooled while it
// is in a near cache; as separate operators it goes to memory and back some nine times. The convolution's bias has no
// part in this: the normalisation subtracts it again, and its gradient is 0.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "convolution.h"
#include "convolution_block.h"
#include "operators/composed.h"
#include "operators/first_order.h"
#include "operators/library.h"

namespace ncfm {
namespace {

struct Parameters {
  at::Tensor normWeight, normBias;
  double epsilon;
  NormParameters norm() const { return {normWeight.data_ptr<float>(), normBias.data_ptr<float>()}; }
};

// What the backward step needs of the forward one, each [n, ...]. The convolution's result `y` is left out where it is
// cheaper to compute again.
struct Kept {
  at::Tensor y, mean, inverseDeviation;
};

// `x` as arranged by the convolution -> pooled [n, outputs, h'/2, w'/2]. Fills `kept` where it has tensors.
at::Tensor forwardPass(const Convolution& convolution, const at::Tensor& x, const Parameters& parameters, Kept* kept) {
  const MapSize map = convolution.output();
  const int64_t images = x.size(0);
  const at::Tensor pooled = emptyMaps(images, map.channels, map.height / 2, map.width / 2);
  const float* input = x.data_ptr<float>();
  float* output = pooled.data_ptr<float>();
  const bool keepY = kept != nullptr && !convolution.cheaperThanMemory();
  if (kept != nullptr) {
    if (keepY) kept->y = emptyMaps(images, map.channels, map.height, map.width);
    kept->mean = at::empty({images, map.channels}, at::kFloat);
    kept->inverseDeviation = at::empty({images, map.channels}, at::kFloat);
  }
  const int64_t atOnce = convolution.imagesAtOnce();
  at::parallel_for(0, images, 1, [&](int64_t begin, int64_t end) {
    const Buffer workspace(convolution.workspace());
    const Buffer maps(keepY || convolution.cheaperThanMemory() ? 0 : atOnce * convolution.outputSize());
    const Buffer statistics(kept == nullptr ? 2 * atOnce * map.channels : 0);
    inSteps(begin, end, atOnce, [&](int64_t first, int64_t count) {
      float* y = keepY ? kept->y.data_ptr<float>() + first * convolution.outputSize() : maps.data();
      const int64_t place = first * map.channels;
      float* mean = kept == nullptr ? statistics.data() : kept->mean.data_ptr<float>() + place;
      float* inverse = kept == nullptr ? mean + atOnce * map.channels : kept->inverseDeviation.data_ptr<float>() + place;
      convolution.normReluPool(input + first * convolution.inputSize(), count, parameters.norm(),
                               static_cast<float>(parameters.epsilon), y, mean, inverse,
                               output + place * pooledArea(map), workspace.data());
    });
  });
  return pooled;
}

struct Gradients {
  at::Tensor x, weight, normWeight, normBias;
};

Gradients backwardPass(Convolution& convolution, const at::Tensor& x, const Parameters& parameters, const Kept& kept,
                       const at::Tensor& pooledGradient, bool inputWanted, bool weightWanted) {
  const MapSize map = convolution.output();
  const int64_t images = x.size(0);
  const at::Tensor incoming = pooledGradient.contiguous(at::MemoryFormat::ChannelsLast);
  Gradients result;
  if (inputWanted) {
    convolution.prepareInputGradient();
    result.x = at::empty_like(x);
  }
  const int64_t atOnce = convolution.imagesAtOnce();
  std::vector<Sums> sums(static_cast<size_t>(at::get_num_threads()));
  at::parallel_for(0, images, 1, [&](int64_t begin, int64_t end) {
    Sums& own = sums[static_cast<size_t>(at::get_thread_num())];
    own.norm = at::zeros({2, map.channels}, at::kFloat);
    if (weightWanted) own.weight = at::zeros({convolution.weightSums()}, at::kFloat);
    const Buffer workspace(convolution.workspace());
    const Buffer gradients(kept.y.defined() ? atOnce * convolution.outputSize() + compute().panelWidth : 0);
    float* normSums = own.norm.data_ptr<float>();
    inSteps(begin, end, atOnce, [&](int64_t first, int64_t count) {
      const int64_t place = first * map.channels;
      const KeptResult ofImages{kept.y.defined() ? kept.y.data_ptr<float>() + first * convolution.outputSize() : nullptr,
                               kept.mean.data_ptr<float>() + place, kept.inverseDeviation.data_ptr<float>() + place};
      const BlockGradients to{inputWanted ? result.x.data_ptr<float>() + first * convolution.inputSize() : nullptr,
                              weightWanted ? own.weight.data_ptr<float>() : nullptr, normSums, normSums + map.channels};
      convolution.normReluPoolBackward(x.data_ptr<float>() + first * convolution.inputSize(), count, parameters.norm(),
                                       ofImages, incoming.data_ptr<float>() + place * pooledArea(map), gradients.data(),
                                       to, workspace.data());
    });
  });
  if (weightWanted) {
    result.weight = at::empty({convolution.shape.outputs, convolution.shape.inputs, 3, 3}, at::kFloat);
    convolution.weightGradient(total(sums, &Sums::weight).data_ptr<float>(), result.weight.data_ptr<float>());
  }
  const at::Tensor norm = total(sums, &Sums::norm);
  result.normWeight = norm[0];
  result.normBias = norm[1];
  return result;
}

class BlockFunction : public torch::autograd::Function<BlockFunction> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& bias, const at::Tensor& normWeight, const at::Tensor& normBias,
                            int64_t padding, double epsilon) {
    at::AutoDispatchBelowADInplaceOrView guard;
    const std::unique_ptr<Convolution> convolution = makeConvolution(x, weight, padding);
    const at::Tensor input = convolution->arrange(x);
    Kept kept;
    const at::Tensor pooled = forwardPass(*convolution, input, {normWeight, normBias, epsilon}, &kept);
    context->save_for_backward({input, weight, bias, normWeight, normBias, kept.y, kept.mean, kept.inverseDeviation});
    context->saved_data["padding"] = padding;
    context->saved_data["epsilon"] = epsilon;
    context->saved_data["input wanted"] = x.requires_grad();
    context->saved_data["weight wanted"] = weight.requires_grad();
    return pooled;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    requireFirstOrder("ncfm::convolution_block");
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &bias = saved[2];
    const Parameters parameters{saved[3], saved[4], context->saved_data["epsilon"].toDouble()};
    const std::unique_ptr<Convolution> convolution =
        makeConvolution(x, weight, context->saved_data["padding"].toInt());
    const Gradients found =
        backwardPass(*convolution, x, parameters, {saved[5], saved[6], saved[7]}, gradients[0],
                     context->saved_data["input wanted"].toBool(), context->saved_data["weight wanted"].toBool());
    return {found.x, found.weight, at::zeros_like(bias), found.normWeight, found.normBias, at::Tensor(), at::Tensor()};
  }
};

at::Tensor convolutionBlock(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const at::Tensor& normWeight, const at::Tensor& normBias, int64_t padding, double epsilon) {
  checkConvolutionBlock(x, weight, bias, normWeight, normBias, padding);
  if (!hasConvolution(x, weight, padding) || !fusable(normWeight, normBias)) {
    return composedConvolutionBlock(x, weight, bias, normWeight, normBias, padding, epsilon);
  }
  const bool needsGrad = at::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad() ||
                                                        normWeight.requires_grad() || normBias.requires_grad());
  if (needsGrad) return BlockFunction::apply(x, weight, bias, normWeight, normBias, padding, epsilon);
  const std::unique_ptr<Convolution> convolution = makeConvolution(x, weight, padding);
  return forwardPass(*convolution, convolution->arrange(x), {normWeight, normBias, epsilon}, nullptr);
}

}  // namespace

TORCH_LIBRARY_IMPL(NCFM_LIBRARY, CPU, library) { library.impl("convolution_block", convolutionBlock); }

TORCH_LIBRARY_IMPL(NCFM_LIBRARY, AutogradCPU, library) { library.impl("convolution_block", convolutionBlock); }

}  // namespace ncfm
