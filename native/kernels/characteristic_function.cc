// The empirical characteristic function of groups of features on the processor, forward and backward.
//
// Phases are computed by blocks, whose cosines and sines are summed while they are in the cache. A matrix of all phases
// exists only where a gradient is wanted and it is small: the backward step then starts from it, and otherwise computes
// some rows of it again at a time.
#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "operators/characteristic_function.h"
#include "operators/library.h"
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

// Gradients of features and frequencies from that of the sums; each is undefined unless wanted. `kept` may be undefined.
std::pair<at::Tensor, at::Tensor> backwardPass(const at::Tensor& features, const at::Tensor& frequencies,
                                               const CharacteristicGradients& incoming, const at::Tensor& kept) {
  const Means gradients{incoming.cosines, incoming.sines, incoming.perGroup};
  const at::Tensor featureGradient = incoming.features ? at::zeros_like(features) : at::Tensor();
  const at::Tensor frequencyGradient = incoming.frequencies ? at::zeros_like(frequencies) : at::Tensor();
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
    if (incoming.features) addProduct(phases, frequencies, featureGradient.narrow(0, start, count));
    if (incoming.frequencies) addProduct(phases.t(), run, frequencyGradient);
  });
  return {featureGradient, frequencyGradient};
}

struct ProcessorKernels {
  static bool fit(const at::Tensor& t) { return t.device().is_cpu() && t.scalar_type() == at::kFloat; }

  static CharacteristicMeans forward(const CharacteristicRequest& request) {
    const auto& [features, frequencies, groups, precision, differentiable] = request;
    at::Tensor kept;
    const bool keep = differentiable && features.size(0) * frequencies.size(0) <= mostKept;
    if (keep) kept = at::empty({features.size(0), frequencies.size(0)}, features.options());
    const Means means = forwardPass(features, frequencies, groups, keep ? &kept : nullptr);
    return {means.cosines, means.sines, kept};
  }

  static std::pair<at::Tensor, at::Tensor> backward(const CharacteristicRequest& request, const at::Tensor& kept,
                                                    const CharacteristicGradients& incoming) {
    return backwardPass(request.features, request.frequencies, incoming, kept);
  }
};

}  // namespace

TORCH_LIBRARY_IMPL(NCFM_LIBRARY, CPU, library) {
  library.impl("characteristic_function", characteristicFunctionBy<ProcessorKernels>);
}

TORCH_LIBRARY_IMPL(NCFM_LIBRARY, AutogradCPU, library) {
  library.impl("characteristic_function", characteristicFunctionBy<ProcessorKernels>);
}

}  // namespace ncfm
