// Gradients of outputs with respect to inputs, and the gradient mode.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <vector>

#include "addon.h"
#include "convert.h"
#include "handle.h"

namespace ncfm {
namespace {

std::vector<at::Tensor> tensors(const Napi::Value& value) {
  std::vector<at::Tensor> list;
  const auto array = value.As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length(); ++i) list.push_back(unwrapTensor(array.Get(i)));
  return list;
}

// grad(outputs, inputs, gradOutputs | null, retainGraph, createGraph, allowUnused) -> gradients, null where unused
Napi::Value grad(const Napi::CallbackInfo& info) {
  const auto gradOutputs = info[2].IsArray() ? tensors(info[2]) : std::vector<at::Tensor>{};
  const auto gradients = torch::autograd::grad(tensors(info[0]), tensors(info[1]), gradOutputs,
                                               info[3].ToBoolean().Value(), info[4].ToBoolean().Value(),
                                               info[5].ToBoolean().Value());
  Napi::Array array = Napi::Array::New(info.Env(), gradients.size());
  for (size_t i = 0; i < gradients.size(); ++i) {
    array.Set(static_cast<uint32_t>(i), toJavaScript(info.Env(), c10::IValue(gradients[i])));
  }
  return array;
}

Napi::Value setGradEnabled(const Napi::CallbackInfo& info) {
  const bool previous = c10::GradMode::is_enabled();
  c10::GradMode::set_enabled(info[0].ToBoolean());
  return Napi::Boolean::New(info.Env(), previous);
}

}  // namespace

void registerAutograd(Napi::Env env, Napi::Object exports) {
  define<grad>(env, exports, "grad");
  define<setGradEnabled>(env, exports, "setGradEnabled");
}

}  // namespace ncfm
