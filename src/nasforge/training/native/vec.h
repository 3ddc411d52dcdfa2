// A vector of floats as wide as the machine's registers.
//
// GCC's and Clang's vector extensions instead of intrinsics: the same source compiles for AVX-512,
// AVX, SSE and NEON.
#pragma once

#include <cstddef>

namespace nasforge {

#if defined(__AVX512F__)
constexpr int kWidth = 16;
#elif defined(__AVX__)
constexpr int kWidth = 8;
#else
constexpr int kWidth = 4;
#endif

// Kernels keep as many sums in registers as there are registers for.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr bool kManyRegisters = true;  // 32
#else
constexpr bool kManyRegisters = false;  // 16
#endif

typedef float Vec __attribute__((vector_size(kWidth * sizeof(float))));

#define NASFORGE_INLINE inline __attribute__((always_inline))

// The same in memory that holds single floats.
typedef float VecInMemory __attribute__((vector_size(kWidth * sizeof(float)), may_alias));

NASFORGE_INLINE Vec load(const float* p) { return *reinterpret_cast<const VecInMemory*>(p); }

NASFORGE_INLINE void store(float* p, Vec x) { *reinterpret_cast<VecInMemory*>(p) = x; }

NASFORGE_INLINE Vec broadcast(float x) {
  const Vec zero = {};
  return zero + x;
}

// The order of the operands lets a NaN through, as in PyTorch.
NASFORGE_INLINE Vec relu(Vec x) {
  const Vec zero = {};
  return zero > x ? zero : x;
}

// `value` where `gate` is positive, else 0: the gradient of relu(gate).
NASFORGE_INLINE Vec where_positive(Vec gate, Vec value) {
  const Vec zero = {};
  return gate > zero ? value : zero;
}

NASFORGE_INLINE float sum_of_lanes(Vec x) {
  float sum = 0;
  for (int i = 0; i < kWidth; ++i) sum += x[i];
  return sum;
}

}  // namespace nasforge
