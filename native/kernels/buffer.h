// Working space of kernels.
#pragma once

#include <ATen/ATen.h>

namespace ncfm {

// Uninitialised floats, aligned to cache lines.
class Buffer {
 public:
  explicit Buffer(int64_t count) : tensor_(at::empty({count}, at::kFloat)) {}
  float* data() const { return tensor_.data_ptr<float>(); }

 private:
  at::Tensor tensor_;
};

}  // namespace ncfm
