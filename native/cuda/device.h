// The GPU that is current. On the processor, where the kernels are tested, test/cuda has these functions too.
#pragma once

#include <cuda_runtime.h>

#include <string>

namespace ncfm {
namespace cuda {

// Where LibTorch queues the current GPU's work.
cudaStream_t currentStream();

// Whether that work is recorded for a graph, in which case nothing of it can be waited for.
bool isCapturing();

// Its number, its compute capability times ten, such as 75, and its name, which takes a while to find out.
int currentGpu();
int computeCapability();
std::string gpuName();

}  // namespace cuda
}  // namespace ncfm
