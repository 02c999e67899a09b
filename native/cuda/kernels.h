// What the kernels for GPUs are called by. Their sources know CUDA and nothing of LibTorch: nvcc compiles them without its
// headers, and any C++ compiler does for the processor, where they are tested (test/cuda).
//
// Pointers are to the GPU's memory, matrices are stored row by row. Each function queues its work and returns; its result is
// an error of starting that work.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace ncfm {
namespace cuda {

// How the factors of ⟨t, f⟩ are multiplied; sums are of single precision always.
enum class Precision {
  single,    // as they are, without tensor cores
  tf32x3,    // on tensor cores, each split into two of eleven bits, of whose four products the largest three count
  tf32,      // rounded to eleven bits
  bfloat16,  // rounded to eight bits
};

// features [rows, depth] and frequencies [total, depth], whose phases are ⟨t, f⟩.
struct Projection {
  const float* features;
  const float* frequencies;
  int64_t rows, total, depth;
};

// The most parts that the rows of a group are shared out to: each gives a sum of its own, so that nothing depends on which
// was faster.
int64_t partsOfGroups(const Projection& projection, int64_t groups);

// Sums of the phases' cosines and sines over each group of rows: [parts, groups, total], parts as partsOfGroups tells.
cudaError_t characteristicSums(const Projection& projection, int64_t groups, int64_t parts, Precision precision,
                               float* cosines, float* sines, cudaStream_t stream);

// A loss's gradients with respect to the phases of some rows, the first of which is `firstRow` of all, from those with
// respect to the sums, [groups, total]: [rows, total].
cudaError_t phaseGradients(const Projection& projection, int64_t firstRow, int64_t perGroup, const float* cosineGradients,
                           const float* sineGradients, Precision precision, float* gradients, cudaStream_t stream);

enum class Layout { channelsFirst, channelsLast };
enum class Element { float32, bfloat16 };

// Maps [images, channels, height, width] in a layout and element type; pooled ones are [images, channels, height / 2,
// width / 2] in the same, rounded down.
struct Maps {
  int64_t images;
  int channels, height, width;
  Layout layout;
  Element element;
};

// Scale and shift of each channel.
struct ChannelNorm {
  const float* scale;
  const float* shift;
};

// Of each channel of each image, [images, channels].
struct ChannelStatistics {
  float* mean;
  float* inverseDeviation;
};

// Instance normalisation, ReLU and the mean of each 2x2 window, by windows without overlap.
cudaError_t normReluPool(const Maps& maps, const void* y, const ChannelNorm& norm, float epsilon,
                         const ChannelStatistics& statistics, void* pooled, cudaStream_t stream);

// From a loss's gradient with respect to the pooled maps, that with respect to `y`, and for each image those with respect
// to scale and shift, [images, channels].
cudaError_t normReluPoolBackward(const Maps& maps, const void* y, const ChannelNorm& norm,
                                 const ChannelStatistics& statistics, const void* pooledGradient, void* gradient,
                                 float* scaleGradients, float* shiftGradients, cudaStream_t stream);

}  // namespace cuda
}  // namespace ncfm
