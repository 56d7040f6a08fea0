// One number after the other: dropout, ReLU and the like.
#pragma once

#include "common.cuh"

// y = x times `factor` where the bit of the number is 1, times 0 elsewhere. The sum with 0 makes 0 of -0.
extern "C" __global__ void __launch_bounds__(256) dropout(
    int n, const unsigned *bits, float factor, const float *x, float *y) {
  const unsigned i = number_of_thread();
  if (i < (unsigned)n) y[i] = 0.f + x[i] * ((bits[i / 32] >> (i % 32) & 1) ? factor : 0.f);
}

extern "C" __global__ void __launch_bounds__(256) dropout_gradient(
    int n, const unsigned *bits, float factor, const float *dy, float *dx) {
  const unsigned i = number_of_thread();
  if (i < (unsigned)n) dx[i] += dy[i] * ((bits[i / 32] >> (i % 32) & 1) ? factor : 0.f);
}

// NaN stays.
extern "C" __global__ void __launch_bounds__(256) relu(int n, const float *x, float *y) {
  const unsigned i = number_of_thread();
  if (i < (unsigned)n) y[i] = x[i] < 0.f ? 0.f : x[i];
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
