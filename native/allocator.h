// Memory for tensors on the CPU.
#pragma once

#include <torch/version.h>

#include <cstdint>

// LibTorch 2.3 made c10::Allocator::allocate one that may change its allocator.
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 3)
#define NCFM_ALLOCATE_CONST
#else
#define NCFM_ALLOCATE_CONST const
#endif

namespace ncfm {

// Bytes of large blocks: in use by tensors, held (in use or kept for reuse), and the most of both so far.
struct AllocatorReport {
  int64_t used, held, mostUsed, mostHeld;
};

// Makes LibTorch take large blocks from our allocator from now on. To be called once: LibTorch keeps no lock over its
// choice of allocator. False where the system has no such memory calls.
bool installAllocator();

AllocatorReport reportAllocator();

// Gives all blocks that are kept for reuse back to the system, and has the most of both begin anew from what is left.
void resetAllocator();

}  // namespace ncfm
