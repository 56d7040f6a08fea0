// Means of columns, and distances (means.rs, distance.rs).
#pragma once

#include "matmul.cuh"

// The sums of 64 rows each are made with fused multiply-adds by 1, their sum in `double`. A block has 32 columns; its 8
// warps take turns with the groups of rows, and the first then adds the sums up.
extern "C" __global__ void __launch_bounds__(256) column_means(const float *rows, int n, int width, float *means) {
  __shared__ float sums[8][32];
  const int tx = threadIdx.x % 32, ty = threadIdx.x / 32, j = blockIdx.x * 32 + tx;
  double total = 0.0;
  for (int from = 0; from < n; from += 8 * 64) {
    const int first = from + ty * 64, to = min(n, first + 64);
    float sum = 0.f;
    if (j < width) {
#pragma unroll 8
      for (int k = first; k < to; k++) sum = __fmaf_rn(1.f, rows[k * width + j], sum);
    }
    sums[ty][tx] = sum;
    __syncthreads();
    if (ty == 0)
      for (int w = 0; w < 8 && from + w * 64 < n; w++) total += (double)sums[w][tx];
    __syncthreads();
  }
  if (ty == 0 && j < width) means[j] = (float)(total / (double)n);
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
