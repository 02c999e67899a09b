#include "convolution.h"

#include <ATen/Parallel.h>

#include <algorithm>

namespace ncfm {
namespace {

// From this many input channels on, channels side by side fill vectors, and the transforms of Winograd's method cost less
// than they save.
constexpr int64_t fewChannels = 8;

class DirectConvolution final : public Convolution {
 public:
  DirectConvolution(const ConvolutionShape& size, const at::Tensor& weight)
      : Convolution(size), weight_(weight.contiguous()), packed_(compute().directWeightSize(size)) {
    compute().directPackWeights(shape, weight_.data_ptr<float>(), packed_.data());
  }

  at::Tensor arrange(const at::Tensor& x) const override { return x.contiguous(); }
  int64_t imagesAtOnce() const override { return 1; }
  bool cheaperThanMemory() const override { return true; }
  int64_t workspace() const override { return compute().directWorkspace(shape); }

  void forward(const float* x, int64_t images, float* y, Into into, float* workspace) const override {
    for (int64_t i = 0; i < images; ++i) {
      compute().directForward(shape, x + i * inputSize(), packed_.data(), y + i * outputSize(), into,
                              workspace);
    }
  }

  void normReluPool(const float* x, int64_t images, const NormParameters& norm, float epsilon, float*, float* mean,
                    float* inverseDeviation, float* pooled, float* workspace) const override {
    const MapSize map = output();
    for (int64_t i = 0; i < images; ++i) {
      compute().directNormReluPool(shape, x + i * inputSize(), packed_.data(), norm, epsilon, mean + i * map.channels,
                                   inverseDeviation + i * map.channels, pooled + i * map.channels * pooledArea(map),
                                   workspace);
    }
  }

  void normReluPoolBackward(const float* x, int64_t images, const NormParameters& norm, const KeptResult& kept,
                            const float* pooledGradient, float*, const BlockGradients& to,
                            float* workspace) const override {
    const MapSize map = output();
    for (int64_t i = 0; i < images; ++i) {
      const int64_t place = i * map.channels;
      compute().directNormReluPoolBackward(
          shape, x + i * inputSize(), packed_.data(), rows_.defined() ? rows_.data_ptr<float>() : nullptr, norm,
          kept.mean + place, kept.inverseDeviation + place, pooledGradient + place * pooledArea(map),
          to.x == nullptr ? nullptr : to.x + i * inputSize(), to.weight, to.normWeight, to.normBias, workspace);
    }
  }

  void prepareInputGradient() override {
    const int64_t taps = 9 * shape.inputs;
    const int64_t width = (taps + compute().panelWidth - 1) / compute().panelWidth * compute().panelWidth;
    rows_ = at::constant_pad_nd(weight_.reshape({shape.outputs, taps}), {0, width - taps}).contiguous();
  }

  void inputGradient(const float* gradient, int64_t images, float* result, Into into,
                     float* workspace) const override {
    for (int64_t i = 0; i < images; ++i) {
      compute().directInputGradient(shape, gradient + i * outputSize(), rows_.data_ptr<float>(),
                                    result + i * inputSize(), into, workspace);
    }
  }

  int64_t weightSums() const override { return compute().directWeightSize(shape); }

  void addWeightGradient(const float* x, const float* gradient, int64_t images, float* sums,
                         float* workspace) const override {
    for (int64_t i = 0; i < images; ++i) {
      compute().directAddWeightGradient(shape, x + i * inputSize(), gradient + i * outputSize(), sums, workspace);
    }
  }

  void weightGradient(const float* sums, float* gradient) const override {
    compute().directWeightGradient(shape, sums, gradient);
  }

 private:
  at::Tensor weight_;
  at::Tensor rows_;
  Buffer packed_;
};

// A convolution of images with their channels last by Winograd's method, on the processor's tiles where it has them.
class Pass {
 public:
  // `turned`: with respect to the input of a convolution with these weights.
  Pass(const ConvolutionShape& size, const at::Tensor& weight, bool turned)
      : shape_(size), tiled_(compute().tilesConvolve(size)), weights_(pack(size, weight, tiled_, turned)) {}

  static int64_t workspace(const ConvolutionShape& size) {
    return compute().tilesConvolve(size) ? compute().tiledWorkspace(size) : compute().winogradWorkspace(size);
  }

  int64_t imagesAtOnce() const {
    return (tiled_ ? compute().tiledImagesAtOnce : compute().winogradImagesAtOnce)(shape_);
  }

  void run(const float* x, int64_t images, float* y, Into into, float* workspace) const {
    const auto convolve = tiled_ ? compute().tiledForward : compute().winogradForward;
    convolve(shape_, x, images, weights_.data(), y, into, workspace);
  }

