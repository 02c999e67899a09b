// 3x3 convolutions with stride 1 on the CPU, image by image: the part that operators share.
#pragma once

#include <ATen/ATen.h>

#include <memory>

#include "buffer.h"
#include "compute/table.h"

namespace ncfm {

// Numbers of one channel, before and after pooling. Not in compute/table.h: see the rule in compute/vector.h.
inline int64_t area(const MapSize& size) { return size.height * size.width; }
inline int64_t pooledArea(const MapSize& size) { return (size.height / 2) * (size.width / 2); }

// What the forward pass of a block leaves for the backward one: the convolution's result, unless it is cheaper to compute
// again, and its statistics.
struct KeptResult {
  const float* y;
  const float* mean;
  const float* inverseDeviation;
};

// Where the gradients of a block go: those of the images, null where they are not wanted, are written; those of the weights
// (in the form of `weightSums`), which may be null too, and of the normalisation's parameters are added.
struct BlockGradients {
  float* x;
  float* weight;
  float* normWeight;
  float* normBias;
};

// One convolution with its weights, ready to be applied to any images. Results have their channels last.
class Convolution {
 public:
  virtual ~Convolution() = default;

  // x as this convolution reads it.
  virtual at::Tensor arrange(const at::Tensor& x) const = 0;
  // Images that are best handled together, and the floats of working space that this takes.
  virtual int64_t imagesAtOnce() const = 0;
  virtual int64_t workspace() const = 0;
  virtual void forward(const float* x, int64_t images, float* y, Into into, float* workspace) const = 0;
  // Whether computing a result again costs less than writing it to memory and reading it back.
  virtual bool cheaperThanMemory() const = 0;
  // The result of some images normalised, rectified and pooled, with the statistics of each channel. `y` has place for
  // the result, unless it is cheaper to compute again.
  virtual void normReluPool(const float* x, int64_t images, const NormParameters& norm, float epsilon, float* y,
                            float* mean, float* inverseDeviation, float* pooled, float* workspace) const;
  // The gradients of that. `gradients` has place for those of the result and a panel more, unless it is computed again.
  virtual void normReluPoolBackward(const float* x, int64_t images, const NormParameters& norm, const KeptResult& kept,
                                    const float* pooledGradient, float* gradients, const BlockGradients& to,
                                    float* workspace) const;

  // To be called once before `inputGradient`.
  virtual void prepareInputGradient() = 0;
  virtual void inputGradient(const float* gradient, int64_t images, float* result, Into into,
                             float* workspace) const = 0;
  // Weight gradients are added up in a form of their own, `weightSums` floats, and brought back at the end. Up to a
  // panel of floats behind `gradient` may be read.
  virtual int64_t weightSums() const = 0;
  virtual void addWeightGradient(const float* x, const float* gradient, int64_t images, float* sums,
                                 float* workspace) const = 0;
  virtual void weightGradient(const float* sums, float* gradient) const = 0;

  const ConvolutionShape shape;
  MapSize output() const {
    return {shape.outputs, shape.height + 2 * shape.padding - 2, shape.width + 2 * shape.padding - 2};
  }
  int64_t inputSize() const { return shape.inputs * shape.height * shape.width; }
  int64_t outputSize() const { return output().channels * area(output()); }

 protected:
  explicit Convolution(const ConvolutionShape& size) : shape(size) {}
};

// Whether `makeConvolution` has a kernel: 3x3, and either few input channels or padding 1; float32 on the CPU.
bool hasConvolution(const at::Tensor& x, const at::Tensor& weight, int64_t padding);

// x [n, inputs, h, w], weight [outputs, inputs, 3, 3]
std::unique_ptr<Convolution> makeConvolution(const at::Tensor& x, const at::Tensor& weight, int64_t padding);

}  // namespace ncfm
