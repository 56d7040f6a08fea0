// One number after the other: dropout, ReLU and the like.
#pragma once

#include "common.cuh"

// A bit for each number. Those of 65536 numbers come with the start of the kernel, which is quicker than to copy them to
// the GPU before. (Since CUDA 12.1, arguments may have 32764 bytes.) More of them lie at `more`.
#define FEW_WORDS 2048
struct Bits {
  const unsigned *more;
  unsigned words[FEW_WORDS];
  __device__ __forceinline__ bool operator[](unsigned i) const {
    return (more == nullptr ? words[i / 32] : more[i / 32]) >> (i % 32) & 1;
  }
};

// y = x times `factor` where the bit of the number is 1, times 0 elsewhere, in the place of -x. The sum with 0 makes 0 of -0.
extern "C" __global__ void __launch_bounds__(256) dropout_of_minus(
    const __grid_constant__ Bits kept, int n, float factor, float *y) {
  const unsigned i = number_of_thread();
  if (i < (unsigned)n) y[i] = 0.f + -y[i] * (kept[i] ? factor : 0.f);
}

extern "C" __global__ void __launch_bounds__(256) dropout_gradient(
    const __grid_constant__ Bits kept, int n, float factor, const float *dy, float *dx) {
  const unsigned i = number_of_thread();
  if (i < (unsigned)n) dx[i] += dy[i] * (kept[i] ? factor : 0.f);
}

// In the place of -x. NaN stays.
extern "C" __global__ void __launch_bounds__(256) relu_of_minus(int n, float *y) {
  const unsigned i = number_of_thread();
  if (i < (unsigned)n) y[i] = y[i] > 0.f ? 0.f : -y[i];
}

extern "C" __global__ void __launch_bounds__(256) relu_gradient(int n, const float *y, const float *dy, float *dx) {
  const unsigned i = number_of_thread();
  if (i < (unsigned)n) dx[i] += y[i] <= 0.f ? 0.f : dy[i];
}

// sum += *factor x, not fused.
extern "C" __global__ void __launch_bounds__(256) add_scaled(int n, const float *x, const float *factor, float *sum) {
  const unsigned i = number_of_thread();
  if (i < (unsigned)n) sum[i] += *factor * x[i];
}

// a = a alpha + b beta, each step rounded.
extern "C" __global__ void __launch_bounds__(256) axpy(int n, float alpha, float beta, const float *b, float *a) {
  const unsigned i = number_of_thread();
  if (i < (unsigned)n) a[i] = a[i] * alpha + b[i] * beta;
}
