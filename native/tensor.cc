// Owned tensor handles: dispose, finalizer as a backstop, live count, external memory reported to V8.
#include "handle.h"

#include <ATen/ATen.h>

#include <atomic>
#include <memory>
#include <stdexcept>

#include "addon.h"
#include "convert.h"

namespace ncfm {
namespace {

std::atomic<int64_t> liveHandles{0};

// What V8 is told that a tensor takes of this process's memory: memory of a GPU is none of it. Views share their storage
// with a tensor that reported it already; only a sole owner reports.
int64_t ownedBytes(const at::Tensor& tensor) {
  if (!tensor.defined() || !tensor.device().is_cpu() || !tensor.has_storage()) return 0;
  if (tensor.storage().use_count() > 1) return 0;
  return static_cast<int64_t>(tensor.storage().nbytes());
}

void release(Napi::Env env, TensorHandle& handle) {
  if (!handle.live) return;
  handle.live = false;
  handle.tensor = at::Tensor();
  liveHandles.fetch_sub(1, std::memory_order_relaxed);
  if (handle.reportedBytes > 0) Napi::MemoryManagement::AdjustExternalMemory(env, -handle.reportedBytes);
}

TensorHandle& tensorHandle(const Napi::Value& value) {
  if (!isTensorHandle(value)) throw std::invalid_argument("expected a tensor");
  return *value.As<Napi::External<TensorHandle>>().Data();
}

Napi::Value dispose(const Napi::CallbackInfo& info) {
  release(info.Env(), tensorHandle(info[0]));
  return info.Env().Undefined();
}

Napi::Value liveCount(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(liveHandles.load()));
}

Napi::Value shape(const Napi::CallbackInfo& info) {
  return toJavaScript(info.Env(), c10::IValue(unwrapTensor(info[0]).sizes()));
}

Napi::Value dtype(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<int>(unwrapTensor(info[0]).scalar_type()));
}

Napi::Value device(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), unwrapTensor(info[0]).device().str());
}

Napi::Value requiresGrad(const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = unwrapTensor(info[0]);
  if (info.Length() > 1) tensor.requires_grad_(info[1].ToBoolean());
  return Napi::Boolean::New(info.Env(), tensor.requires_grad());
}

}  // namespace

Napi::Value wrapTensor(Napi::Env env, at::Tensor tensor) {
  auto handle = std::make_unique<TensorHandle>();
  handle->tensor = std::move(tensor);
  const Napi::Value external =
      Napi::External<TensorHandle>::New(env, handle.get(), [](Napi::Env finalizerEnv, TensorHandle* dying) {
        const std::unique_ptr<TensorHandle> owned(dying);  // deleted even where V8 cannot be told
        release(finalizerEnv, *owned);
      });
  TensorHandle& live = *handle.release();  // the external's now
  live.live = true;
  liveHandles.fetch_add(1, std::memory_order_relaxed);
  const int64_t bytes = ownedBytes(live.tensor);
  if (bytes > 0) {
    Napi::MemoryManagement::AdjustExternalMemory(env, bytes);
    live.reportedBytes = bytes;
  }
  return external;
}

bool isTensorHandle(const Napi::Value& value) {
  return value.IsExternal() && value.As<Napi::External<TensorHandle>>().Data()->kind == HandleKind::tensor;
}

const at::Tensor& unwrapTensor(const Napi::Value& value) {
  TensorHandle& handle = tensorHandle(value);
  if (!handle.live) {
    throw std::invalid_argument(
        "this tensor was already released: it was disposed, or the scope that created it has ended "
        "(return it from the scope, or keep() it)");
  }
  return handle.tensor;
}

void registerTensor(Napi::Env env, Napi::Object exports) {
  define<dispose>(env, exports, "dispose");
  define<liveCount>(env, exports, "liveCount");
  define<shape>(env, exports, "shape");
  define<dtype>(env, exports, "dtype");
  define<device>(env, exports, "device");
  define<requiresGrad>(env, exports, "requiresGrad");
}

}  // namespace ncfm
