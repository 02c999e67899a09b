// What LibTorch's allocator holds of a GPU's memory.
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>

#include <vector>

#include "operators/library.h"

namespace ncfm {
namespace cuda {
namespace {

namespace allocator = c10::cuda::CUDACachingAllocator;

// Bytes: in use by tensors and held (in use or kept for reuse), now and at most since the last reset; free and all of the GPU.
std::vector<int64_t> memory(int64_t device) {
  const c10::cuda::CUDAGuard guard(static_cast<c10::DeviceIndex>(device));
  size_t free = 0, total = 0;
  C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
  if (!allocator::get()->initialized()) return {0, 0, 0, 0, static_cast<int64_t>(free), static_cast<int64_t>(total)};
  const auto stats = allocator::getDeviceStats(static_cast<c10::DeviceIndex>(device));
  // The first of each kind of statistics is for blocks of all sizes.
  const auto &allocated = stats.allocated_bytes[0], &reserved = stats.reserved_bytes[0];
  return {allocated.current, reserved.current,           allocated.peak,
          reserved.peak,     static_cast<int64_t>(free), static_cast<int64_t>(total)};
}

// Gives what is kept for reuse back, and has the most of both begin anew.
void releaseMemory(int64_t device) {
  if (!allocator::get()->initialized()) return;
  allocator::emptyCache();
  allocator::resetPeakStats(static_cast<c10::DeviceIndex>(device));
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(NCFM_LIBRARY, library) {
  library.def("gpu_memory(int device) -> int[]", memory);
  library.def("gpu_release_memory(int device) -> ()", releaseMemory);
}

}  // namespace cuda
}  // namespace ncfm
