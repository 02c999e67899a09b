// The library of our operators. What registers them is compiled for another one too, where the kernels for GPUs are tested
// on the processor (test/cuda).
#pragma once

#include <torch/library.h>

#ifndef NCFM_LIBRARY
#define NCFM_LIBRARY ncfm
#endif
