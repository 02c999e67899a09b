// Operators whose gradients are computed outside of autograd have no gradients of these.
#pragma once

#include <c10/core/GradMode.h>
#include <c10/util/Exception.h>

namespace ncfm {

// To be called by a backward step: refuses one that is to be differentiated again, whose gradients would silently be 0.
inline void requireFirstOrder(const char* name) {
  TORCH_CHECK(!c10::GradMode::is_enabled(), name,
              " has no second-order gradients: call it without create_graph, or compose LibTorch's own operators, as networks do "
              "in the mode 'twice-differentiable'");
}

}  // namespace ncfm
