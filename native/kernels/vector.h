// Run-time choice of vector instructions: a function marked NCFM_VECTORIZED is compiled for AVX-512, AVX2 and the
// baseline, and the loader picks the best that the processor has.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
#define NCFM_VECTORIZED __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default")))
#else
#define NCFM_VECTORIZED
#endif
