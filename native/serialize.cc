// Bytes <-> tensors.
#include <ATen/ATen.h>

#include <cstring>
#include <stdexcept>

#include "addon.h"
#include "convert.h"
#include "handle.h"
#include "standin.h"

namespace ncfm {
namespace {

std::pair<const char*, size_t> bytesOf(const Napi::Value& value) {
  if (!value.IsTypedArray()) throw std::invalid_argument("expected a typed array");
  const auto array = value.As<Napi::TypedArray>();
  const char* data = static_cast<const char*>(array.ArrayBuffer().Data()) + array.ByteOffset();
  return {data, array.ByteLength()};
}

// fromBytes(typedArray, shape, dtype, device): copies. To a GPU by way of pinned memory, so that the host does not wait;
// LibTorch keeps the memory until the copy is over.
Napi::Value fromBytes(const Napi::CallbackInfo& info) {
  const auto [data, size] = bytesOf(info[0]);
  const auto shape = toIValue(info[1], c10::ListType::ofInts()).toIntVector();
  const auto dtype = static_cast<at::ScalarType>(info[2].As<Napi::Number>().Int32Value());
  const c10::Device device(info[3].IsString() ? info[3].As<Napi::String>().Utf8Value() : "cpu");
  at::Tensor tensor = at::empty(shape, at::TensorOptions().dtype(dtype).pinned_memory(device.is_cuda()));
  if (static_cast<size_t>(tensor.nbytes()) != size) {
    throw std::invalid_argument("a tensor of this shape needs " + std::to_string(tensor.nbytes()) + " bytes, got " +
                                std::to_string(size));
  }
  if (size > 0) std::memcpy(tensor.data_ptr(), data, size);
  return wrapTensor(info.Env(), device.is_cpu() ? tensor : tensor.to(device, /*non_blocking=*/true));
}

Napi::Value toBytes(const Napi::CallbackInfo& info) {
  if (unwrapTensor(info[0]).is_cuda()) countSynchronizingCall();
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
