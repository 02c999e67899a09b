// Instance normalisation, ReLU and 2x2 average pooling in one kernel, and their gradients in another: maps are read twice,
// and nothing in between is written.
#include <type_traits>

#include "kernels.h"
#include "launch.h"
#include "tensor_core.h"

namespace ncfm {
namespace cuda {
namespace {

constexpr int mostThreads = 256;
constexpr int warp = 32;

// How elements are stored; what is computed with is of single precision.
struct Float32 {
  float value;
  __device__ float read() const { return value; }
  __device__ static Float32 of(float value) { return {value}; }
};

struct Bfloat16 {
  uint16_t bits;
  __device__ float read() const { return asFloat(static_cast<uint32_t>(bits) << 16); }
  // The nearest one, of two the even one; what is not a number stays so.
  __device__ static Bfloat16 of(float value) {
    const uint32_t bits = asBits(value);
    if (value != value) return {static_cast<uint16_t>(bits >> 16 | 0x40)};
    return {static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
  }
};

// A block has one image and `channelLanes` of its channels, over which maps with their channels last are read side by side:
// one where channels come first. Threads of a channel take turns with its pixels.
template <int channelLanes>
struct Place {
  int64_t image;
  int channel, lane, lanes, area;
  int64_t first, pixelStride;  // of the channel's pixels among all elements
  bool inside;

  __device__ explicit Place(const Maps& maps) {
    const int blocksEach = (maps.channels + channelLanes - 1) / channelLanes;
    image = blockIdx.x / blocksEach;
    channel = blockIdx.x % blocksEach * channelLanes + threadIdx.x % channelLanes;
    lane = threadIdx.x / channelLanes;
    lanes = blockDim.x / channelLanes;
    area = maps.height * maps.width;
    first = at(image, area, maps.channels);
    pixelStride = channelLanes == 1 ? 1 : maps.channels;
    inside = channel < maps.channels;
  }

  // The channel's first element in maps of so many pixels.
  __device__ int64_t at(int64_t ofImage, int pixels, int channels) const {
    const int64_t start = ofImage * pixels * channels;
    return channelLanes == 1 ? start + static_cast<int64_t>(channel) * pixels : start + channel;
  }
  __device__ int64_t pixel(int index) const { return first + index * pixelStride; }
  __device__ int64_t ofChannel(const Maps& maps) const { return image * maps.channels + channel; }
};

// Calls add(index of another thread of the same channel) so often that the first one has all in the end.
template <int channelLanes, class Place, class Add>
__device__ void reduce(const Place& place, const Add& add) {
  for (int half = place.lanes / 2; half > 0; half /= 2) {
    __syncthreads();
    if (place.lane < half) add(threadIdx.x + half * channelLanes);
  }
  __syncthreads();
}

// Mean and sum of squared distances from it of some numbers, joined by Chan, Golub and LeVeque's rule (1983, eq. 2.1).
struct Moments {
  float count, mean, squares;

  __device__ void join(const Moments& other) {
    const float total = count + other.count;
    if (other.count == 0) return;
    const float distance = other.mean - mean, share = other.count / total;
    mean += distance * share;
    squares += other.squares + distance * distance * count * share;
    count = total;
  }
};

// Of a thread's pixels; distances are from the first one, so that a mean far from 0 costs no digits.
template <class Value, int channelLanes>
__device__ Moments momentsOf(const Value* y, const Place<channelLanes>& place) {
  if (!place.inside || place.lane >= place.area) return {0, 0, 0};
  const float first = y[place.pixel(place.lane)].read();
  float count = 0, sum = 0, squares = 0;
  for (int pixel = place.lane; pixel < place.area; pixel += place.lanes) {
    const float distance = y[place.pixel(pixel)].read() - first;
    count += 1;
    sum += distance;
    squares += distance * distance;
  }
  return {count, first + sum / count, squares - sum * (sum / count)};
}

// The normalisation of one channel of one image.
struct Normalised {
  float mean, inverse, scale, shift;

  __device__ float distance(float value) const { return (value - mean) * inverse; }
  // ReLU, which leaves alone what is not a number.
  __device__ float positive(float value) const {
    const float result = distance(value) * scale + shift;
    return result <= 0 ? 0 : result;
  }
  __device__ bool passes(float value) const { return !(distance(value) * scale + shift <= 0); }
};

template <class Value, int channelLanes>
__global__ void __launch_bounds__(mostThreads) pool(Maps maps, const Value* y, ChannelNorm norm, float epsilon,
                                                    ChannelStatistics statistics, Value* pooled) {
  __shared__ Moments shared[mostThreads];
  const Place<channelLanes> place(maps);
  Moments& own = shared[threadIdx.x];
  own = momentsOf(y, place);
  reduce<channelLanes>(place, [&](int other) { own.join(shared[other]); });
  if (!place.inside) return;
  const Moments& all = shared[threadIdx.x % channelLanes];
  // Rounding may leave sums of squares just below 0; what is not a number has to stay so.
  const float variance = all.squares < 0 ? 0 : all.squares / all.count;
  const float inverse = 1 / sqrtf(variance + epsilon);
  if (place.lane == 0) {
    statistics.mean[place.ofChannel(maps)] = all.mean;
    statistics.inverseDeviation[place.ofChannel(maps)] = inverse;
  }
  const Normalised channel{all.mean, inverse, norm.scale[place.channel], norm.shift[place.channel]};
  const int width = maps.width / 2, windows = maps.height / 2 * width;
  const int64_t start = place.at(place.image, windows, maps.channels);
  for (int window = place.lane; window < windows; window += place.lanes) {
    const int pixel = window / width * 2 * maps.width + window % width * 2;
    const float sum = channel.positive(y[place.pixel(pixel)].read()) + channel.positive(y[place.pixel(pixel + 1)].read()) +
                      channel.positive(y[place.pixel(pixel + maps.width)].read()) +
                      channel.positive(y[place.pixel(pixel + maps.width + 1)].read());
    pooled[start + window * place.pixelStride] = Value::of(sum / 4);
  }
}

// The gradient with respect to the normalised, scaled and shifted value of one pixel.
template <class Value, int channelLanes>
struct Incoming {
  const Value* pooled;
  int64_t first, stride;
  int width, height, mapWidth;

