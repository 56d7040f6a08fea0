// Products of matrices and vectors (matmul.rs, vector.rs).
#pragma once

#include "conv.cuh"

// c = init + a b. `init` may be null, or have rows that are 0 numbers apart: a bias.
struct Mm {
  int rows, cols, depth, a_step, b_step, init_step;
};

template <int TM, int TN, Lies AL, Lies BL, bool VECTORS>
__device__ __forceinline__ void matmul(
    const Mm &s, const Tiles &tiles, const float *a, const float *b, const float *init, float *c) {
  constexpr int BM = 8 * TM, BN = 8 * TN;
  __shared__ __align__(16) float shared[shared_size<TM, TN, AL, BL, VECTORS>()];
  const Place place(tiles, blockIdx.x);
  const int row = place.row_tile * BM, col = place.col_tile * BN;
  const Side sa = {a + (AL == BY_ROWS ? row * s.a_step : row), s.a_step, 0, 0};
  const Side sb = {b + (BL == BY_ROWS ? col * s.b_step : col), s.b_step, 0, 0};
  const Result to = {
      init == nullptr ? nullptr : init + row * s.init_step + col, s.init_step, c + row * s.cols + col, s.cols,
      min(BM, s.rows - row), min(BN, s.cols - col)};
  product<TM, TN, AL, BL, VECTORS>(sa, sb, {1, 1, s.depth}, to, shared);
}

// The letters say whether a and b lie by rows (n) or by columns (t).
#define MATMUL(TM, TN, VECTORS, NAME, LETTERS, AL, BL)                                                   \
  extern "C" __global__ void __launch_bounds__(THREADS) matmul_##LETTERS##_##NAME(                       \
      const Mm s, const Tiles tiles, const float *a, const float *b, const float *init, float *c) {      \
    matmul<TM, TN, AL, BL, VECTORS>(s, tiles, a, b, init, c);                                            \
  }
#define MATMULS(TM, TN, VECTORS, NAME)                         \
  MATMUL(TM, TN, VECTORS, NAME, nn, BY_ROWS, BY_TERMS)         \
  MATMUL(TM, TN, VECTORS, NAME, nt, BY_ROWS, BY_ROWS)          \
  MATMUL(TM, TN, VECTORS, NAME, tn, BY_TERMS, BY_TERMS)        \
  MATMUL(TM, TN, VECTORS, NAME, tt, BY_TERMS, BY_ROWS)
MATMULS(2, 4, true, 16x32)
MATMULS(2, 2, true, 16x16)
MATMULS(2, 2, false, any)

// The sum of 64 parts, the second half added to the first until there is one (`sum_in_parts`). Thread 0 has it, the
// others 0.
__device__ __forceinline__ float sum_of_parts(float part) {
  __shared__ float parts[64];
  const int t = threadIdx.x;
  parts[t] = part;
#pragma unroll
  for (int half = 32; half > 0; half /= 2) {
    __syncthreads();
    if (t < half) parts[t] += parts[t + half];
  }
  return t == 0 ? parts[0] : 0.f;
}

// c_i = init_i + sum_k rows_ik b_k. A block of 64 threads for each i; thread t adds up the products t, t + 64, ...
extern "C" __global__ void __launch_bounds__(64) rows_times_vector(
    const float *rows, const float *b, int n, const float *init, int init_step, float *c) {
  rows += blockIdx.x * n;
  float sum = 0.f;
#pragma unroll 4
  for (int k = threadIdx.x; k < n; k += 64) sum += rows[k] * b[k];
  sum = sum_of_parts(sum);
  if (threadIdx.x == 0) c[blockIdx.x] = (init == nullptr ? 0.f : init[blockIdx.x * init_step]) + sum;
}

// c_j = init_j + sum_k b_k rows_kj; if a piece has not all of the `n` rows, in such pieces, which start from 0 and are
// then added one after the other.
extern "C" __global__ void __launch_bounds__(64) vector_times_rows(
    const float *rows, const float *b, int n, int width, int piece, const float *init, float *c) {
  const int j = blockIdx.x * 64 + threadIdx.x;
  if (j >= width) return;
  float sum = init == nullptr ? 0.f : init[j];
  if (piece >= n) {
#pragma unroll 8
    for (int k = 0; k < n; k++) sum = __fmaf_rn(b[k], rows[k * width + j], sum);
  } else {
    for (int from = 0; from < n; from += piece) {
      const int to = min(n, from + piece);
      float part = 0.f;
#pragma unroll 8
      for (int k = from; k < to; k++) part = __fmaf_rn(b[k], rows[k * width + j], part);
      sum += part;
    }
  }
  c[j] = sum;
}

// sum_j += rows_kj, row after row.
extern "C" __global__ void __launch_bounds__(64) add_rows(const float *rows, int n, int width, float *sum) {
  const int j = blockIdx.x * 64 + threadIdx.x;
  if (j >= width) return;
  float total = sum[j];
#pragma unroll 8
  for (int k = 0; k < n; k++) total += rows[k * width + j];
  sum[j] = total;
}
