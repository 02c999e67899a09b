// The characteristic function on a GPU: what is allocated, in which order kernels run, and what they are compared with.
#include <c10/core/DeviceGuard.h>

#include <algorithm>
#include <array>

#include "device.h"
#include "kernels.h"
#include "operators/characteristic_function.h"
#include "operators/library.h"
#include "self_check.h"

namespace ncfm {
namespace cuda {
namespace {

constexpr const char* kernelName = "characteristic_function";

// Gradients of phases that exist at a time: 16 MiB of them, which the cache of a large card holds.
constexpr int64_t phasesAtOnce = int64_t{1} << 22;

// Names in the order of Precision, and the relative error that is allowed for phases of up to two radians.
struct NamedPrecision {
  const char* name;
  double most;
};
constexpr std::array<NamedPrecision, 4> precisions = {{{"single", 1e-5}, {"tf32x3", 1e-5}, {"tf32", 1e-2}, {"bfloat16", 8e-2}}};

// Cards without tensor cores for these types compute in single precision.
Precision usablePrecision(const std::string& name) {
  const auto found = std::find_if(precisions.begin(), precisions.end(), [&](const auto& each) { return name == each.name; });
  TORCH_CHECK(found != precisions.end(), "unknown precision '", name, "'; use 'single', 'tf32x3', 'tf32' or 'bfloat16'");
  return computeCapability() < 80 ? Precision::single : static_cast<Precision>(found - precisions.begin());
}

Projection projectionOf(const at::Tensor& features, const at::Tensor& frequencies) {
  return {features.data_ptr<float>(), frequencies.data_ptr<float>(), features.size(0), frequencies.size(0),
          features.size(1)};
}

CharacteristicMeans forwardPass(const at::Tensor& features, const at::Tensor& frequencies, int64_t groups,
                                Precision precision) {
  const int64_t total = frequencies.size(0), perGroup = features.size(0) / groups;
  const Projection projection = projectionOf(features, frequencies);
  const int64_t parts = total > 0 ? partsOfGroups(projection, groups) : 1;
  const at::Tensor sums = at::empty({2, parts, groups, total}, features.options());
  if (total > 0) {
    requireStarted(characteristicSums(projection, groups, parts, precision, sums[0].data_ptr<float>(),
                                      sums[1].data_ptr<float>(), currentStream()),
                   kernelName);
  }
  const at::Tensor means = (parts == 1 ? sums.squeeze(1) : sums.sum(1)).div_(perGroup);
  return {means[0], means[1], at::Tensor()};
}

std::pair<at::Tensor, at::Tensor> backwardPass(const at::Tensor& features, const at::Tensor& frequencies,
                                               const CharacteristicGradients& incoming, Precision precision) {
  const int64_t rows = features.size(0), total = frequencies.size(0);
  const at::Tensor featureGradient = incoming.features ? at::zeros_like(features) : at::Tensor();
  const at::Tensor frequencyGradient = incoming.frequencies ? at::zeros_like(frequencies) : at::Tensor();
  if (total == 0) return {featureGradient, frequencyGradient};
  const int64_t atOnce = std::min(rows, std::max<int64_t>(1, phasesAtOnce / total));
  const at::Tensor workspace = at::empty({atOnce, total}, features.options());
  for (int64_t start = 0; start < rows; start += atOnce) {
    const int64_t count = std::min(atOnce, rows - start);
    const at::Tensor run = features.narrow(0, start, count), phases = workspace.narrow(0, 0, count);
    requireStarted(phaseGradients(projectionOf(run, frequencies), start, incoming.perGroup,
                                  incoming.cosines.data_ptr<float>(), incoming.sines.data_ptr<float>(), precision,
                                  phases.data_ptr<float>(), currentStream()),
                   kernelName);
    if (incoming.features) featureGradient.narrow(0, start, count).addmm_(phases, frequencies);
    if (incoming.frequencies) frequencyGradient.addmm_(phases.t(), run);
  }
  return {featureGradient, frequencyGradient};
}

// Groups of which some share a tile or of which each takes two, with edges in every direction.
Comparison compareWithComposition(const at::TensorOptions& options, Precision precision, int64_t groups, int64_t perGroup) {
  const at::Tensor features = sampleValues({groups * perGroup, 37}, 1, options).mul(0.1).to(at::kFloat);
  const at::Tensor frequencies = sampleValues({70, 37}, 2, options).to(at::kFloat);
  const at::Tensor cosineGradients = sampleValues({groups, 70}, 3, options).to(at::kFloat);
  const at::Tensor sineGradients = sampleValues({groups, 70}, 4, options).to(at::kFloat);
  const CharacteristicMeans means = forwardPass(features, frequencies, groups, precision);
  const at::Tensor phaseGradient = at::empty({features.size(0), 70}, features.options());
  requireStarted(phaseGradients(projectionOf(features, frequencies), 0, perGroup, cosineGradients.data_ptr<float>(),
                                sineGradients.data_ptr<float>(), precision, phaseGradient.data_ptr<float>(),
                                currentStream()),
                 kernelName);

  const at::Tensor f = features.to(at::kDouble), t = frequencies.to(at::kDouble);
  const auto [cosines, sines] = composedCharacteristicFunction(f, t, groups);
  const at::Tensor phases = f.matmul(t.t());
  const auto ofRows = [&](const at::Tensor& each) { return each.to(at::kDouble).repeat_interleave(perGroup, 0); };
  return {{means.cosines, means.sines, phaseGradient},
          {cosines, sines, phases.cos() * ofRows(sineGradients) - phases.sin() * ofRows(cosineGradients)}};
}

Precision checkedPrecision(const CharacteristicRequest& request) {
  const Precision precision = usablePrecision(request.precision);
  const auto& [name, most] = precisions[static_cast<size_t>(precision)];
  for (const auto& [size, groups, perGroup] : {std::tuple("small", 14, 10), std::tuple("large", 2, 130)}) {
    requireRight(std::string(kernelName) + " (" + name + ", " + size + " groups)", most,
                 [&, groups = groups, perGroup = perGroup] {
                   return compareWithComposition(request.features.options(), precision, groups, perGroup);
                 });
  }
  return precision;
}

struct GpuKernels {
  static bool fit(const at::Tensor& t) { return t.scalar_type() == at::kFloat && t.layout() == at::kStrided; }

  static CharacteristicMeans forward(const CharacteristicRequest& request) {
    const c10::DeviceGuard guard(request.features.device());
    return forwardPass(request.features, request.frequencies, request.groups, checkedPrecision(request));
  }

  static std::pair<at::Tensor, at::Tensor> backward(const CharacteristicRequest& request, const at::Tensor&,
                                                    const CharacteristicGradients& incoming) {
    const c10::DeviceGuard guard(request.features.device());
    return backwardPass(request.features, request.frequencies, incoming, checkedPrecision(request));
  }
};

}  // namespace

TORCH_LIBRARY_IMPL(NCFM_LIBRARY, NCFM_GPU_KEY, library) {
  library.impl("characteristic_function", characteristicFunctionBy<GpuKernels>);
}

TORCH_LIBRARY_IMPL(NCFM_LIBRARY, NCFM_GPU_AUTOGRAD_KEY, library) {
  library.impl("characteristic_function", characteristicFunctionBy<GpuKernels>);
}

}  // namespace cuda
}  // namespace ncfm
