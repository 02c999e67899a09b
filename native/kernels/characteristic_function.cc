// The empirical characteristic function of groups of features, forward and backward.
//
// The phases of a tile of rows and frequencies come from one BLAS product; their cosines and sines are averaged while
// the tile is in the cache. A matrix of all phases exists only where a gradient is wanted and it is small: the backward
// step then starts from it, and otherwise computes each tile again.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <tuple>

#include "compute/table.h"
#include "first_order.h"

namespace ncfm {
namespace {

// Rows and frequencies whose phases are computed at a time: 16 MiB of them. Smaller products leave BLAS below its peak.
struct TileSize {
  int64_t rows = 1024;
  int64_t frequencies = 4096;
};
// Phases that are kept for the backward step: up to 32 MiB of them.
constexpr int64_t mostKept = int64_t{1} << 23;
// Columns that one task takes: some cache lines, so that threads do not share any.
constexpr int64_t columnsPerTask = 128;

// Calls body(firstRow, rows, firstFrequency, frequencies) for every tile. Rows of a tile lie within one group, or are
// whole groups.
template <class Body>
void forEachTile(int64_t rows, int64_t perGroup, int64_t frequencies, const TileSize& size, const Body& body) {
  const bool withinGroups = perGroup >= size.rows;
  const int64_t step = withinGroups ? size.rows : size.rows / perGroup * perGroup;
  for (int64_t t = 0; t < frequencies; t += size.frequencies) {
    const int64_t columns = std::min(size.frequencies, frequencies - t);
    for (int64_t start = 0; start < rows;) {
      const int64_t untilGroupEnd = withinGroups ? perGroup - start % perGroup : rows - start;
      const int64_t count = std::min({step, untilGroupEnd, rows - start});
      body(start, count, t, columns);
      start += count;
    }
  }
}

// Calls body(group, first row within the tile, rows) for the parts of a tile that belong to one group each.
template <class Body>
void forEachGroup(int64_t start, int64_t count, int64_t perGroup, const Body& body) {
  for (int64_t row = 0; row < count;) {
    const int64_t group = (start + row) / perGroup;
    const int64_t rows = std::min(count - row, (group + 1) * perGroup - (start + row));
    body(group, row, rows);
    row += rows;
  }
}

// Computes phases tile by tile into the same memory.
class Phases {
 public:
  Phases(const at::Tensor& features, const at::Tensor& frequencies, const TileSize& size)
      : features_(features),
        frequencies_(frequencies),
        memory_(at::empty({std::min(size.rows, features.size(0)) * std::min(size.frequencies, frequencies.size(0))},
                          features.options())) {}

  at::Tensor tile(int64_t start, int64_t count, int64_t t, int64_t columns) {
    at::Tensor phases = memory_.narrow(0, 0, count * columns).view({count, columns});
    return at::mm_out(phases, features_.narrow(0, start, count), frequencies_.narrow(0, t, columns).t());
  }

