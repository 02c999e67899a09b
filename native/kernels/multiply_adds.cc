#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/library.h>

#include <atomic>

#include "compute/table.h"

namespace ncfm {
namespace {

// Keeps every thread busy with multiply-adds in registers; the operations done, all threads together. To be timed.
int64_t multiplyAdds(int64_t rounds) {
  std::atomic<int64_t> operations{0};
  at::parallel_for(0, at::get_num_threads(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t thread = begin; thread < end; ++thread) operations += compute().multiplyAdds(rounds);
  });
  return operations;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(ncfm, library) { library.def("multiply_adds(int rounds) -> int", multiplyAdds); }

}  // namespace ncfm
