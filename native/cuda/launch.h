// How a kernel is started. Its threads run on a GPU when nvcc compiles it, and else on the processor.
#pragma once

#include <cuda_runtime.h>

namespace ncfm {
namespace cuda {

template <class... Parameters, class... Arguments>
cudaError_t launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, cudaStream_t stream, Arguments... arguments) {
#if defined(NCFM_EMULATED)
  return emulated::run([=] { kernel(arguments...); }, grid, block, stream);
#else
  kernel<<<grid, block, 0, stream>>>(arguments...);
  return cudaGetLastError();
#endif
}

}  // namespace cuda
}  // namespace ncfm
