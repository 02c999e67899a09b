// What the operators call: the computing functions, compiled once for each instruction set, behind one table each.
#pragma once

#include <cstdint>

namespace ncfm {

// A 3x3 convolution of [inputs, height, width] with stride 1; the result has height + 2 · padding − 2 rows.
struct ConvolutionShape {
  int64_t inputs, outputs, height, width, padding;
};

// Feature maps of one image, channels last.
struct MapSize {
  int64_t channels, height, width;
};

// Scale and shift of each channel behind a normalisation.
struct NormParameters {
  const float* weight;
  const float* bias;
};

// Maps of one image and their derivative along a direction.
struct DualMaps {
  const float* value;
  const float* tangent;
};

struct DualNorm {
  NormParameters value, tangent;
};

// Rows of a left matrix or columns of a right one, whose products are sums over `depth`; one of the strides is 1.
struct Strips {
  const float* values;
  int64_t count, stride, depthStride;
};

// A block of a product.
constexpr int64_t productRows = 96, productColumns = 128;

// What becomes of a result: it replaces the target or is added to it.
enum class Into { replace, add };

// Name, result and parameters of every function; see the files of this folder for what each does.
#define NCFM_COMPUTE_FUNCTIONS(FUNCTION)                                                                              \
  FUNCTION(winogradWeightSize, int64_t, (int64_t inputs, int64_t outputs))                                            \
  FUNCTION(winogradTransformWeights, void,                                                                            \
           (const float* weights, int64_t inputs, int64_t outputs, bool turned, int64_t begin, int64_t end,           \
            float* packed))                                                                                           \
  FUNCTION(winogradImagesAtOnce, int64_t, (const ConvolutionShape& shape))                                            \
  FUNCTION(winogradWorkspace, int64_t, (const ConvolutionShape& shape))                                               \
  FUNCTION(winogradForward, void,                                                                                     \
           (const ConvolutionShape& shape, const float* x, int64_t images, const float* weights, float* y, Into into, \
            float* workspace))                                                                                        \
  FUNCTION(winogradAddWeightGradient, void,                                                                           \
           (const ConvolutionShape& shape, const float* x, const float* gradient, int64_t images, float* sums,        \
            float* workspace))                                                                                        \
  FUNCTION(winogradWeightGradient, void, (const float* sums, int64_t inputs, int64_t outputs, float* gradient))       \
  FUNCTION(tilesConvolve, bool, (const ConvolutionShape& shape))                                                      \
  FUNCTION(tiledImagesAtOnce, int64_t, (const ConvolutionShape& shape))                                               \
  FUNCTION(tiledWeightSize, int64_t, (int64_t inputs, int64_t outputs))                                               \
  FUNCTION(tiledWeightParts, int64_t, (int64_t outputs))                                                              \
  FUNCTION(tiledPackWeights, void,                                                                                    \
           (const float* weights, int64_t inputs, int64_t outputs, bool turned, int64_t begin, int64_t end,           \
            float* packed))                                                                                           \
  FUNCTION(tiledWorkspace, int64_t, (const ConvolutionShape& shape))                                                  \
  FUNCTION(tiledForward, void,                                                                                        \
           (const ConvolutionShape& shape, const float* x, int64_t images, const float* weights, float* y, Into into, \
            float* workspace))                                                                                        \
  FUNCTION(directWeightSize, int64_t, (const ConvolutionShape& shape))                                                \
  FUNCTION(directPackWeights, void, (const ConvolutionShape& shape, const float* weights, float* packed))             \
  FUNCTION(directWorkspace, int64_t, (const ConvolutionShape& shape))                                                 \
  FUNCTION(directForward, void,                                                                                       \
           (const ConvolutionShape& shape, const float* image, const float* weights, float* y, Into into,             \
            float* workspace))                                                                                        \
  FUNCTION(directNormReluPool, void,                                                                                  \
           (const ConvolutionShape& shape, const float* image, const float* weights, const NormParameters& norm,      \
            float epsilon, float* mean, float* inverseDeviation, float* pooled, float* workspace))                    \
  FUNCTION(directNormReluPoolBackward, void,                                                                          \
           (const ConvolutionShape& shape, const float* image, const float* weights, const float* inputWeights,       \
            const NormParameters& norm, const float* mean, const float* inverseDeviation,                             \
            const float* pooledGradient, float* imageGradient, float* weightSums, float* normWeightGradient,          \
            float* normBiasGradient, float* workspace))                                                               \
  FUNCTION(directInputGradient, void,                                                                                 \
           (const ConvolutionShape& shape, const float* gradient, const float* weights, float* result, Into into,     \
            float* workspace))                                                                                        \
  FUNCTION(directAddWeightGradient, void,                                                                             \
           (const ConvolutionShape& shape, const float* image, const float* gradient, float* sums, float* workspace)) \
  FUNCTION(directWeightGradient, void, (const ConvolutionShape& shape, const float* sums, float* gradient))           \
  FUNCTION(normStatistics, void,                                                                                      \
           (const float* image, int64_t area, int64_t channels, float epsilon, float* mean, float* inverseDeviation)) \
  FUNCTION(normReluPool, void,                                                                                        \
           (const float* image, const MapSize& size, const NormParameters& norm, const float* mean,                   \
            const float* inverseDeviation, float* pooled))                                                            \
  FUNCTION(normReluPoolBackward, void,                                                                                \
           (const float* image, const MapSize& size, const NormParameters& norm, const float* mean,                   \
            const float* inverseDeviation, const float* pooledGradient, float* gradient, float* weightGradient,       \
            float* biasGradient, float* workspace))                                                                   \
  FUNCTION(dualStatistics, void, (const DualMaps& maps, int64_t area, int64_t channels, float* statistics))           \
  FUNCTION(dualReluPool, void,                                                                                        \
           (const DualMaps& maps, const MapSize& size, const DualNorm& norm, const float* statistics, float* pooled,  \
            float* pooledTangent))                                                                                    \
  FUNCTION(dualReluPoolBackward, void,                                                                                \
           (const DualMaps& maps, const MapSize& size, const DualNorm& norm, const float* statistics,                 \
            const DualMaps& pooledGradients, float* gradient, float* tangentGradient, float* weightGradient,          \
            float* biasGradient))                                                                                     \
  FUNCTION(productLeftSize, int64_t, (int64_t rows, int64_t depth))                                                   \
  FUNCTION(productRightSize, int64_t, (int64_t columns, int64_t depth))                                               \
  FUNCTION(productPackLeft, void, (const Strips& rows, int64_t depth, float* packed))                                 \
  FUNCTION(productPackRight, void, (const Strips& columns, int64_t depth, float* packed))                             \
  FUNCTION(productMultiply, void,                                                                                     \
           (const float* left, int64_t rows, const float* right, int64_t columns, int64_t depth, float* target))      \
  FUNCTION(addCosinesAndSines, void,                                                                                  \
           (const float* phases, int64_t rows, int64_t stride, int64_t columns, float* cosines, float* sines))        \
  FUNCTION(phaseGradients, void,                                                                                      \
           (const float* phases, int64_t rows, int64_t stride, int64_t columns, const float* cosineGradient,          \
            const float* sineGradient, float* gradients))                                                             \
  FUNCTION(multiplyAdds, int64_t, (int64_t rounds))

struct Compute {
  const char* instructionSet;
  int64_t panelWidth;
#define NCFM_POINTER(name, result, parameters) result(*name) parameters;
  NCFM_COMPUTE_FUNCTIONS(NCFM_POINTER)
#undef NCFM_POINTER
};

#if defined(NCFM_INSTRUCTION_SET)
namespace NCFM_INSTRUCTION_SET {
#define NCFM_DECLARATION(name, result, parameters) result name parameters;
NCFM_COMPUTE_FUNCTIONS(NCFM_DECLARATION)
#undef NCFM_DECLARATION
extern const Compute table;
}  // namespace NCFM_INSTRUCTION_SET
#endif

// The table in use: that of the best instruction set of this processor.
const Compute& compute();

}  // namespace ncfm
