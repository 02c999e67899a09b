// Seeded generators whose state can be read and set.
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

#include <cstring>
#include <memory>
#include <mutex>
#include <stdexcept>

#include "addon.h"
#include "handle.h"
#include "standin.h"

namespace ncfm {
namespace {

at::Generator makeGenerator(const c10::Device& device, uint64_t seed) {
  if (device.is_cpu() || device.type() == standInType) return at::detail::createCPUGenerator(seed);
  const at::Generator& standard = at::globalContext().defaultGenerator(device);
  at::Generator generator = standard.clone();
  generator.set_current_seed(seed);
  return generator;
}

Napi::Value createGenerator(const Napi::CallbackInfo& info) {
  const c10::Device device(info[0].As<Napi::String>().Utf8Value());
  return wrapGenerator(info.Env(), makeGenerator(device, static_cast<uint64_t>(info[1].As<Napi::Number>().Int64Value())));
}

Napi::Value generatorState(const Napi::CallbackInfo& info) {
  at::Generator generator = unwrapGenerator(info[0]);
  std::lock_guard<std::mutex> lock(generator.mutex());
  const at::Tensor state = generator.get_state().contiguous();
  Napi::Uint8Array bytes = Napi::Uint8Array::New(info.Env(), static_cast<size_t>(state.numel()));
  std::memcpy(bytes.Data(), state.data_ptr<uint8_t>(), bytes.ByteLength());
  return bytes;
}

Napi::Value setGeneratorState(const Napi::CallbackInfo& info) {
  at::Generator generator = unwrapGenerator(info[0]);
  const auto bytes = info[1].As<Napi::Uint8Array>();
  at::Tensor state = at::empty({static_cast<int64_t>(bytes.ByteLength())}, at::kByte);
  std::memcpy(state.data_ptr<uint8_t>(), bytes.Data(), bytes.ByteLength());
  std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(state);
  return info.Env().Undefined();
}

}  // namespace

Napi::Value wrapGenerator(Napi::Env env, at::Generator generator) {
  auto handle = std::make_unique<GeneratorHandle>();
  handle->generator = std::move(generator);
  const Napi::Value external = Napi::External<GeneratorHandle>::New(
      env, handle.get(), [](Napi::Env, GeneratorHandle* dying) { delete dying; });
  handle.release();  // the external's now
  return external;
}

const at::Generator& unwrapGenerator(const Napi::Value& value) {
  if (value.IsExternal()) {
    auto* handle = value.As<Napi::External<GeneratorHandle>>().Data();
    if (handle->kind == HandleKind::generator) return handle->generator;
  }
  throw std::invalid_argument("expected a random generator");
}

void registerRandom(Napi::Env env, Napi::Object exports) {
  define<createGenerator>(env, exports, "createGenerator");
  define<generatorState>(env, exports, "generatorState");
  define<setGeneratorState>(env, exports, "setGeneratorState");
}

}  // namespace ncfm
