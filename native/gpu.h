// LibTorch's part for CUDA and our kernels for it.
#pragma once

#include <napi.h>

namespace ncfm {

// Loads both where there is a driver; they take 0.35 GB of memory in every process, which machines without are spared.
void loadGpu();

// What `engine()` tells of them: see EngineDescription in src/tensor/native.ts.
void describeGpu(Napi::Object description);

// Gives what LibTorch keeps of GPUs' memory for reuse back, and has the most that it took begin anew.
void releaseGpuMemory();

}  // namespace ncfm
