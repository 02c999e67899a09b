// The empirical characteristic function of groups of features, forward and backward.
//
// Phases are computed by blocks, whose cosines and sines are summed while they are in the cache. A matrix of all phases
// exists only where a gradient is wanted and it is small: the backward step then starts from it, and otherwise computes
// some rows of it again at a time.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <tuple>

#include "first_order.h"
#include "product.h"

namespace ncfm {
namespace {

// Rows that are packed at a time: up to 32 MiB of them.
constexpr int64_t packedAtOnce = int64_t{1} << 23;
// Phases that are kept for the backward step: up to 32 MiB of them; and those that are computed again at a time.
constexpr int64_t mostKept = int64_t{1} << 23;
constexpr int64_t phasesAtOnce = int64_t{1} << 22;

// Calls body(first row, rows) for runs of whole blocks of rows whose size, `each` floats a row, is at most `most`.
template <class Body>
void forEachRun(int64_t rows, int64_t each, int64_t most, const Body& body) {
  const int64_t step = std::max<int64_t>(1, most / each / productRows) * productRows;
  for (int64_t start = 0; start < rows; start += step) body(start, std::min(step, rows - start));
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

// What the means are taken over.
struct Means {
  at::Tensor cosines, sines;  // [groups, T]
  int64_t perGroup;
};

// Means of cosines and sines; `kept`, where given, receives all phases.
Means forwardPass(const at::Tensor& features, const at::Tensor& frequencies, int64_t groups, const at::Tensor* kept) {
  const int64_t total = frequencies.size(0), depth = features.size(1);
  const Means means{at::zeros({groups, total}, features.options()), at::zeros({groups, total}, features.options()),
                    features.size(0) / groups};
  float* cosine = means.cosines.data_ptr<float>();
  float* sine = means.sines.data_ptr<float>();
  forEachRun(features.size(0), depth, packedAtOnce, [&](int64_t start, int64_t count) {
    const PackedRows rows(part(rowsOf(features), start, count), depth);
    forEachBlock(rows, rowsOf(frequencies), depth, [&](const Block& block, const float* phases) {
      const int64_t first = start + block.row;
      forEachGroup(first, block.rows, means.perGroup, [&](int64_t group, int64_t row, int64_t rowsOfGroup) {
        const int64_t at = group * total + block.column;
        compute().addCosinesAndSines(phases + row * productColumns, rowsOfGroup, productColumns, block.columns,
                                     cosine + at, sine + at);
      });
      if (kept != nullptr) copyBlock(block, phases, kept->data_ptr<float>() + start * total, total);
    });
  });
  means.cosines.div_(means.perGroup);
  means.sines.div_(means.perGroup);
  return means;
}

// Phases of some rows -> the loss's gradient with respect to them, from that of the sums; `result` may be `phases`.
void differentiate(const at::Tensor& phases, int64_t start, const Means& gradients, const at::Tensor& result) {
  const int64_t columns = phases.size(1);
  const float* phase = phases.data_ptr<float>();
  const float* cosine = gradients.cosines.data_ptr<float>();
  const float* sine = gradients.sines.data_ptr<float>();
  float* target = result.data_ptr<float>();
  at::parallel_for(0, phases.size(0), 16, [&](int64_t begin, int64_t end) {
    forEachGroup(start + begin, end - begin, gradients.perGroup, [&](int64_t group, int64_t row, int64_t rows) {
      const int64_t at = group * columns, offset = (begin + row) * columns;
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
  const at::Tensor featureGradient = wanted.features ? at::zeros_like(features) : at::Tensor();
  const at::Tensor frequencyGradient = wanted.frequencies ? at::zeros_like(frequencies) : at::Tensor();
  const int64_t total = frequencies.size(0), depth = features.size(1);
  forEachRun(features.size(0), total, phasesAtOnce, [&](int64_t start, int64_t count) {
    const at::Tensor run = features.narrow(0, start, count);
    const at::Tensor phases = at::empty({count, total}, features.options());
    if (kept.defined()) {
      differentiate(kept.narrow(0, start, count), start, gradients, phases);
    } else {
      forEachBlock(PackedRows(rowsOf(run), depth), rowsOf(frequencies), depth,
                   [&](const Block& block, const float* values) {
                     copyBlock(block, values, phases.data_ptr<float>(), total);
                   });
      differentiate(phases, start, gradients, phases);
    }
    if (wanted.features) addProduct(phases, frequencies, featureGradient.narrow(0, start, count));
    if (wanted.frequencies) addProduct(phases.t(), run, frequencyGradient);
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
    if (small) kept = at::empty({features.size(0), frequencies.size(0)}, features.options());
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
  const at::Tensor rows = features.contiguous(), t = frequencies.contiguous();
  const bool needsGrad = at::GradMode::is_enabled() && (features.requires_grad() || frequencies.requires_grad());
  if (!needsGrad) {
    const Means means = forwardPass(rows, t, groups, nullptr);
    return {means.cosines, means.sines};
  }
  const auto parts = CharacteristicFunction::apply(rows, t, groups);
  return {parts[0], parts[1]};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(ncfm, library) {
  library.def("characteristic_function(Tensor features, Tensor frequencies, int groups) -> (Tensor, Tensor)",
              characteristicFunction);
}

}  // namespace ncfm
