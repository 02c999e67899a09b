// GPUs: what there is of them, and of their memory.
#include "gpu.h"

#include <ATen/Context.h>
#include <ATen/core/dispatch/Dispatcher.h>

#include <dlfcn.h>

#include <array>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

#include "addon.h"

namespace ncfm {
namespace {

// Why LibTorch's part for CUDA could not be loaded, although there is a driver; and why our kernels were not.
std::string cudaProblem, kernelsProblem;

// The file of our kernels, once they are loaded.
std::string kernelsFile;

// The newest CUDA that the driver runs, as it tells it: 13020 for 13.2; 0 without a driver.
int driverVersion = 0;

#if defined(NCFM_HAS_CUDA_LIBRARY)
void readDriver(void* driver) {
  const auto version = reinterpret_cast<int (*)(int*)>(dlsym(driver, "cuDriverGetVersion"));
  if (version == nullptr || version(&driverVersion) != 0) driverVersion = 0;
}
#endif

#if defined(NCFM_CUDA_KERNELS)
// Beside the addon.
std::string kernelsPath() {
  Dl_info own;
  if (dladdr(&kernelsFile, &own) == 0 || own.dli_fname == nullptr) return "ncfm_cuda.so";
  const std::string addon = own.dli_fname;
  return addon.substr(0, addon.rfind('/') + 1) + "ncfm_cuda.so";
}

void loadKernels() {
  const char* wanted = std::getenv("NCFM_CUDA_KERNELS");
  if (wanted != nullptr && std::string(wanted) == "0") {
    kernelsProblem = "NCFM_CUDA_KERNELS=0";
    return;
  }
  const std::string path = kernelsPath();
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr) {
    kernelsFile = path;
  } else {
    kernelsProblem = dlerror();
  }
}
#endif

Napi::Value textOrNull(Napi::Env env, const std::string& text) {
  if (text.empty()) return env.Null();
  return Napi::String::New(env, text);
}

// What `native/cuda/memory.cc` registers, to be called while our kernels are loaded.
template <class Signature>
auto gpuOperator(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

// Of the GPU that a name such as 'cuda:1' is of; null for other devices, and while our kernels are not loaded.
Napi::Value deviceMemory(const Napi::CallbackInfo& info) {
  const c10::Device device(info[0].As<Napi::String>().Utf8Value());
  if (!device.is_cuda() || kernelsFile.empty() || at::getNumGPUs() == 0) return info.Env().Null();
  const int64_t index = device.has_index() ? device.index() : 0;
  const auto memory = gpuOperator<std::vector<int64_t>(int64_t)>("ncfm::gpu_memory").call(index);
  Napi::Object result = Napi::Object::New(info.Env());
  const std::array<const char*, 6> names = {"used", "held", "mostUsed", "mostHeld", "free", "total"};
  for (size_t i = 0; i < names.size(); ++i) result.Set(names[i], static_cast<double>(memory.at(i)));
  return result;
}

}  // namespace

void loadGpu() {
#if defined(NCFM_HAS_CUDA_LIBRARY)
  static std::once_flag once;
  std::call_once(once, [] {
    void* driver = dlopen("libcuda.so.1", RTLD_LAZY);
    if (driver == nullptr) return;
    readDriver(driver);
    if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
      cudaProblem = dlerror();
      return;
    }
#if defined(NCFM_CUDA_KERNELS)
    loadKernels();
#endif
  });
#endif
}

void describeGpu(Napi::Object description) {
  const Napi::Env env = description.Env();
  description.Set("cuda", at::globalContext().hasCUDA());
  description.Set("cudaDevices", static_cast<double>(at::getNumGPUs()));
  description.Set("cudaProblem", textOrNull(env, cudaProblem));
  description.Set("cudaDriver", driverVersion == 0 ? env.Null() : Napi::Number::New(env, driverVersion / 1000 + driverVersion % 1000 / 10 / 10.0));
#if defined(NCFM_CUDA_WANTED)
  description.Set("cudaWanted", NCFM_CUDA_WANTED);
#else
  description.Set("cudaWanted", env.Null());
#endif
  Napi::Object kernels = Napi::Object::New(env);
#if defined(NCFM_CUDA_KERNELS)
  kernels.Set("capabilities", NCFM_CUDA_KERNELS);
#else
  kernels.Set("capabilities", env.Null());
  kernelsProblem = NCFM_CUDA_KERNELS_PROBLEM;
#endif
  kernels.Set("problem", textOrNull(env, kernelsProblem));
  kernels.Set("file", textOrNull(env, kernelsFile));
  description.Set("gpuKernels", kernels);
}

void releaseGpuMemory() {
  if (kernelsFile.empty()) return;
  const auto release = gpuOperator<void(int64_t)>("ncfm::gpu_release_memory");
  for (int64_t index = 0; index < static_cast<int64_t>(at::getNumGPUs()); ++index) release.call(index);
}

void registerGpu(Napi::Env env, Napi::Object exports) { define<deviceMemory>(env, exports, "deviceMemory"); }

}  // namespace ncfm
