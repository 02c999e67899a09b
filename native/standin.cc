// A device that stands in for a GPU where there is none. Its tensors lie in the host's memory and its operators are
// LibTorch's for the CPU, but to LibTorch they are of another device. So it shows two things that cost dear on a GPU:
// tensors of two devices in one operator, which it refuses, and calls that make the host wait, which it counts.
#include "standin.h"

#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <array>
#include <atomic>
#include <cstring>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "addon.h"
#include "allocator.h"

namespace ncfm {
namespace {

std::atomic<int64_t> synchronizingCallCount{0};

const c10::Device standIn(standInType, 0);

void forget(void* storage) { delete static_cast<c10::Storage*>(storage); }

// The memory of a storage under another device; the storage lives as long as it.
c10::DataPtr lent(const c10::Storage& storage, c10::Device device) {
  return {const_cast<void*>(static_cast<const void*>(storage.data())), new c10::Storage(storage), forget, device};
}

struct StandInAllocator final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) NCFM_ALLOCATE_CONST override {
    c10::Allocator* host = c10::GetAllocator(c10::kCPU);
    const c10::Storage storage(c10::Storage::use_byte_size_t(), bytes, host->allocate(bytes), host, false);
    return lent(storage, standIn);
  }

  // Pure since LibTorch 2.1, unknown before.
  void copy_data(void* to, const void* from, std::size_t bytes) const { std::memcpy(to, from, bytes); }
};

StandInAllocator allocator;

at::Tensor viewOf(c10::Storage storage, c10::DispatchKey key, const at::Tensor& like) {
  at::Tensor tensor =
      at::detail::make_tensor<c10::TensorImpl>(std::move(storage), c10::DispatchKeySet(key), like.dtype());
  tensor.unsafeGetTensorImpl()->set_storage_offset(like.storage_offset());
  tensor.unsafeGetTensorImpl()->set_sizes_and_strides(like.sizes(), like.strides());
  return tensor;
}

bool isOnStandIn(const at::Tensor& tensor) { return tensor.defined() && tensor.device().type() == standInType; }

// One call of an operator: its arguments as the CPU's tensors over the same memory, and its results back.
class HostCall {
 public:
  at::Tensor enter(const at::Tensor& tensor, const std::string& name) {
    if (!tensor.defined()) return tensor;
    if (!isOnStandIn(tensor)) {
      TORCH_CHECK(tensor.dim() == 0, name, ": expected all tensors to be on the same device, but found at least two devices, ", standIn, " and ",
                  tensor.device(), " (a tensor ", tensor.sizes(), ")");
      return tensor;
    }
    for (const auto& [there, here] : pairs_) {
      if (there.is_same(tensor)) return here;
    }
    c10::Storage storage = storageOf(tensor);
    pairs_.emplace_back(tensor, viewOf(std::move(storage), c10::DispatchKey::CPU, tensor));
    return pairs_.back().second;
  }

  at::Tensor leave(const at::Tensor& result) {
    if (!result.defined()) return result;
    for (auto& [there, here] : pairs_) {
      if (!here.is_same(result)) continue;
      adopt(there, here);
      return there;
    }
    for (const auto& [there, here] : pairs_) {
      if (here.storage().unsafeGetStorageImpl() == result.storage().unsafeGetStorageImpl()) {
        return viewOf(there.storage(), c10::DispatchKey::PrivateUse1, result);
      }
    }
    c10::Storage storage(c10::Storage::use_byte_size_t(), result.storage().nbytes(), lent(result.storage(), standIn),
                         &allocator, false);
    return viewOf(std::move(storage), c10::DispatchKey::PrivateUse1, result);
  }

