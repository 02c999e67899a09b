// A kernel that is used on a GPU for the first time computes something small there, which LibTorch's own operators compute
// too in double precision. One that is wrong on this card, with this driver, is refused.
#pragma once

#include <ATen/ATen.h>
#include <c10/util/Exception.h>
#include <cuda_runtime.h>

#include <functional>
#include <string>
#include <vector>

namespace ncfm {
namespace cuda {

// What a kernel gave and what is right, in the same order.
struct Comparison {
  std::vector<at::Tensor> actual, exact;
};

// Compares once for each kernel and GPU. Throws where an error is larger than `most` of the largest right value, then and at
// each later call; and where a graph is being recorded, in which nothing can be compared.
void requireRight(const std::string& kernel, double most, const std::function<Comparison()>& compare);

// Numbers between -1 and 1 that are the same everywhere, no two rows alike.
at::Tensor sampleValues(at::IntArrayRef shape, double start, const at::TensorOptions& options);

inline void requireStarted(cudaError_t error, const char* kernel) {
  TORCH_CHECK(error == cudaSuccess, "the GPU's kernel for ", kernel, " could not be started: ", cudaGetErrorString(error));
}

}  // namespace cuda
}  // namespace ncfm
