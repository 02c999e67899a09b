// What the engine runs on: version, threads, CPU capability, CUDA; and the allocator's settings.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <cstdlib>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <limits>
#include <string>

#include "addon.h"

namespace ncfm {
namespace {

// LibTorch exports its choice of vector instructions only inside this text.
std::string cpuCapability() {
  const std::string config = at::show_config();
  const std::string label = "CPU capability usage: ";
  const size_t start = config.find(label);
  if (start == std::string::npos) return "unknown";
  const size_t from = start + label.size();
  return config.substr(from, config.find('\n', from) - from);
}

// glibc gives large blocks back to the system at every free, and the steps of a run allocate the same large blocks
// again and again: without this about a third of LibTorch's CPU time here goes to page faults. A threshold alone
// does not do (glibc caps it at 32 MiB), so blocks never come from mmap and the heap's top is not trimmed.
bool keepFreedMemory() {
#if defined(__GLIBC__)
  return mallopt(M_MMAP_MAX, 0) == 1 && mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max()) == 1;
#else
  return false;
#endif
}

bool freedMemoryKept = false;

Napi::Value engine(const Napi::CallbackInfo& info) {
  Napi::Object description = Napi::Object::New(info.Env());
  description.Set("version", TORCH_VERSION);
  description.Set("cpuCapability", cpuCapability());
  description.Set("cuda", at::globalContext().hasCUDA());
  description.Set("cudaDevices", static_cast<double>(at::getNumGPUs()));
  description.Set("oneDnn", at::globalContext().hasMKLDNN());
  description.Set("openMp", at::globalContext().hasOpenMP());
  description.Set("keepsFreedMemory", freedMemoryKept);
  return description;
}

Napi::Value threads(const Napi::CallbackInfo& info) {
  if (info.Length() > 0) at::set_num_threads(info[0].As<Napi::Number>().Int32Value());
  return Napi::Number::New(info.Env(), at::get_num_threads());
}

}  // namespace

void registerDevice(Napi::Env env, Napi::Object exports) {
  freedMemoryKept = keepFreedMemory();
  define<engine>(env, exports, "engine");
  define<threads>(env, exports, "threads");
}

}  // namespace ncfm