 private:
  static Buffer pack(const ConvolutionShape& size, const at::Tensor& weight, bool tiled, bool turned) {
    const Buffer packed((tiled ? compute().tiledWeightSize : compute().winogradWeightSize)(size.inputs, size.outputs));
    const auto packSome = tiled ? compute().tiledPackWeights : compute().winogradTransformWeights;
    const int64_t parts = tiled ? compute().tiledWeightParts(size.outputs) : size.inputs;
    const float* weights = weight.data_ptr<float>();
    at::parallel_for(0, parts, tiled ? 1 : 8, [&](int64_t begin, int64_t end) {
      packSome(weights, size.inputs, size.outputs, turned, begin, end, packed.data());
    });
    return packed;
  }

  const ConvolutionShape shape_;
  const bool tiled_;
  const Buffer weights_;
};

class ChannelsLastConvolution final : public Convolution {
 public:
  ChannelsLastConvolution(const ConvolutionShape& size, const at::Tensor& weight)
      : Convolution(size), weight_(weight.contiguous()), forward_(size, weight_, false) {}

  at::Tensor arrange(const at::Tensor& x) const override { return x.contiguous(at::MemoryFormat::ChannelsLast); }
  int64_t imagesAtOnce() const override { return forward_.imagesAtOnce(); }
  bool cheaperThanMemory() const override { return false; }
  int64_t workspace() const override {
    return std::max({Pass::workspace(shape), Pass::workspace(turnedShape()), compute().winogradWorkspace(shape)});
  }

  void forward(const float* x, int64_t images, float* y, Into into, float* workspace) const override {
    forward_.run(x, images, y, into, workspace);
  }

  void prepareInputGradient() override { turned_ = std::make_unique<Pass>(turnedShape(), weight_, true); }

  void inputGradient(const float* gradient, int64_t images, float* result, Into into,
                     float* workspace) const override {
    turned_->run(gradient, images, result, into, workspace);
  }

  int64_t weightSums() const override { return compute().winogradWeightSize(shape.inputs, shape.outputs); }

  void addWeightGradient(const float* x, const float* gradient, int64_t images, float* sums,
                         float* workspace) const override {
    compute().winogradAddWeightGradient(shape, x, gradient, images, sums, workspace);
  }

  void weightGradient(const float* sums, float* gradient) const override {
    compute().winogradWeightGradient(sums, shape.inputs, shape.outputs, gradient);
  }

 private:
  ConvolutionShape turnedShape() const {
    return {shape.outputs, shape.inputs, shape.height, shape.width, shape.padding};
  }

  const at::Tensor weight_;
  const Pass forward_;
  std::unique_ptr<Pass> turned_;
};

}  // namespace

void Convolution::normReluPool(const float* x, int64_t images, const NormParameters& norm, float epsilon, float* y,
                               float* mean, float* inverseDeviation, float* pooled, float* workspace) const {
  const MapSize map = output();
  forward(x, images, y, Into::replace, workspace);
  for (int64_t i = 0; i < images; ++i) {
    const float* one = y + i * outputSize();
    float* ownMean = mean + i * map.channels;
    float* ownInverse = inverseDeviation + i * map.channels;
    compute().normStatistics(one, area(map), map.channels, epsilon, ownMean, ownInverse);
    compute().normReluPool(one, map, norm, ownMean, ownInverse, pooled + i * map.channels * pooledArea(map));
  }
}

void Convolution::normReluPoolBackward(const float* x, int64_t images, const NormParameters& norm,
                                       const KeptResult& kept, const float* pooledGradient, float* gradients,
                                       const BlockGradients& to, float* workspace) const {
  const MapSize map = output();
  for (int64_t i = 0; i < images; ++i) {
    const int64_t place = i * map.channels;
    compute().normReluPoolBackward(kept.y + i * outputSize(), map, norm, kept.mean + place,
                                   kept.inverseDeviation + place, pooledGradient + place * pooledArea(map),
                                   gradients + i * outputSize(), to.normWeight, to.normBias, workspace);
  }
  if (to.x != nullptr) inputGradient(gradients, images, to.x, Into::replace, workspace);
  if (to.weight != nullptr) addWeightGradient(x, gradients, images, to.weight, workspace);
}

bool hasConvolution(const at::Tensor& x, const at::Tensor& weight, int64_t padding) {
  const bool cpuFloat = x.device().is_cpu() && x.scalar_type() == at::kFloat && weight.device().is_cpu() &&
                        weight.scalar_type() == at::kFloat;
  const bool threeByThree = weight.dim() == 4 && weight.size(2) == 3 && weight.size(3) == 3;
  return cpuFloat && threeByThree && x.numel() > 0 && (padding == 1 || weight.size(1) < fewChannels);
}

std::unique_ptr<Convolution> makeConvolution(const at::Tensor& x, const at::Tensor& weight, int64_t padding) {
  const ConvolutionShape shape{weight.size(1), weight.size(0), x.size(2), x.size(3), padding};
  if (shape.inputs < fewChannels) return std::make_unique<DirectConvolution>(shape, weight);
  return std::make_unique<ChannelsLastConvolution>(shape, weight);
}

}  // namespace ncfm