 private:
  // Two tensors over one storage share it on the other side too, so that what is written to one is a view's as well.
  c10::Storage storageOf(const at::Tensor& tensor) const {
    for (const auto& [there, here] : pairs_) {
      if (there.storage().unsafeGetStorageImpl() == tensor.storage().unsafeGetStorageImpl()) return here.storage();
    }
    return {c10::Storage::use_byte_size_t(), tensor.storage().nbytes(), lent(tensor.storage(), c10::kCPU),
            c10::GetAllocator(c10::kCPU), true};
  }

  // An operator that fills its argument may have given it another size and other memory.
  static void adopt(const at::Tensor& there, const at::Tensor& here) {
    if (here.storage().data() != there.storage().data()) {
      c10::StorageImpl* storage = there.storage().unsafeGetStorageImpl();
      storage->set_data_ptr_noswap(lent(here.storage(), standIn));
      storage->set_nbytes(here.storage().nbytes());
    }
    if (there.sizes() == here.sizes() && there.strides() == here.strides()) return;
    there.unsafeGetTensorImpl()->set_sizes_and_strides(here.sizes(), here.strides());
  }

  std::vector<std::pair<at::Tensor, at::Tensor>> pairs_;
};

c10::IValue entered(const c10::IValue& value, HostCall& call, const std::string& name) {
  if (value.isTensor()) return call.enter(value.toTensor(), name);
  if (value.isTensorList()) {
    c10::List<at::Tensor> list;
    for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(call.enter(tensor, name));
    return list;
  }
  if (value.isOptionalTensorList()) {
    c10::List<c10::optional<at::Tensor>> list;
    for (const c10::optional<at::Tensor>& tensor : value.toOptionalTensorVector()) {
      list.push_back(tensor.has_value() ? c10::optional<at::Tensor>(call.enter(*tensor, name)) : tensor);
    }
    return list;
  }
  if (value.isDevice() && value.toDevice().type() == standInType) return c10::Device(c10::kCPU);
  return value;
}

c10::IValue left(const c10::IValue& value, HostCall& call) {
  if (value.isTensor()) return call.leave(value.toTensor());
  if (!value.isTensorList()) return value;
  c10::List<at::Tensor> list;
  for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(call.leave(tensor));
  return list;
}

bool isMask(const at::Tensor& tensor) {
  return tensor.defined() && (tensor.scalar_type() == at::kBool || tensor.scalar_type() == at::kByte);
}

// Whether a GPU's result has a size that depends on values, which the host must read first.
bool readsValues(const c10::OperatorHandle& op, const torch::jit::Stack& arguments) {
  static const std::set<std::string> names = {
      "aten::nonzero",       "aten::masked_select", "aten::_unique",     "aten::_unique2", "aten::unique_dim",
      "aten::unique_consecutive", "aten::equal",    "aten::bincount",    "aten::_local_scalar_dense"};
  if (names.count(op.schema().name()) > 0) return true;
  if (op.schema().name() == "aten::repeat_interleave") return op.schema().overload_name() == "Tensor";
  if (op.schema().name() != "aten::index" || arguments.size() < 2 || !arguments[1].isOptionalTensorList()) return false;
  for (const c10::optional<at::Tensor>& index : arguments[1].toOptionalTensorVector()) {
    if (index.has_value() && isMask(*index)) return true;
  }
  return false;
}

void callOnHost(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const size_t count = op.schema().arguments().size();
  torch::jit::Stack inner(stack->end() - static_cast<std::ptrdiff_t>(count), stack->end());
  if (readsValues(op, inner)) countSynchronizingCall();
  HostCall call;
  for (c10::IValue& value : inner) value = entered(value, call, op.schema().name());
  at::AutoDispatchBelowADInplaceOrView guard;
  op.callBoxed(&inner);
  torch::jit::drop(*stack, count);
  for (const c10::IValue& value : inner) stack->push_back(left(value, call));
}

at::Tensor empty(at::IntArrayRef size, c10::optional<at::ScalarType> dtype, c10::optional<at::Layout>,
                 c10::optional<at::Device>, c10::optional<bool>, c10::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(size, &allocator, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                   c10::dtype_or_default(dtype), format);
}

