// Processes that work together: a store of small values, and collectives on tensors, both PyTorch's own (c10d, Gloo).
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "addon.h"
#include "handle.h"

#if defined(NCFM_HAS_COLLECTIVES)
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#endif

namespace ncfm {
namespace {

#if defined(NCFM_HAS_COLLECTIVES)

template <HandleKind handleKind, typename Value>
struct Owned {
  HandleKind kind = handleKind;
  c10::intrusive_ptr<Value> value;
};

using StoreHandle = Owned<HandleKind::store, c10d::TCPStore>;
using GroupHandle = Owned<HandleKind::group, c10d::ProcessGroupGloo>;
using WorkHandle = Owned<HandleKind::work, c10d::Work>;

template <typename Handle, typename Value>
Napi::Value wrap(Napi::Env env, c10::intrusive_ptr<Value> value) {
  auto handle = std::make_unique<Handle>();
  handle->value = std::move(value);
  const Napi::Value external =
      Napi::External<Handle>::New(env, handle.get(), [](Napi::Env, Handle* dying) { delete dying; });
  handle.release();  // the external's now
  return external;
}

template <typename Handle>
Handle& unwrap(const Napi::Value& value) {
  if (value.IsExternal()) {
    auto* handle = value.As<Napi::External<Handle>>().Data();
    if (handle->kind == Handle().kind && handle->value) return *handle;
  }
  throw std::invalid_argument("expected a store, a group of processes or its work that is still open");
}

std::chrono::milliseconds milliseconds(const Napi::Value& value) {
  return std::chrono::milliseconds(value.As<Napi::Number>().Int64Value());
}

std::vector<uint8_t> bytes(const Napi::Value& value) {
  const std::string text = value.As<Napi::String>();
  return {text.begin(), text.end()};
}

Napi::Value text(Napi::Env env, const std::vector<uint8_t>& value) {
  return Napi::String::New(env, std::string(value.begin(), value.end()));
}

std::vector<at::Tensor> tensors(const Napi::Value& value) {
  const auto list = value.As<Napi::Array>();
  std::vector<at::Tensor> result;
  for (uint32_t i = 0; i < list.Length(); ++i) result.push_back(unwrapTensor(list.Get(i)));
  return result;
}

// (host, port, isServer, milliseconds): serves at the port (any free one for 0), or is a client of who does.
Napi::Value openStore(const Napi::CallbackInfo& info) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(info[1].As<Napi::Number>().Uint32Value());
  options.isServer = info[2].As<Napi::Boolean>();
  options.waitWorkers = false;
  options.timeout = milliseconds(info[3]);
  return wrap<StoreHandle>(info.Env(),
                           c10::make_intrusive<c10d::TCPStore>(info[0].As<Napi::String>().Utf8Value(), options));
}

Napi::Value storePort(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), unwrap<StoreHandle>(info[0]).value->getPort());
}

Napi::Value storeSet(const Napi::CallbackInfo& info) {
  unwrap<StoreHandle>(info[0]).value->set(info[1].As<Napi::String>(), bytes(info[2]));
  return info.Env().Undefined();
}

// (store, key): the key's value, or null where it has none.
Napi::Value storeGet(const Napi::CallbackInfo& info) {
  const auto& store = unwrap<StoreHandle>(info[0]).value;
  const std::string key = info[1].As<Napi::String>();
  if (!store->check({key})) return info.Env().Null();
  return text(info.Env(), store->get(key));
}

// (store, key, value): the key's value, which is this one unless it had one before.
Napi::Value storeClaim(const Napi::CallbackInfo& info) {
  const auto& store = unwrap<StoreHandle>(info[0]).value;
  return text(info.Env(), store->compareSet(info[1].As<Napi::String>(), {}, bytes(info[2])));
}

// (store, rank, size, interface or address, whether it is an address, milliseconds): returns when all have come.
Napi::Value openGroup(const Napi::CallbackInfo& info) {
  const std::string place = info[3].As<Napi::String>();
  auto options = c10d::ProcessGroupGloo::Options::create(milliseconds(info[5]));
  options->devices.push_back(info[4].As<Napi::Boolean>() ? c10d::ProcessGroupGloo::createDeviceForHostname(place)
                                                         : c10d::ProcessGroupGloo::createDeviceForInterface(place));
  return wrap<GroupHandle>(info.Env(), c10::make_intrusive<c10d::ProcessGroupGloo>(
                                           unwrap<StoreHandle>(info[0]).value, info[1].As<Napi::Number>().Int32Value(),
                                           info[2].As<Napi::Number>().Int32Value(), options));
}

// (group, tensors, tensor): every process's tensor, in order, into tensors of its shape.
Napi::Value groupGather(const Napi::CallbackInfo& info) {
  std::vector<std::vector<at::Tensor>> outputs{tensors(info[1])};
  std::vector<at::Tensor> inputs{unwrapTensor(info[2])};
  return wrap<WorkHandle>(info.Env(), unwrap<GroupHandle>(info[0]).value->allgather(outputs, inputs));
}

// (group, tensor): becomes the sum of all processes' tensors.
Napi::Value groupSum(const Napi::CallbackInfo& info) {
  std::vector<at::Tensor> values{unwrapTensor(info[1])};
  return wrap<WorkHandle>(info.Env(), unwrap<GroupHandle>(info[0]).value->allreduce(values));
}

// (group, tensor, rank): becomes that process's tensor.
Napi::Value groupBroadcast(const Napi::CallbackInfo& info) {
  std::vector<at::Tensor> values{unwrapTensor(info[1])};
  c10d::BroadcastOptions options;
  options.rootRank = info[2].As<Napi::Number>().Int64Value();
  return wrap<WorkHandle>(info.Env(), unwrap<GroupHandle>(info[0]).value->broadcast(values, options));
}

// Waits for the work's end; throws what went wrong with it.
Napi::Value workWait(const Napi::CallbackInfo& info) {
  WorkHandle& handle = unwrap<WorkHandle>(info[0]);
  const auto work = std::move(handle.value);
  work->wait();
  return info.Env().Undefined();
}

template <typename Handle>
Napi::Value close(const Napi::CallbackInfo& info) {
  unwrap<Handle>(info[0]).value.reset();
  return info.Env().Undefined();
}

constexpr bool hasCollectives = true;

#else

constexpr bool hasCollectives = false;

#endif

}  // namespace

void registerCollective(Napi::Env env, Napi::Object exports) {
  exports.Set("hasCollectives", Napi::Boolean::New(env, hasCollectives));
#if defined(NCFM_HAS_COLLECTIVES)
  define<openStore>(env, exports, "openStore");
  define<storePort>(env, exports, "storePort");
  define<storeSet>(env, exports, "storeSet");
  define<storeGet>(env, exports, "storeGet");
  define<storeClaim>(env, exports, "storeClaim");
  define<close<StoreHandle>>(env, exports, "closeStore");
  define<openGroup>(env, exports, "openGroup");
  define<groupGather>(env, exports, "groupGather");
  define<groupSum>(env, exports, "groupSum");
  define<groupBroadcast>(env, exports, "groupBroadcast");
  define<close<GroupHandle>>(env, exports, "closeGroup");
  define<workWait>(env, exports, "workWait");
#endif
}

}  // namespace ncfm
