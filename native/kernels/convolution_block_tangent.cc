// The ConvNet's block (convolution_block.cc) together with its derivative along a direction, in which the input and the
// parameters move, and the gradients of both. So the gradient of a loss's slope along a direction, which is of second
// order, takes one pass forward and one backward.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <tuple>
#include <vector>

#include "convolution.h"
#include "convolution_block.h"
#include "operators/first_order.h"

namespace ncfm {
namespace {

// What moves, and how; for maps, `tangent` is undefined where nothing moves.
struct Dual {
  at::Tensor value, tangent;
  DualMaps at(int64_t place) const { return {value.data_ptr<float>() + place, tangent.data_ptr<float>() + place}; }
};

struct DualNormParameters {
  Dual normWeight, normBias;
  DualNorm norm() const {
    const auto [scale, scaleTangent] = normWeight.at(0);
    const auto [shift, shiftTangent] = normBias.at(0);
    return {{scale, shift}, {scaleTangent, shiftTangent}};
  }
};

// y = x * W and its derivative ẏ = ẋ * W + x * Ẇ, for `x` as arranged by the convolution.
class DualConvolution {
 public:
  DualConvolution(const Dual& x, const Dual& weight, int64_t padding)
      : value(makeConvolution(x.value, weight.value, padding)),
        tangent(makeConvolution(x.value, weight.tangent, padding)),
        x_{value->arrange(x.value), x.tangent.defined() ? value->arrange(x.tangent) : at::Tensor()} {}

  const std::unique_ptr<Convolution> value, tangent;

  const Dual& x() const { return x_; }
  int64_t images() const { return x_.value.size(0); }
  int64_t inputPlace(int64_t image) const { return image * value->inputSize(); }
  int64_t outputPlace(int64_t image) const { return image * value->outputSize(); }

  Dual emptyOutput(int64_t images) const {
    const MapSize map = value->output();
    const auto empty = [&] { return emptyMaps(images, map.channels, map.height, map.width); };
    return {empty(), empty()};
  }

  // Writes the results of some images from a place of `y` on.
  void forward(int64_t first, int64_t count, const Dual& y, int64_t place, float* workspace) const {
    float* yTangent = y.tangent.data_ptr<float>() + place;
    const float* x = x_.value.data_ptr<float>() + inputPlace(first);
    value->forward(x, count, y.value.data_ptr<float>() + place, Into::replace, workspace);
    tangent->forward(x, count, yTangent, Into::replace, workspace);
    if (!x_.tangent.defined()) return;
    value->forward(x_.tangent.data_ptr<float>() + inputPlace(first), count, yTangent, Into::add, workspace);
  }