 private:
  const at::Tensor features_, frequencies_;
  at::Tensor memory_;
};

// What the means are taken over.
struct Means {
  at::Tensor cosines, sines;  // [groups, T]
  int64_t perGroup;
  int64_t frequencies() const { return cosines.size(1); }
};

// Adds a tile's cosines and sines to the sums of its groups.
void addTile(const at::Tensor& phases, int64_t start, int64_t t, const Means& sums) {
  const int64_t columns = phases.size(1);
  const float* phase = phases.data_ptr<float>();
  float* cosine = sums.cosines.data_ptr<float>();
  float* sine = sums.sines.data_ptr<float>();
  const int64_t tasks = (columns + columnsPerTask - 1) / columnsPerTask;
  at::parallel_for(0, tasks, 1, [&](int64_t begin, int64_t end) {
    const int64_t first = begin * columnsPerTask;
    const int64_t width = std::min(end * columnsPerTask, columns) - first;
    forEachGroup(start, phases.size(0), sums.perGroup, [&](int64_t group, int64_t row, int64_t rows) {
      const int64_t at = group * sums.frequencies() + t + first;
      compute().addCosinesAndSines(phase + row * columns + first, rows, columns, width, cosine + at, sine + at);
    });
  });
}

// Means of cosines and sines; `kept`, where given, receives all phases.
Means forwardPass(const at::Tensor& features, const at::Tensor& frequencies, int64_t groups, at::Tensor* kept) {
  const int64_t total = frequencies.size(0);
  const Means means{at::zeros({groups, total}, features.options()), at::zeros({groups, total}, features.options()),
                    features.size(0) / groups};
  if (kept != nullptr) {
    *kept = at::mm(features, frequencies.t());
    addTile(*kept, 0, 0, means);
  } else {
    Phases phases(features, frequencies, {});
    forEachTile(features.size(0), means.perGroup, total, {},
                [&](int64_t start, int64_t count, int64_t t, int64_t columns) {
                  addTile(phases.tile(start, count, t, columns), start, t, means);
                });
  }
  means.cosines.div_(means.perGroup);
  means.sines.div_(means.perGroup);
  return means;
}

// A tile's phases -> the loss's gradient with respect to them, from that of the sums.
void differentiateTile(const at::Tensor& phases, int64_t start, int64_t t, const Means& gradients,
                       const at::Tensor& result) {
  const int64_t columns = phases.size(1);
  const float* phase = phases.data_ptr<float>();
  const float* cosine = gradients.cosines.data_ptr<float>();
  const float* sine = gradients.sines.data_ptr<float>();
  float* target = result.data_ptr<float>();
  at::parallel_for(0, phases.size(0), 16, [&](int64_t begin, int64_t end) {
    forEachGroup(start + begin, end - begin, gradients.perGroup, [&](int64_t group, int64_t row, int64_t rows) {
      const int64_t at = group * gradients.frequencies() + t;
      const int64_t offset = (begin + row) * columns;
      compute().phaseGradients(phase + offset, rows, columns, columns, cosine + at, sine + at, target + offset);
    });
  });
}

struct Wanted {
  bool features, frequencies;
};

// Gradients of features and frequencies from that of the sums; each is undefined unless wanted. `kept` may be undefined.
std::tuple<at::Tensor, at::Tensor> backwardPass(const at::Tensor& features, const at::Tensor& frequencies,
                                                const Means& gradients, const at::Tensor& kept, const Wanted& wanted) {
  if (kept.defined()) {
    const at::Tensor phases = at::empty_like(kept);
    differentiateTile(kept, 0, 0, gradients, phases);
    return {wanted.features ? at::mm(phases, frequencies) : at::Tensor(),
            wanted.frequencies ? at::mm(phases.t(), features) : at::Tensor()};
  }
  at::Tensor featureGradient = wanted.features ? at::zeros_like(features) : at::Tensor();
  at::Tensor frequencyGradient = wanted.frequencies ? at::zeros_like(frequencies) : at::Tensor();
  Phases phases(features, frequencies, {});
  forEachTile(features.size(0), gradients.perGroup, frequencies.size(0), {},
              [&](int64_t start, int64_t count, int64_t t, int64_t columns) {
                const at::Tensor tile = phases.tile(start, count, t, columns);
                differentiateTile(tile, start, t, gradients, tile);
                if (wanted.features) {
                  featureGradient.narrow(0, start, count).addmm_(tile, frequencies.narrow(0, t, columns));
                }
                if (wanted.frequencies) {
                  frequencyGradient.narrow(0, t, columns).addmm_(tile.t(), features.narrow(0, start, count));
                }
              });
  return {featureGradient, frequencyGradient};
}

class CharacteristicFunction : public torch::autograd::Function<CharacteristicFunction> {
 public:
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context, const at::Tensor& features,
                                                const at::Tensor& frequencies, int64_t groups) {
    at::AutoDispatchBelowADInplaceOrView guard;
    at::Tensor kept;
    const bool small = features.size(0) * frequencies.size(0) <= mostKept;
    const Means means = forwardPass(features, frequencies, groups, small ? &kept : nullptr);
    context->save_for_backward({features, frequencies, kept});
    context->saved_data["features wanted"] = features.requires_grad();
    context->saved_data["frequencies wanted"] = frequencies.requires_grad();
    return {means.cosines, means.sines};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    requireFirstOrder("ncfm::characteristic_function");
    const auto saved = context->get_saved_variables();
    const int64_t perGroup = saved[0].size(0) / gradients[0].size(0);
    const Means sums{gradients[0].div(perGroup).contiguous(), gradients[1].div(perGroup).contiguous(), perGroup};
    auto [features, frequencies] = backwardPass(saved[0], saved[1], sums, saved[2],
                                                {context->saved_data["features wanted"].toBool(),
                                                 context->saved_data["frequencies wanted"].toBool()});
    return {features, frequencies, at::Tensor()};
  }
};

bool fits(const at::Tensor& t) { return t.device().is_cpu() && t.scalar_type() == at::kFloat; }

// features [groups · n, d], the rows of a group one after another; frequencies [T, d] -> means of the cosines and of the
// sines of ⟨t, f⟩ over each group, both [groups, T]; composed of ATen operators where the kernel does not apply.
std::tuple<at::Tensor, at::Tensor> characteristicFunction(const at::Tensor& features, const at::Tensor& frequencies,
                                                          int64_t groups) {
  TORCH_CHECK(features.dim() == 2 && frequencies.dim() == 2 && features.size(1) == frequencies.size(1),
              "expected features [n, d] and frequencies [T, d], got ", features.sizes(), " and ", frequencies.sizes());
  TORCH_CHECK(groups > 0 && features.size(0) > 0 && features.size(0) % groups == 0, "expected a multiple of ", groups,
              " rows of features, got ", features.size(0));
  if (!fits(features) || !fits(frequencies)) {
    const at::Tensor phases = features.matmul(frequencies.t()).reshape({groups, -1, frequencies.size(0)});
    return {phases.cos().mean(1), phases.sin().mean(1)};
  }
  const at::Tensor rows = features.contiguous();
  const bool needsGrad = at::GradMode::is_enabled() && (features.requires_grad() || frequencies.requires_grad());
  if (!needsGrad) {
    const Means means = forwardPass(rows, frequencies, groups, nullptr);
    return {means.cosines, means.sines};
  }
  const auto parts = CharacteristicFunction::apply(rows, frequencies, groups);
  return {parts[0], parts[1]};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(ncfm, library) {
  library.def("characteristic_function(Tensor features, Tensor frequencies, int groups) -> (Tensor, Tensor)",
              characteristicFunction);
}

}  // namespace ncfm
