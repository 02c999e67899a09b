// Bytes <-> tensors.
#include <ATen/ATen.h>

#include <cstring>
#include <stdexcept>

#include "addon.h"
#include "convert.h"
#include "handle.h"

namespace ncfm {
namespace {

std::pair<const char*, size_t> bytesOf(const Napi::Value& value) {
  if (!value.IsTypedArray()) throw std::invalid_argument("expected a typed array");
  const auto array = value.As<Napi::TypedArray>();
  const char* data = static_cast<const char*>(array.ArrayBuffer().Data()) + array.ByteOffset();
  return {data, array.ByteLength()};
}

// fromBytes(typedArray, shape, dtype): copies.
Napi::Value fromBytes(const Napi::CallbackInfo& info) {
  const auto [data, size] = bytesOf(info[0]);
  const auto shape = toIValue(info[1], c10::ListType::ofInts()).toIntVector();
  const auto dtype = static_cast<at::ScalarType>(info[2].As<Napi::Number>().Int32Value());
  at::Tensor tensor = at::empty(shape, dtype);
  if (static_cast<size_t>(tensor.nbytes()) != size) {
    throw std::invalid_argument("a tensor of this shape needs " + std::to_string(tensor.nbytes()) + " bytes, got " +
                                std::to_string(size));
  }
  if (size > 0) std::memcpy(tensor.data_ptr(), data, size);
  return wrapTensor(info.Env(), tensor);
}

Napi::Value toBytes(const Napi::CallbackInfo& info) {
  const at::Tensor tensor = unwrapTensor(info[0]).detach().to(at::kCPU).contiguous();
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(info.Env(), tensor.nbytes());
  if (tensor.nbytes() > 0) std::memcpy(buffer.Data(), tensor.data_ptr(), tensor.nbytes());
  return buffer;
}

}  // namespace

void registerSerialize(Napi::Env env, Napi::Object exports) {
  define<fromBytes>(env, exports, "fromBytes");
  define<toBytes>(env, exports, "toBytes");
}

}  // namespace ncfm
