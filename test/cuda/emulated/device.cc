// The GPU that is emulated: one with tensor cores, until it is told to become another.
#include "device.h"

#include <torch/library.h>

#include "block.h"

namespace ncfm {
namespace cuda {
namespace {

int capability = 90;
bool capturing = false;

}  // namespace

cudaStream_t currentStream() { return nullptr; }
bool isCapturing() { return capturing; }
int computeCapability() { return capability; }
// Kernels are compared once for each number.
int currentGpu() { return (emulated::tensorCoresAreWrong ? 1 : 0) + (capturing ? 2 : 0); }
std::string gpuName() { return "an emulated GPU"; }

TORCH_LIBRARY_FRAGMENT(NCFM_LIBRARY, library) {
  library.def("become(int compute_capability, bool wrong, bool records) -> ()",
              [](int64_t asked, bool wrong, bool records) {
                capability = static_cast<int>(asked);
                emulated::tensorCoresAreWrong = wrong;
                capturing = records;
              });
}

}  // namespace cuda
}  // namespace ncfm