at::Tensor emptyStrided(at::IntArrayRef size, at::IntArrayRef stride, c10::optional<at::ScalarType> dtype,
                        c10::optional<at::Layout>, c10::optional<at::Device>, c10::optional<bool>) {
  return at::detail::empty_strided_generic(size, stride, &allocator,
                                           c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                           c10::dtype_or_default(dtype));
}

at::Tensor onHost(const at::Tensor& tensor) {
  if (!isOnStandIn(tensor)) return tensor;
  c10::Storage storage(c10::Storage::use_byte_size_t(), tensor.storage().nbytes(),
                       lent(tensor.storage(), c10::kCPU), nullptr, false);
  return viewOf(std::move(storage), c10::DispatchKey::CPU, tensor);
}

// A copy between a GPU and the host makes the host wait unless it is asked not to, which only helps with memory that is
// pinned; here none can be, and whoever asks is taken at its word.
at::Tensor copyFrom(const at::Tensor& from, const at::Tensor& to, bool nonBlocking) {
  if (isOnStandIn(from) != isOnStandIn(to) && !nonBlocking) countSynchronizingCall();
  at::AutoDispatchBelowADInplaceOrView guard;
  onHost(to).copy_(onHost(from));
  return to;
}

// LibTorch asks devices that it does not know for these two by names of their own.
at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const c10::optional<at::Tensor>& bias,
                       at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
                       at::IntArrayRef outputPadding, int64_t groups) {
  HostCall call;
  at::AutoDispatchBelowADInplaceOrView guard;
  const auto host = [&](const at::Tensor& tensor) { return call.enter(tensor, "convolution"); };
  const auto hostBias = bias.has_value() ? c10::optional<at::Tensor>(host(*bias)) : bias;
  return call.leave(at::convolution(host(x), host(weight), hostBias, stride, padding, dilation, transposed,
                                    outputPadding, groups));
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> convolutionBackward(
    const at::Tensor& gradient, const at::Tensor& x, const at::Tensor& weight, at::IntArrayRef stride,
    at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed, at::IntArrayRef outputPadding, int64_t groups,
    std::array<bool, 3> wanted) {
  HostCall call;
  at::AutoDispatchBelowADInplaceOrView guard;
  const auto host = [&](const at::Tensor& tensor) { return call.enter(tensor, "convolution_backward"); };
  const int64_t outputs = weight.size(transposed ? 1 : 0) * (transposed ? groups : 1);
  auto [ofX, ofWeight, ofBias] =
      at::convolution_backward(host(gradient), host(x), host(weight), at::IntArrayRef{outputs}, stride, padding,
                               dilation, transposed, outputPadding, groups, wanted);
  return {call.leave(ofX), call.leave(ofWeight), call.leave(ofBias)};
}

// The number of synchronizing calls of this process up to now.
Napi::Value synchronizingCalls(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(synchronizingCallCount.load()));
}

C10_REGISTER_GUARD_IMPL(PrivateUse1, c10::impl::NoOpDeviceGuardImpl<standInType>);

TORCH_LIBRARY_IMPL(_, PrivateUse1, library) { library.fallback(torch::CppFunction::makeFromBoxedFunction<&callOnHost>()); }

TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  library.impl("empty.memory_format", empty);
  library.impl("empty_strided", emptyStrided);
  library.impl("_copy_from", copyFrom);
  library.impl("convolution_overrideable", convolution);
  library.impl("convolution_backward_overrideable", convolutionBackward);
}

}  // namespace

void countSynchronizingCall() { synchronizingCallCount.fetch_add(1, std::memory_order_relaxed); }

void registerStandIn(Napi::Env env, Napi::Object exports) {
  static const bool once = [] {
    c10::SetAllocator(standInType, &allocator);
    return true;
  }();
  static_cast<void>(once);
  define<synchronizingCalls>(env, exports, "synchronizingCalls");
}

}  // namespace ncfm
