// Losses and metrics.
#pragma once

#include "common.cuh"
#include "functions.cuh"

// The loss of classes, and its slopes, row after row. One block; the losses of rows are added up in their order.
extern "C" __global__ void __launch_bounds__(64) cross_entropy(
    const float *x, int rows, int classes, const long long *targets, float eps, float *slopes, float *loss) {
  __shared__ double terms[64], others[64];
  const float each = __fdiv_rn(eps, (float)classes);
  double total = 0.0;
  for (int from = 0; from < rows; from += 64) {
    const int row = from + threadIdx.x;
    if (row < rows) {
      const float *v = x + row * classes;
      float *slope = slopes + row * classes;
      const long long right = targets[row];
      float largest = __uint_as_float(0xff800000);
      for (int c = 0; c < classes; c++) largest = fmaxf(largest, v[c]);
      float sum = 0.f;
      for (int c = 0; c < classes; c++) {
        const float power = exp_of(v[c] - largest);
        slope[c] = power;
        sum += power;
      }
      const float ln = ln_of(sum);
      // A target that is no class makes the loss NaN.
      const bool is = right >= 0 && right < classes;
      terms[threadIdx.x] =
          is ? (double)(1.f - eps) * (double)(ln - (v[right] - largest)) : (double)__uint_as_float(0x7fc00000);
      // As the sum of Rust's iterators: it starts from -0.
      double of_all = -0.0;
      for (int c = 0; c < classes; c++) of_all += (double)(ln - (v[c] - largest));
      others[threadIdx.x] = (double)each * of_all;
      for (int c = 0; c < classes; c++) {
        const float q = each + (c == right ? 1.f - eps : 0.f);
        slope[c] = __fdiv_rn(__fdiv_rn(slope[c], sum) - q, (float)rows);
      }
    }
    __syncthreads();
    if (threadIdx.x == 0)
      for (int r = 0; r < min(64, rows - from); r++) {
        total += terms[r];
        if (eps > 0.f) total += others[r];
      }
    __syncthreads();
  }
  if (threadIdx.x == 0) *loss = (float)(total / (double)(float)rows);
}

// The mean of 1 - p where the target is 1 and of p where it is 0, with p = sigmoid(x), which is kept; `each` is 1 by how
// many there are. One block; one of its threads adds the terms up, in their order. Another target makes the loss NaN.
extern "C" __global__ void __launch_bounds__(256) mnist_loss(
    const float *x, const long long *targets, int n, float each, float *p, float *loss) {
  __shared__ float terms[2][256];
  float sum = 0.f;
  for (int from = 0, now = 0; from < n; from += 256, now ^= 1) {
    const int i = from + threadIdx.x;
    if (i < n) {
      const float of = p[i] = sigmoid_of(x[i]);
      const long long target = targets[i];
      terms[now][threadIdx.x] = target == 1 ? -of + 1.f : target == 0 ? of : NOT_A_NUMBER;
    }
    // One barrier is enough: the next terms go to the other half.
    __syncthreads();
    if (threadIdx.x == 0)
      for (int t = 0; t < min(256, n - from); t++) sum += terms[now][t];
  }
  if (threadIdx.x == 0) *loss = sum * each;
}

extern "C" __global__ void __launch_bounds__(256) mnist_loss_gradient(
    const float *p, const long long *targets, int n, float each, const float *dloss, float *dx) {
  const unsigned i = number_of_thread();
  if (i >= (unsigned)n) return;
  const float d = 0.f + *dloss * each, dp = targets[i] == 1 ? 0.f - d : d;
  dx[i] += p[i] * (1.f - p[i]) * dp;
}

// The probabilities of rows: a thread for each row.
extern "C" __global__ void __launch_bounds__(256) softmax(const float *x, int rows, int classes, float *p) {
  const unsigned row = number_of_thread();
  if (row >= (unsigned)rows) return;
  x += row * classes, p += row * classes;
  float largest = __uint_as_float(0xff800000), sum = 0.f;
  for (int c = 0; c < classes; c++) largest = fmaxf(largest, x[c]);
  for (int c = 0; c < classes; c++) sum += p[c] = exp_of(x[c] - largest);
  for (int c = 0; c < classes; c++) p[c] = __fdiv_rn(p[c], sum);
}

extern "C" __global__ void __launch_bounds__(256) softmax_gradient(
    const float *p, int rows, int classes, const float *dp, float *dx) {
  const unsigned row = number_of_thread();
  if (row >= (unsigned)rows) return;
  p += row * classes, dp += row * classes, dx += row * classes;
  float mean = 0.f;
  for (int c = 0; c < classes; c++) mean += p[c] * dp[c];
  for (int c = 0; c < classes; c++) dx[c] += p[c] * (dp[c] - mean);
}

// The count of all threads of a block of 256; thread 0 has it, the others 0.
__device__ __forceinline__ int count_of_block(int count) {
  __shared__ int counts[256];
  counts[threadIdx.x] = count;
#pragma unroll
  for (int half = 128; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) counts[threadIdx.x] += counts[threadIdx.x + half];
  }
  return threadIdx.x == 0 ? counts[0] : 0;
}

// The share of rows whose largest number, of equal ones the first, is at the target. One block.
extern "C" __global__ void __launch_bounds__(256) accuracy(
    const float *x, int rows, int classes, const long long *targets, float *share) {
  int count = 0;
  for (int row = threadIdx.x; row < rows; row += 256) {
    const float *v = x + row * classes;
    int best = 0;
    for (int c = 1; c < classes; c++)
      if (v[c] > v[best]) best = c;
    count += targets[row] == best;
  }
  count = count_of_block(count);
  if (threadIdx.x == 0) *share = __fdiv_rn((float)count, (float)rows);
}

// The share of bytes that are not 0. One block.
extern "C" __global__ void __launch_bounds__(256) share_of_true(const unsigned char *truths, int n, float *share) {
  int count = 0;
#pragma unroll 4
  for (int i = threadIdx.x; i < n; i += 256) count += truths[i] != 0;
  count = count_of_block(count);
  if (threadIdx.x == 0) *share = (float)((double)count / (double)n);
}