  __device__ Incoming(const Maps& maps, const Value* gradient, const Place<channelLanes>& place)
      : pooled(gradient),
        first(place.at(place.image, maps.height / 2 * (maps.width / 2), maps.channels)),
        stride(place.pixelStride),
        width(maps.width / 2),
        height(maps.height / 2),
        mapWidth(maps.width) {}

  // An odd last row or column is in no window.
  __device__ float at(int pixel, bool passes) const {
    const int row = pixel / mapWidth / 2, column = pixel % mapWidth / 2;
    if (!passes || row >= height || column >= width) return 0;
    return pooled[first + (row * width + column) * stride].read() / 4;
  }
};

// Of gradients, and of gradients times the normalised values.
struct GradientSums {
  float plain, weighed;
};

template <class Value, int channelLanes>
__global__ void __launch_bounds__(mostThreads) poolBackward(Maps maps, const Value* y, ChannelNorm norm,
                                                            ChannelStatistics statistics, const Value* pooledGradient,
                                                            Value* gradient, float* scaleGradients,
                                                            float* shiftGradients) {
  __shared__ GradientSums shared[mostThreads];
  const Place<channelLanes> place(maps);
  GradientSums& own = shared[threadIdx.x];
  own = {0, 0};
  Normalised channel{0, 0, 0, 0};
  const Incoming<Value, channelLanes> incoming(maps, pooledGradient, place);
  if (place.inside) {
    const int64_t index = place.ofChannel(maps);
    channel = {statistics.mean[index], statistics.inverseDeviation[index], norm.scale[place.channel],
               norm.shift[place.channel]};
    for (int pixel = place.lane; pixel < place.area; pixel += place.lanes) {
      const float value = y[place.pixel(pixel)].read();
      const float each = incoming.at(pixel, channel.passes(value));
      own.plain += each;
      own.weighed += each * channel.distance(value);
    }
  }
  reduce<channelLanes>(place, [&](int other) {
    own.plain += shared[other].plain;
    own.weighed += shared[other].weighed;
  });
  if (!place.inside) return;
  const GradientSums all = shared[threadIdx.x % channelLanes];
  if (place.lane == 0) {
    scaleGradients[place.ofChannel(maps)] = all.weighed;
    shiftGradients[place.ofChannel(maps)] = all.plain;
  }
  const float pixels = static_cast<float>(place.area), factor = channel.scale * channel.inverse;
  for (int pixel = place.lane; pixel < place.area; pixel += place.lanes) {
    const float value = y[place.pixel(pixel)].read(), distance = channel.distance(value);
    const float each = incoming.at(pixel, channel.passes(value));
    gradient[place.pixel(pixel)] = Value::of(factor * (each - all.plain / pixels - distance * (all.weighed / pixels)));
  }
}

// Calls body(element, lanes of channels, blocks, threads).
template <class Body>
cudaError_t withLayout(const Maps& maps, const Body& body) {
  const auto withElement = [&](auto lanes, int64_t blocks, int threads) {
    const dim3 grid(static_cast<unsigned>(maps.images * blocks)), block(static_cast<unsigned>(threads));
    if (maps.element == Element::bfloat16) return body(Bfloat16(), lanes, grid, block);
    return body(Float32(), lanes, grid, block);
  };
  if (maps.layout == Layout::channelsLast) {
    return withElement(std::integral_constant<int, warp>(), (maps.channels + warp - 1) / warp, mostThreads);
  }
  int threads = warp;
  while (threads < mostThreads && threads < maps.height * maps.width) threads *= 2;
  return withElement(std::integral_constant<int, 1>(), maps.channels, threads);
}

}  // namespace

cudaError_t normReluPool(const Maps& maps, const void* y, const ChannelNorm& norm, float epsilon,
                         const ChannelStatistics& statistics, void* pooled, cudaStream_t stream) {
  return withLayout(maps, [&](auto element, auto lanes, dim3 grid, dim3 block) {
    using Value = decltype(element);
    return launch(pool<Value, decltype(lanes)::value>, grid, block, stream, maps, static_cast<const Value*>(y), norm,
                  epsilon, statistics, static_cast<Value*>(pooled));
  });
}

cudaError_t normReluPoolBackward(const Maps& maps, const void* y, const ChannelNorm& norm,
                                 const ChannelStatistics& statistics, const void* pooledGradient, void* gradient,
                                 float* scaleGradients, float* shiftGradients, cudaStream_t stream) {
  return withLayout(maps, [&](auto element, auto lanes, dim3 grid, dim3 block) {
    using Value = decltype(element);
    return launch(poolBackward<Value, decltype(lanes)::value>, grid, block, stream, maps, static_cast<const Value*>(y),
                  norm, statistics, static_cast<const Value*>(pooledGradient), static_cast<Value*>(gradient),
                  scaleGradients, shiftGradients);
  });
}

}  // namespace cuda
}  // namespace ncfm