 private:
  const Dual x_;
};

// What the backward step needs of the forward one. The convolution's results `y` are left out where it is cheaper to
// compute them again; `statistics` are those of compute/instance_norm_tangent.cc.
constexpr int64_t statisticsRows = 4;
struct Kept {
  Dual y;
  at::Tensor statistics;
};

Dual forwardPass(const DualConvolution& convolution, const DualNormParameters& parameters, double epsilon, Kept& kept) {
  const MapSize map = convolution.value->output();
  const int64_t images = convolution.images();
  const int64_t pooledSize = map.channels * pooledArea(map);
  const auto emptyPooled = [&] { return emptyMaps(images, map.channels, map.height / 2, map.width / 2); };
  const Dual pooled{emptyPooled(), emptyPooled()};
  const bool keepY = !convolution.value->cheaperThanMemory();
  if (keepY) kept.y = convolution.emptyOutput(images);
  kept.statistics = at::empty({images, statisticsRows, map.channels}, at::kFloat);
  const int64_t atOnce = convolution.value->imagesAtOnce();
  at::parallel_for(0, images, 1, [&](int64_t begin, int64_t end) {
    const Buffer workspace(convolution.value->workspace());
    const Dual maps = keepY ? kept.y : convolution.emptyOutput(atOnce);
    inSteps(begin, end, atOnce, [&](int64_t first, int64_t count) {
      const int64_t place = keepY ? convolution.outputPlace(first) : 0;
      convolution.forward(first, count, maps, place, workspace.data());
      for (int64_t i = 0; i < count; ++i) {
        const int64_t image = first + i;
        const DualMaps one = maps.at(place + convolution.outputPlace(i));
        float* statistics = kept.statistics.data_ptr<float>() + image * statisticsRows * map.channels;
        compute().normStatistics(one.value, area(map), map.channels, static_cast<float>(epsilon), statistics,
                                 statistics + map.channels);
        compute().dualStatistics(one, area(map), map.channels, statistics);
        compute().dualReluPool(one, map, parameters.norm(), statistics,
                               pooled.value.data_ptr<float>() + image * pooledSize,
                               pooled.tangent.data_ptr<float>() + image * pooledSize);
      }
    });
  });
  return pooled;
}

struct Wanted {
  bool x, xTangent, weight;
};

struct Gradients {
  at::Tensor x, xTangent, weight, normWeight, normBias;
};

Gradients backwardPass(const DualConvolution& convolution, const DualNormParameters& parameters, const Kept& kept,
                       const Dual& pooledGradients, const Wanted& wanted) {
  const Convolution& value = *convolution.value;
  const MapSize map = value.output();
  const Dual& x = convolution.x();
  const Dual incoming{pooledGradients.value.contiguous(at::MemoryFormat::ChannelsLast),
                      pooledGradients.tangent.contiguous(at::MemoryFormat::ChannelsLast)};
  Gradients result;
  if (wanted.x || wanted.xTangent) convolution.value->prepareInputGradient();
  if (wanted.x) {
    convolution.tangent->prepareInputGradient();
    result.x = at::empty_like(x.value);
  }
  if (wanted.xTangent) result.xTangent = at::empty_like(x.tangent);
  const int64_t atOnce = value.imagesAtOnce();
  const bool keptY = kept.y.value.defined();
  std::vector<Sums> sums(static_cast<size_t>(at::get_num_threads()));
  at::parallel_for(0, convolution.images(), 1, [&](int64_t begin, int64_t end) {
    Sums& own = sums[static_cast<size_t>(at::get_thread_num())];
    own.norm = at::zeros({2, map.channels}, at::kFloat);
    if (wanted.weight) own.weight = at::zeros({value.weightSums()}, at::kFloat);
    const Buffer workspace(value.workspace());
    const Buffer gradients(atOnce * value.outputSize() + compute().panelWidth);
    const Buffer tangentGradients(atOnce * value.outputSize() + compute().panelWidth);
    const Dual maps = keptY ? kept.y : convolution.emptyOutput(atOnce);
    inSteps(begin, end, atOnce, [&](int64_t first, int64_t count) {
      const int64_t place = keptY ? convolution.outputPlace(first) : 0;
      if (!keptY) convolution.forward(first, count, maps, place, workspace.data());
      for (int64_t i = 0; i < count; ++i) {
        const int64_t image = first + i;
        float* normSums = own.norm.data_ptr<float>();
        compute().dualReluPoolBackward(maps.at(place + convolution.outputPlace(i)), map, parameters.norm(),
                                       kept.statistics.data_ptr<float>() + image * statisticsRows * map.channels,
                                       incoming.at(image * map.channels * pooledArea(map)),
                                       gradients.data() + convolution.outputPlace(i),
                                       tangentGradients.data() + convolution.outputPlace(i), normSums,
                                       normSums + map.channels);
      }
      const int64_t source = convolution.inputPlace(first);
      if (wanted.x) {
        float* target = result.x.data_ptr<float>() + source;
        value.inputGradient(gradients.data(), count, target, Into::replace, workspace.data());
        convolution.tangent->inputGradient(tangentGradients.data(), count, target, Into::add, workspace.data());
      }
      if (wanted.xTangent) {
        value.inputGradient(tangentGradients.data(), count, result.xTangent.data_ptr<float>() + source, Into::replace,
                            workspace.data());
      }
      if (wanted.weight) {
        float* weightSums = own.weight.data_ptr<float>();
        value.addWeightGradient(x.value.data_ptr<float>() + source, gradients.data(), count, weightSums,
                                workspace.data());
        if (x.tangent.defined()) {
          value.addWeightGradient(x.tangent.data_ptr<float>() + source, tangentGradients.data(), count, weightSums,
                                  workspace.data());
        }
      }
    });
  });
  if (wanted.weight) {
    result.weight = at::empty({value.shape.outputs, value.shape.inputs, 3, 3}, at::kFloat);
    value.weightGradient(total(sums, &Sums::weight).data_ptr<float>(), result.weight.data_ptr<float>());
  }
  const at::Tensor norm = total(sums, &Sums::norm);
  result.normWeight = norm[0];
  result.normBias = norm[1];
  return result;
}

class BlockTangentFunction : public torch::autograd::Function<BlockTangentFunction> {
 public:
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                                                const at::Tensor& xTangent, const at::Tensor& weight,
                                                const at::Tensor& weightTangent, const at::Tensor& bias,
                                                const at::Tensor& normWeight, const at::Tensor& normWeightTangent,
                                                const at::Tensor& normBias, const at::Tensor& normBiasTangent,
                                                int64_t padding, double epsilon) {
    at::AutoDispatchBelowADInplaceOrView guard;
    const at::Tensor moved = xTangent.numel() > 0 ? xTangent : at::Tensor();
    const DualConvolution convolution({x, moved}, {weight, weightTangent}, padding);
    const DualNormParameters parameters{{normWeight, normWeightTangent}, {normBias, normBiasTangent}};
    Kept kept;
    const Dual pooled = forwardPass(convolution, parameters, epsilon, kept);
    context->save_for_backward({convolution.x().value, convolution.x().tangent, weight, weightTangent, normWeight,
                                normWeightTangent, normBias, normBiasTangent, kept.y.value, kept.y.tangent,
                                kept.statistics, bias});
    context->saved_data["padding"] = padding;
    return {pooled.value, pooled.tangent};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    requireFirstOrder("ncfm::convolution_block_tangent");
    const auto saved = context->get_saved_variables();
    const DualConvolution convolution({saved[0], saved[1]}, {saved[2], saved[3]},
                                      context->saved_data["padding"].toInt());
    const DualNormParameters parameters{{saved[4], saved[5]}, {saved[6], saved[7]}};
    const Wanted wanted{context->needs_input_grad(0), context->needs_input_grad(1), context->needs_input_grad(2)};
    const Gradients found = backwardPass(convolution, parameters, {{saved[8], saved[9]}, saved[10]},
                                         {gradients[0], gradients[1]}, wanted);
    const at::Tensor none;
    return {found.x,          found.xTangent, found.weight,   none, at::zeros_like(saved[11]),
            found.normWeight, none,           found.normBias, none, none, none};
  }
};

// As convolution_block, with the derivatives of the input (none where it stays) and of the parameters: constants but for
// the input's, whose gradient is computed as the others' are -> pooled maps and their derivative.
std::tuple<at::Tensor, at::Tensor> convolutionBlockTangent(
    const at::Tensor& x, const c10::optional<at::Tensor>& xTangent, const at::Tensor& weight,
    const at::Tensor& weightTangent, const at::Tensor& bias, const at::Tensor& normWeight,
    const at::Tensor& normWeightTangent, const at::Tensor& normBias, const at::Tensor& normBiasTangent, int64_t padding,
    double epsilon) {
  TORCH_CHECK(x.dim() == 4 && weight.dim() == 4 && x.size(1) == weight.size(1),
              "expected images [n, c, h, w] and weights [outputs, c, k, k], got ", x.sizes(), " and ", weight.sizes());
  TORCH_CHECK(hasConvolution(x, weight, padding) && fusable(normWeight, normBias),
              "expected float32 tensors on the CPU, 3x3 weights, and padding 1 or few channels");
  const int64_t outputs = weight.size(0);
  TORCH_CHECK(bias.numel() == outputs && normWeight.numel() == outputs && normBias.numel() == outputs,
              "expected one bias and one scale and shift for each of ", outputs, " channels");
  const int64_t shrink = 2 - 2 * padding;
  TORCH_CHECK(x.size(2) - shrink >= 2 && x.size(3) - shrink >= 2, "images of ", x.sizes(), " leave no 2x2 window to pool");
  // An input of autograd has to be defined: none is an empty one.
  const at::Tensor moved = xTangent.has_value() ? *xTangent : x.new_empty({0});
  const auto alike = [](const at::Tensor& value, const at::Tensor& tangent) {
    return tangent.sizes() == value.sizes() && tangent.options().type_equal(value.options());
  };
  TORCH_CHECK((!xTangent.has_value() || alike(x, moved)) && alike(weight, weightTangent) &&
                  alike(normWeight, normWeightTangent) && alike(normBias, normBiasTangent),
              "expected derivatives of the shape and type of what they are of");
  const auto results =
      BlockTangentFunction::apply(x, moved, weight, weightTangent, bias, normWeight, normWeightTangent.contiguous(),
                                  normBias, normBiasTangent.contiguous(), padding, epsilon);
  return {results[0], results[1]};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(ncfm, library) {
  library.def(
      "convolution_block_tangent(Tensor x, Tensor? x_tangent, Tensor weight, Tensor weight_tangent, Tensor bias, "
      "Tensor norm_weight, Tensor norm_weight_tangent, Tensor norm_bias, Tensor norm_bias_tangent, int padding, "
      "float epsilon) -> (Tensor, Tensor)",
      convolutionBlockTangent);
}

}  // namespace ncfm
