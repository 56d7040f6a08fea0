// Choosing a batch (select.rs).
#pragma once

#include "common.cuh"

// Which rows: up to 960 of them come with the start of the kernel, which is quicker than to copy them to the GPU
// before. More of them lie at `more`.
#define FEW_ROWS 960
struct Rows {
  const int *more;
  int rows[FEW_ROWS];
  __device__ __forceinline__ int operator[](int i) const { return more == nullptr ? rows[i] : more[i]; }
};

// Copies of rows of `width` numbers; a number is 1, 2, 4 or 8 bytes, whatever is in them.
template <typename Number>
__device__ __forceinline__ void select_rows(const Rows &rows, int n, int width, const Number *all, Number *to) {
  const unsigned at = number_of_thread();
  if (at >= (unsigned)(n * width)) return;
  const int row = quotient(at, width), column = at - row * width;
  to[at] = all[rows[row] * width + column];
}

#define SELECT_ROWS(BYTES, Number)                                                       \
  extern "C" __global__ void __launch_bounds__(256) select_rows_##BYTES(                 \
      const __grid_constant__ Rows rows, int n, int width, const Number *all, Number *to) { \
    select_rows<Number>(rows, n, width, all, to);                                        \
  }
SELECT_ROWS(1, unsigned char)
SELECT_ROWS(2, unsigned short)
SELECT_ROWS(4, unsigned)
SELECT_ROWS(8, unsigned long long)

// Pictures out of (picture, channel, pixel) as (pixel, picture, channel).
extern "C" __global__ void __launch_bounds__(256) select_pictures(
    const __grid_constant__ Rows pictures, int n, int pixels, int channels, const float *all, float *to) {
  const unsigned at = number_of_thread();
  if (at >= (unsigned)(pixels * n * channels)) return;
  const int row = quotient(at, channels), c = at - row * channels, pixel = quotient(row, n), picture = row - pixel * n;
  to[at] = all[(pictures[picture] * channels + c) * pixels + pixel];
}
