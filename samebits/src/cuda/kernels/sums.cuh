// Sums along axes, one number after the other, and numbers that are repeated along them (sums.rs).
#pragma once

#include "common.cuh"

#define MOST_AXES 8
struct Axes {
  int count;
  int lengths[MOST_AXES], strides[MOST_AXES]; // how far the next one is; the last axis is the fastest

  // Where number i of all is.
  __device__ __forceinline__ int place(unsigned i) const {
    int at = 0;
    for (int axis = count - 1; axis >= 0; axis--) {
      const unsigned rest = i / (unsigned)lengths[axis];
      at += (int)(i - rest * lengths[axis]) * strides[axis];
      i = rest;
    }
    return at;
  }
};

extern "C" __global__ void __launch_bounds__(256) repeat(
    const __grid_constant__ Axes axes, int n, int given, const float *x, float *y) {
  const unsigned i = number_of_thread();
  if (i >= (unsigned)n) return;
  const float of = x[axes.place(i)];
  y[i] = given ? y[i] + of : of;
}

// y at to.place(i) = y there, or 0, + sum of x at from.place(i) + terms.place(k), for k from 0 on.
//
// A thread for each of the sums: where there are many.
extern "C" __global__ void __launch_bounds__(256) sums_by_threads(
    const __grid_constant__ Axes from, const __grid_constant__ Axes to, const __grid_constant__ Axes terms, int n,
    int count, int given, const float *x, float *y) {
  const unsigned i = number_of_thread();
  if (i >= (unsigned)n) return;
  const float *start = x + from.place(i);
  float *result = y + to.place(i), sum = given ? *result : 0.f;
  if (terms.count == 1) {
    const int stride = terms.strides[0];
#pragma unroll 8
    for (int k = 0; k < count; k++) sum += start[k * stride];
  } else {
    for (int k = 0; k < count; k++) sum += start[terms.place(k)];
  }
  *result = sum;
}

// A block of 256 threads for each of the sums, where there are few: all of them fetch terms, and one adds them up.
extern "C" __global__ void __launch_bounds__(256) sums_by_blocks(
    const __grid_constant__ Axes from, const __grid_constant__ Axes to, const __grid_constant__ Axes terms, int n,
    int count, int given, const float *x, float *y) {
  constexpr int EACH = 4, AT_ONCE = 256 * EACH;
  __shared__ float fetched[2][AT_ONCE];
  const float *start = x + from.place(blockIdx.x);
  float *result = y + to.place(blockIdx.x), sum = given ? *result : 0.f;
  for (int k = 0, now = 0; k < count; k += AT_ONCE, now ^= 1) {
#pragma unroll
    for (int e = 0; e < EACH; e++) {
      const int at = k + threadIdx.x + 256 * e;
      fetched[now][threadIdx.x + 256 * e] =
          at < count ? start[terms.count == 1 ? at * terms.strides[0] : terms.place(at)] : 0.f;
    }
    // One barrier is enough: the next terms go to the other half.
    __syncthreads();
    if (threadIdx.x == 0) {
      const int end = min(AT_ONCE, count - k);
      if (end == AT_ONCE) {
#pragma unroll 16
        for (int t = 0; t < AT_ONCE; t++) sum += fetched[now][t];
      } else {
        for (int t = 0; t < end; t++) sum += fetched[now][t];
      }
    }
  }
  if (threadIdx.x == 0) *result = sum;
}
