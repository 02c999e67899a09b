// The gradients of the characteristic function, whichever kernels compute it.
#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include <string>
#include <tuple>
#include <utility>

#include "composed.h"
#include "first_order.h"

namespace ncfm {

// Results over each group, [groups, T]; where they are to be differentiated, what the kernels keep for that, or nothing.
struct CharacteristicMeans {
  at::Tensor cosines, sines, kept;
};

struct CharacteristicRequest {
  at::Tensor features, frequencies;
  int64_t groups;
  std::string precision;
  bool differentiable;
};

// The loss's gradients with respect to the results, divided by the rows of a group, contiguous; and which ones are wanted.
struct CharacteristicGradients {
  at::Tensor cosines, sines;
  int64_t perGroup;
  bool features, frequencies;
};

// `Kernels` has, for contiguous tensors,
//   static bool fit(const at::Tensor&), whether they read such a tensor
//   static CharacteristicMeans forward(const CharacteristicRequest&)
//   static std::pair<at::Tensor, at::Tensor> backward(const CharacteristicRequest&, const at::Tensor& kept,
//                                                     const CharacteristicGradients&), undefined where not wanted.
template <class Kernels>
class CharacteristicFunction : public torch::autograd::Function<CharacteristicFunction<Kernels>> {
 public:
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context, const at::Tensor& features,
                                                const at::Tensor& frequencies, int64_t groups,
                                                const std::string& precision) {
    at::AutoDispatchBelowADInplaceOrView guard;
    const CharacteristicMeans means = Kernels::forward({features, frequencies, groups, precision, true});
    context->save_for_backward({features, frequencies, means.kept});
    context->saved_data["precision"] = precision;
    context->saved_data["features wanted"] = features.requires_grad();
    context->saved_data["frequencies wanted"] = frequencies.requires_grad();
    return {means.cosines, means.sines};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    requireFirstOrder("ncfm::characteristic_function");
    const auto saved = context->get_saved_variables();
    const int64_t groups = gradients[0].size(0), perGroup = saved[0].size(0) / groups;
    const CharacteristicGradients incoming{gradients[0].div(perGroup).contiguous(),
                                           gradients[1].div(perGroup).contiguous(), perGroup,
                                           context->saved_data["features wanted"].toBool(),
                                           context->saved_data["frequencies wanted"].toBool()};
    auto [features, frequencies] = Kernels::backward(
        {saved[0], saved[1], groups, context->saved_data["precision"].toStringRef(), true}, saved[2], incoming);
    return {features, frequencies, at::Tensor(), at::Tensor()};
  }
};

// For the keys of a device and of its gradients. Nothing is kept for gradients where none are wanted.
template <class Kernels>
std::tuple<at::Tensor, at::Tensor> characteristicFunctionBy(const at::Tensor& features, const at::Tensor& frequencies,
                                                            int64_t groups, std::string precision) {
  checkCharacteristicFunction(features, frequencies, groups);
  if (!Kernels::fit(features) || !Kernels::fit(frequencies) || features.device() != frequencies.device()) {
    return composedCharacteristicFunction(features, frequencies, groups);
  }
  const at::Tensor rows = features.contiguous(), t = frequencies.contiguous();
  const bool needsGrad = at::GradMode::is_enabled() && (features.requires_grad() || frequencies.requires_grad());
  if (!needsGrad) {
    at::AutoDispatchBelowADInplaceOrView guard;
    const CharacteristicMeans means = Kernels::forward({rows, t, groups, precision, false});
    return {means.cosines, means.sines};
  }
  const auto parts = CharacteristicFunction<Kernels>::apply(rows, t, groups, precision);
  return {parts[0], parts[1]};
}

}  // namespace ncfm
