// What the engine runs on: version, threads, CPU capability; and the allocator's settings and state.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include <dlfcn.h>

#include <cstdlib>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <atomic>
#include <limits>
#include <mutex>
#include <string>

#include "addon.h"
#include "allocator.h"
#include "gpu.h"
#include "kernels/instruction_set.h"

namespace ncfm {
namespace {

// A value in the text that is LibTorch's only account of how it was built and what it chose.
std::string configured(const std::string& label, const char* ends) {
  const std::string config = at::show_config();
  const size_t start = config.find(label);
  if (start == std::string::npos) return "unknown";
  const size_t from = start + label.size();
  return config.substr(from, config.find_first_of(ends, from) - from);
}

// The library of matrix products.
std::string blas() {
  if (dlsym(RTLD_DEFAULT, "openblas_set_num_threads") != nullptr) return "OpenBLAS";
  const std::string name = configured("BLAS_INFO=", ",\n");
  return name == "mkl" ? "MKL" : name;
}

// For what does not come from our allocator: libraries' working space. glibc would give large blocks back to the system
// at every free. A threshold alone does not do (glibc caps it at 32 MiB), so blocks never come from mmap and the heap's
// top is not trimmed.
void keepMallocMemory() {
#if defined(__GLIBC__)
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

std::atomic<bool> allocatorInstalled{false};

// Has the whole process keep the memory that it frees, from now on; does nothing when called again, from any thread.
// Returns whether tensors take large blocks from our allocator.
Napi::Value keepFreedMemory(const Napi::CallbackInfo& info) {
  static std::once_flag once;
  std::call_once(once, [] {
    keepMallocMemory();
    allocatorInstalled = installAllocator();
  });
  return Napi::Boolean::New(info.Env(), allocatorInstalled);
}

// Bytes of the large blocks that tensors take; null while they do not come from our allocator.
Napi::Value memory(const Napi::CallbackInfo& info) {
  if (!allocatorInstalled) return info.Env().Null();
  const AllocatorReport report = reportAllocator();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("used", static_cast<double>(report.used));
  result.Set("held", static_cast<double>(report.held));
  result.Set("mostUsed", static_cast<double>(report.mostUsed));
  result.Set("mostHeld", static_cast<double>(report.mostHeld));
  return result;
}

// Gives what keepFreedMemory keeps back to the system, once; nothing is kept where it was not called.
Napi::Value releaseMemory(const Napi::CallbackInfo& info) {
  if (allocatorInstalled) resetAllocator();
  releaseGpuMemory();
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
  return info.Env().Undefined();
}

Napi::Value engine(const Napi::CallbackInfo& info) {
  Napi::Object description = Napi::Object::New(info.Env());
  description.Set("version", TORCH_VERSION);
  description.Set("cpuCapability", configured("CPU capability usage: ", "\n"));
  description.Set("blas", blas());
  describeGpu(description);
  description.Set("oneDnn", at::globalContext().hasMKLDNN());
  description.Set("openMp", at::globalContext().hasOpenMP());
  const std::vector<std::string> names = instructionSets();
  Napi::Array sets = Napi::Array::New(info.Env(), names.size());
  for (uint32_t i = 0; i < names.size(); ++i) sets.Set(i, names[i]);
  description.Set("instructionSets", sets);
  description.Set("instructionSet", compute().instructionSet);
  description.Set("keepsFreedMemory", allocatorInstalled.load());
  return description;
}

// The instruction set of our kernels; with an argument, sets it.
Napi::Value instructionSet(const Napi::CallbackInfo& info) {
  if (info.Length() > 0) useInstructionSet(info[0].As<Napi::String>());
  return Napi::String::New(info.Env(), compute().instructionSet);
}

// OpenBLAS has threads of its own, one for each core unless it is told otherwise, and LibTorch does not tell it. Nothing is
// done where LibTorch has another BLAS.
void setBlasThreads(int count) {
  static const auto set = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads"));
  if (set != nullptr) set(count);
}

// The threads of operators, matrix products included; with an argument, sets their number.
Napi::Value threads(const Napi::CallbackInfo& info) {
  if (info.Length() > 0) {
    const int count = info[0].As<Napi::Number>().Int32Value();
    at::set_num_threads(count);
    setBlasThreads(count);
  }
  return Napi::Number::New(info.Env(), at::get_num_threads());
}

// How LibTorch computes on GPUs, in the whole process: gpuSwitches(deterministic, benchmark, tf32). Returns what is in force.
Napi::Value gpuSwitches(const Napi::CallbackInfo& info) {
  at::Context& context = at::globalContext();
  if (info.Length() == 3) {
    const bool deterministic = info[0].ToBoolean();
    context.setDeterministicAlgorithms(deterministic, /*warn_only=*/false);
    context.setDeterministicCuDNN(deterministic);
    context.setBenchmarkCuDNN(info[1].ToBoolean());
    context.setAllowTF32CuDNN(info[2].ToBoolean());
  }
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("deterministic", context.deterministicAlgorithms());
  result.Set("benchmark", context.benchmarkCuDNN());
  result.Set("tf32", context.allowTF32CuDNN());
  return result;
}

}  // namespace

void registerDevice(Napi::Env env, Napi::Object exports) {
  loadGpu();
  define<keepFreedMemory>(env, exports, "keepFreedMemory");
  define<engine>(env, exports, "engine");
  define<threads>(env, exports, "threads");
  define<instructionSet>(env, exports, "instructionSet");
  define<gpuSwitches>(env, exports, "gpuSwitches");
  define<memory>(env, exports, "memory");
  define<releaseMemory>(env, exports, "releaseMemory");
}

}  // namespace ncfm
