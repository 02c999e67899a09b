// 3x3 convolution of images with few channels (grey or colour): directly, from planes to channels last. One thread.
//
// The nine taps of every input channel are the depth of a small matrix product, whose left matrix is the padded image
// itself: the element for pixel p and tap k lies at place p + places[k].
#include "instance_norm.h"
#include "pixel_moments.h"
#include "table.h"

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {
namespace {

// The image with its border of zeros.
struct Padded {
  int64_t height, width;
  explicit Padded(const ConvolutionShape& shape)
      : height(shape.height + 2 * shape.padding), width(shape.width + 2 * shape.padding) {}
  int64_t area() const { return height * width; }
};

int64_t taps(const ConvolutionShape& shape) { return 9 * shape.inputs; }

void listPlaces(const ConvolutionShape& shape, int64_t* places) {
  const Padded padded(shape);
  for (int64_t k = 0; k < taps(shape); ++k) places[k] = k / 9 * padded.area() + k % 9 / 3 * padded.width + k % 3;
}

void pad(const ConvolutionShape& shape, const float* image, float* target) {
  const Padded padded(shape);
  for (int64_t i = 0; i < shape.inputs * padded.area(); ++i) target[i] = 0;
  for (int64_t c = 0; c < shape.inputs; ++c) {
    for (int64_t y = 0; y < shape.height; ++y) {
      const float* source = image + (c * shape.height + y) * shape.width;
      float* row = target + c * padded.area() + (y + shape.padding) * padded.width + shape.padding;
      for (int64_t x = 0; x < shape.width; ++x) row[x] = source[x];
    }
  }
}

// The part of a padded image inside of its border.
void unpad(const ConvolutionShape& shape, const float* image, float* target, Into into) {
  const Padded padded(shape);
  for (int64_t c = 0; c < shape.inputs; ++c) {
    for (int64_t y = 0; y < shape.height; ++y, target += shape.width) {
      const float* row = image + c * padded.area() + (y + shape.padding) * padded.width + shape.padding;
      for (int64_t x = 0; x < shape.width; ++x) target[x] = row[x] + (into == Into::add ? target[x] : 0);
    }
  }
}

int64_t panels(int64_t channels) { return (channels + panelWidth - 1) / panelWidth; }

template <Into into>
__attribute__((noinline)) void multiplyTaps(const float* image, int64_t pixels, const int64_t* places, int64_t count,
                                            const float* weights, float* target, int64_t stride, int64_t columns) {
  multiplyPanel<into>(image, Strided{1}, pixels, Listed{places}, count, weights, panelWidth, target, stride, columns);
}

}  // namespace

int64_t directWeightSize(const ConvolutionShape& shape) { return panels(shape.outputs) * taps(shape) * panelWidth; }

// packed[panel][tap][column of the panel], from weights [outputs][taps]
void directPackWeights(const ConvolutionShape& shape, const float* weights, float* packed) {
  for (int64_t panel = 0; panel < panels(shape.outputs); ++panel) {
    for (int64_t k = 0; k < taps(shape); ++k) {
      for (int64_t column = 0; column < panelWidth; ++column) {
        const int64_t output = panel * panelWidth + column;
        const float weight = output < shape.outputs ? weights[output * taps(shape) + k] : 0;
        packed[(panel * taps(shape) + k) * panelWidth + column] = weight;
      }
    }
  }
}

namespace {

// The parts of a workspace; those of eight bytes first, for their alignment. Of no memory, only the size is of use.
struct Workspace {
  int64_t* places;
  double* moments;
  double* exact;
  float* padded;
  float* gradient;
  float* row;
  float* strip;
  float* stripGradient;
  float* normSums;
  int64_t size = 0;

  Workspace(const ConvolutionShape& shape, float* memory) {
    const Padded image(shape);
    const int64_t area = shape.inputs * image.area(), stripSize = 2 * image.width * shape.outputs;
    const auto take = [&](int64_t count) {
      float* part = memory == nullptr ? nullptr : memory + size;
      size += count;
      return part;
    };
    places = reinterpret_cast<int64_t*>(take(2 * taps(shape)));
    moments = reinterpret_cast<double*>(take(2 * Moments::size(taps(shape))));
    exact = reinterpret_cast<double*>(take(2 * (area + doubleLanes)));
    padded = take(area);
    gradient = take(area);
    row = take(image.width * (panelWidth + roundUp(taps(shape), panelWidth)));
    strip = take(stripSize);
    stripGradient = take(stripSize + panelWidth);
    normSums = take(NormSums::size(shape.outputs));
    if (memory != nullptr) listPlaces(shape, places);
  }
};

// One row of the result, of all channels.
void convolveRow(const ConvolutionShape& shape, const Workspace& space, const float* weights, int64_t i, float* y,
                 Into into) {
  const Padded padded(shape);
  const int64_t width = padded.width - 2;
  const float* left = space.padded + i * padded.width;
  for (int64_t panel = 0; panel < panels(shape.outputs); ++panel) {
    const int64_t channel = panel * panelWidth;
    const int64_t columns = shape.outputs - channel < panelWidth ? shape.outputs - channel : panelWidth;
    const float* packed = weights + panel * taps(shape) * panelWidth;
    float* target = y + channel;
    if (columns % lanes == 0) {
      const auto multiply = into == Into::add ? multiplyTaps<Into::add> : multiplyTaps<Into::replace>;
      multiply(left, width, space.places, taps(shape), packed, target, shape.outputs, columns);
      continue;
    }
    multiplyTaps<Into::replace>(left, width, space.places, taps(shape), packed, space.row, panelWidth, columns);
    for (int64_t j = 0; j < width; ++j) {
      for (int64_t c = 0; c < columns; ++c) {
        float& element = target[j * shape.outputs + c];
        element = space.row[j * panelWidth + c] + (into == Into::add ? element : 0);
      }
    }
  }
}

// Some rows of the result, to the workspace's strip.
MapSize convolveStrip(const ConvolutionShape& shape, const Workspace& space, const float* weights, int64_t first,
                      int64_t rows) {
  const int64_t width = Padded(shape).width - 2;
  for (int64_t i = 0; i < rows; ++i) {
    convolveRow(shape, space, weights, first + i, space.strip + i * width * shape.outputs, Into::replace);
  }
  return {shape.outputs, rows, width};
}

// Adds what one row of the result's gradient gives to that of the padded image.
void addInputGradient(const ConvolutionShape& shape, const Workspace& space, const float* weights, int64_t i,
                      const float* gradient) {
  const Padded padded(shape);
  const int64_t width = padded.width - 2, stride = roundUp(taps(shape), panelWidth);
  for (int64_t k = 0; k < taps(shape); k += panelWidth) {
    const int64_t columns = taps(shape) - k < panelWidth ? taps(shape) - k : panelWidth;
    multiplyPanel<Into::replace>(gradient, Strided{shape.outputs}, width, Strided{1}, shape.outputs, weights + k, stride,
                                 space.row + k, stride, columns);
  }
  for (int64_t k = 0; k < taps(shape); ++k) {
    float* target = space.gradient + i * padded.width + space.places[k];
    for (int64_t j = 0; j < width; ++j) target[j] += space.row[j * stride + k];
  }
}

// Adds what one row of the result's gradient, and the padded image, give to that of the weights.
void addWeightGradient(const ConvolutionShape& shape, const Workspace& space, int64_t i, const float* gradient,
                       float* sums) {
  const Padded padded(shape);
  for (int64_t panel = 0; panel < panels(shape.outputs); ++panel) {
    const int64_t channel = panel * panelWidth;
    const int64_t columns = shape.outputs - channel < panelWidth ? shape.outputs - channel : panelWidth;
    multiplyPanel<Into::add>(space.padded + i * padded.width, Listed{space.places}, taps(shape), Strided{1},
                             padded.width - 2, gradient + channel, shape.outputs,
                             sums + panel * taps(shape) * panelWidth, panelWidth, columns);
  }
}

}  // namespace

int64_t directWorkspace(const ConvolutionShape& shape) { return Workspace(shape, nullptr).size; }

void directForward(const ConvolutionShape& shape, const float* image, const float* weights, float* y, Into into,
                   float* workspace) {
  const Workspace space(shape, workspace);
  const Padded padded(shape);
  pad(shape, image, space.padded);
  for (int64_t i = 0; i < padded.height - 2; ++i) {
    convolveRow(shape, space, weights, i, y + i * (padded.width - 2) * shape.outputs, into);
  }
}

// The convolution, normalised, rectified and pooled, two rows at a time: nowhere is the whole of its result.
void directNormReluPool(const ConvolutionShape& shape, const float* image, const float* weights,
                        const NormParameters& norm, float epsilon, float* mean, float* inverseDeviation, float* pooled,
                        float* workspace) {
  const Workspace space(shape, workspace);
  const Padded padded(shape);
  const int64_t width = padded.width - 2;
  pad(shape, image, space.padded);
  const int64_t area = shape.inputs * padded.area();
  for (int64_t j = 0; j < area; ++j) space.exact[j] = space.padded[j];
  for (int64_t j = area; j < area + doubleLanes; ++j) space.exact[j] = 0;
  const Moments moments(space.moments, taps(shape));
  moments.measure({space.exact, space.places, padded.height - 2, width, padded.width});
  for (int64_t panel = 0; panel < panels(shape.outputs); ++panel) {
    const int64_t channel = panel * panelWidth;
    moments.statistics(weights + panel * taps(shape) * panelWidth, shape.outputs - channel, epsilon, mean + channel,
                       inverseDeviation + channel);
  }
  for (int64_t i = 0; i + 1 < padded.height - 2; i += 2, pooled += width / 2 * shape.outputs) {
    const MapSize strip = convolveStrip(shape, space, weights, i, 2);
    normReluPool(space.strip, strip, norm, mean, inverseDeviation, pooled);
  }
}

// Gradient of the image from that of y. `weights` are [outputs][taps], rows padded with zeros to whole panels.
void directInputGradient(const ConvolutionShape& shape, const float* gradient, const float* weights, float* result,
                         Into into, float* workspace) {
  const Workspace space(shape, workspace);
  const Padded padded(shape);
  for (int64_t i = 0; i < shape.inputs * padded.area(); ++i) space.gradient[i] = 0;
  for (int64_t i = 0; i < padded.height - 2; ++i) {
    addInputGradient(shape, space, weights, i, gradient + i * (padded.width - 2) * shape.outputs);
  }
  unpad(shape, space.gradient, result, into);
}

// Adds the weights' gradient for one image to sums[panel][tap][column of the panel]. May read up to one panel of floats
// behind `gradient`.
void directAddWeightGradient(const ConvolutionShape& shape, const float* image, const float* gradient, float* sums,
                             float* workspace) {
  const Workspace space(shape, workspace);
  const Padded padded(shape);
  pad(shape, image, space.padded);
  for (int64_t i = 0; i < padded.height - 2; ++i) {
    addWeightGradient(shape, space, i, gradient + i * (padded.width - 2) * shape.outputs, sums);
  }
}

// The gradients of `directNormReluPool`, with the convolution computed anew, two rows at a time. Those with respect to the
// image and to the weights (as above) are left out where they are null.
void directNormReluPoolBackward(const ConvolutionShape& shape, const float* image, const float* weights,
                                const float* inputWeights, const NormParameters& norm, const float* mean,
                                const float* inverseDeviation, const float* pooledGradient, float* imageGradient,
                                float* weightSums, float* normWeightGradient, float* normBiasGradient,
                                float* workspace) {
  const Workspace space(shape, workspace);
  const Padded padded(shape);
  const int64_t height = padded.height - 2, width = padded.width - 2;
  const Normalisation normalisation{norm, mean, inverseDeviation};
  const NormSums sums(space.normSums, shape.outputs);
  pad(shape, image, space.padded);
  const int64_t pooledRow = width / 2 * shape.outputs;
  for (int64_t i = 0; i + 1 < height; i += 2) {
    const MapSize strip = convolveStrip(shape, space, weights, i, 2);
    addNormSums(space.strip, strip, normalisation, pooledGradient + i / 2 * pooledRow, sums);
  }
  addParameterGradients(sums, inverseDeviation, shape.outputs, normWeightGradient, normBiasGradient);
  for (int64_t i = 0; i < shape.inputs * padded.area(); ++i) space.gradient[i] = 0;
  for (int64_t i = 0; i < height; i += 2) {
    const MapSize strip = convolveStrip(shape, space, weights, i, i + 1 < height ? 2 : 1);
    normGradient(space.strip, strip, normalisation, pooledGradient + i / 2 * pooledRow, sums, height * width,
                 space.stripGradient);
    for (int64_t j = 0; j < strip.height; ++j) {
      const float* row = space.stripGradient + j * width * shape.outputs;
      if (imageGradient != nullptr) addInputGradient(shape, space, inputWeights, i + j, row);
      if (weightSums != nullptr) addWeightGradient(shape, space, i + j, row, weightSums);
    }
  }
  if (imageGradient != nullptr) unpad(shape, space.gradient, imageGradient, Into::replace);
}

// From the sums of all images to [outputs][taps].
void directWeightGradient(const ConvolutionShape& shape, const float* sums, float* gradient) {
  for (int64_t output = 0; output < shape.outputs; ++output) {
    const float* column = sums + output / panelWidth * taps(shape) * panelWidth + output % panelWidth;
    for (int64_t k = 0; k < taps(shape); ++k) gradient[output * taps(shape) + k] = column[k * panelWidth];
  }
}

}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
