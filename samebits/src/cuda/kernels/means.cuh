// Means of columns, and distances (means.rs, distance.rs).
#pragma once

#include "matmul.cuh"

// The sums of 64 rows each are made with fused multiply-adds by 1: a block for 256 columns of such a group of rows.
extern "C" __global__ void __launch_bounds__(256) column_sums(const float *rows, int n, int width, float *sums) {
  const int j = blockIdx.x * 256 + threadIdx.x, first = blockIdx.y * 64, to = min(n, first + 64);
  if (j >= width) return;
  float sum = 0.f;
#pragma unroll 16
  for (int k = first; k < to; k++) sum = __fmaf_rn(1.f, rows[k * width + j], sum);
  sums[blockIdx.y * width + j] = sum;
}

// And their sum in `double`: a thread for each column.
extern "C" __global__ void __launch_bounds__(256) column_means(
    const float *sums, int groups, int n, int width, float *means) {
  const unsigned j = number_of_thread();
  if (j >= (unsigned)width) return;
  double total = 0.0;
#pragma unroll 16
  for (int group = 0; group < groups; group++) total += (double)sums[group * width + j];
  means[j] = (float)(total / (double)n);
}

// d_i = (1 / n) sum_j |x_ij - b_j|. A block of 64 threads for each i.
extern "C" __global__ void __launch_bounds__(64) mean_absolute_differences(
    const float *x, const float *b, int n, float *distances) {
  x += blockIdx.x * n;
  float sum = 0.f;
#pragma unroll 4
  for (int k = threadIdx.x; k < n; k += 64) sum += fabsf(x[k] - b[k]);
  sum = sum_of_parts(sum);
  if (threadIdx.x == 0) distances[blockIdx.x] = __fdiv_rn(sum, (float)n);
}
