// Owned native objects as JavaScript sees them: opaque externals with an explicit `dispose`.
#pragma once

#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <napi.h>

#include <cstdint>

namespace ncfm {

// The first field of every handle, so that a generator passed where a tensor is expected is an error and not a crash.
enum class HandleKind : uint32_t {
  tensor = 0x7e450001,
  generator = 0x7e450002,
  store = 0x7e450003,
  group = 0x7e450004,
  work = 0x7e450005
};

struct TensorHandle {
  HandleKind kind = HandleKind::tensor;
  at::Tensor tensor;
  int64_t reportedBytes = 0;
  bool live = false;
};

struct GeneratorHandle {
  HandleKind kind = HandleKind::generator;
  at::Generator generator;
};

Napi::Value wrapTensor(Napi::Env env, at::Tensor tensor);
const at::Tensor& unwrapTensor(const Napi::Value& value);
bool isTensorHandle(const Napi::Value& value);

Napi::Value wrapGenerator(Napi::Env env, at::Generator generator);
const at::Generator& unwrapGenerator(const Napi::Value& value);

}  // namespace ncfm
