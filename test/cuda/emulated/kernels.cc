// The kernels' own sources, compiled for the processor.
#include "native/cuda/characteristic_function.cu"
#include "native/cuda/norm_relu_pool.cu"
