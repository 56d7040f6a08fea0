// Convolution and its gradients (`Conv2d` in conv/mod.rs and conv/gradients.rs).
//
// Activations lie as (height, width, batch, channel), weights as (kernel row, kernel column, input channel, output
// channel). For each pixel, or tap, the result is a matrix, and the terms are a sum of products of matrices.
#pragma once

#include "pieces.cuh"
#include "product.cuh"

struct Conv {
  int batch, height, width, in, out, kernel, stride, padding, out_height, out_width;
};

// Which tile of which matrix a block works out.
struct Tiles {
  int rows, cols; // how many tiles a matrix has, one below the other, and side by side
};

struct Place {
  int matrix, row_tile, col_tile;
  __device__ __forceinline__ Place(const Tiles &tiles, unsigned block) {
    const int of_matrix = tiles.rows * tiles.cols;
    matrix = quotient(block, of_matrix);
    const int tile = block - matrix * of_matrix;
    row_tile = quotient(tile, tiles.cols), col_tile = tile - row_tile * tiles.cols;
  }
};

// Which taps of the kernel meet a pixel, along an axis: `first` and how many.
__device__ __forceinline__ void taps_of_output(int out, int size, const Conv &s, int &first, int &n) {
  first = max(0, s.padding - out * s.stride);
  n = max(0, min(s.kernel, size + s.padding - out * s.stride) - first);
}

template <int TM, int TN, bool VECTORS>
__device__ __forceinline__ void forward(
    const Conv &s, const Tiles &tiles, const Finished &finished, const float *x, const float *w, float *y) {
  constexpr int BM = 8 * TM, BN = 8 * TN;
  constexpr int SIZE = shared_size<TM, TN, BY_ROWS, BY_TERMS, VECTORS>();
  __shared__ __align__(16) float shared[SIZE < 2048 ? 2048 : SIZE];
  const Place place(tiles, blockIdx.x);
  const int oy = quotient(place.matrix, s.out_width), ox = place.matrix - oy * s.out_width;
  const int row = place.row_tile * BM, col = place.col_tile * BN;
  int ky, ny, kx, nx;
  taps_of_output(oy, s.height, s, ky, ny);
  taps_of_output(ox, s.width, s, kx, nx);
  const int iy = oy * s.stride + ky - s.padding, ix = ox * s.stride + kx - s.padding;
  const Side a = {x + ((iy * s.width + ix) * s.batch + row) * s.in, s.in, s.width * s.batch * s.in, s.batch * s.in};
  const Side b = {w + (ky * s.kernel + kx) * s.in * s.out + col, s.out, s.kernel * s.in * s.out, s.in * s.out};
  const int rows = min(BM, s.batch - row);
  const Result to = {
      nullptr, 0, y + (place.matrix * s.batch + row) * s.out + col, s.out, rows, min(BN, s.out - col)};
  product<TM, TN, BY_ROWS, BY_TERMS, VECTORS>(a, b, {ny, nx, s.in}, to, shared);
  sum_finished<BM, BN>(
      finished, y, place.matrix, s.batch, tiles.rows, row, rows, col, place.col_tile, tiles.cols, shared);
}

// Which outputs meet an input, along an axis.
__device__ __forceinline__ void outputs_of_input(int in, int outputs, const Conv &s, int &first, int &n) {
  first = quotient_up(max(0, in + s.padding - s.kernel + 1), s.stride);
  n = max(0, min(outputs - 1, quotient(in + s.padding, s.stride)) - first + 1);
}

// dx += ... A tap counts up where the output counts down; so that the taps come in order, the outputs go backwards.
template <int TM, int TN, bool VECTORS>
__device__ __forceinline__ void input_gradient(
    const Conv &s, const Tiles &tiles, unsigned block, const float *dy, const float *w, float *dx, float *shared) {
  constexpr int BM = 8 * TM, BN = 8 * TN;
  const Place place(tiles, block);
  const int qy = quotient(place.matrix, s.width), qx = place.matrix - qy * s.width;
  const int row = place.row_tile * BM, col = place.col_tile * BN;
  int oy, ny, ox, nx;
  outputs_of_input(qy, s.out_height, s, oy, ny);
  outputs_of_input(qx, s.out_width, s, ox, nx);
  const int ky = qy + s.padding - oy * s.stride, kx = qx + s.padding - ox * s.stride;
  const Side a = {
      dy + ((oy * s.out_width + ox) * s.batch + row) * s.out, s.out, s.out_width * s.batch * s.out, s.batch * s.out};
  const Side b = {
      w + ((ky * s.kernel + kx) * s.in + col) * s.out, s.out, -s.stride * s.kernel * s.in * s.out,
      -s.stride * s.in * s.out};
  float *c = dx + (place.matrix * s.batch + row) * s.in + col;
  const Result to = {c, s.in, c, s.in, min(BM, s.batch - row), min(BN, s.in - col)};
  product<TM, TN, BY_ROWS, BY_ROWS, VECTORS>(a, b, {ny, nx, s.out}, to, shared);
}

// Which outputs a tap meets, along an axis.
__device__ __forceinline__ void outputs_of_tap(int tap, int size, int outputs, const Conv &s, int &first, int &n) {
  first = quotient_up(max(0, s.padding - tap), s.stride);
  const int last = size - 1 + s.padding - tap;
  n = last < 0 ? 0 : max(0, min(outputs - 1, quotient(last, s.stride)) - first + 1);
}

template <int TM, int TN, bool VECTORS>
__device__ __forceinline__ void weight_gradient(
    const Conv &s, const Tiles &tiles, unsigned block, const float *x, const float *dy, float *dw, float *shared) {
  constexpr int BM = 8 * TM, BN = 8 * TN;
  const Place place(tiles, block);
  const int ky = quotient(place.matrix, s.kernel), kx = place.matrix - ky * s.kernel;
  const int row = place.row_tile * BM, col = place.col_tile * BN;
  int oy, ny, ox, nx;
  outputs_of_tap(ky, s.height, s.out_height, s, oy, ny);
  outputs_of_tap(kx, s.width, s.out_width, s, ox, nx);
  // A tap that meets only padding.
  if (ny * nx == 0) return;
  const int iy = oy * s.stride + ky - s.padding, ix = ox * s.stride + kx - s.padding;
  const Side a = {
      x + (iy * s.width + ix) * s.batch * s.in + row, s.in, s.stride * s.width * s.batch * s.in,
      s.stride * s.batch * s.in};
  const Side b = {
      dy + (oy * s.out_width + ox) * s.batch * s.out + col, s.out, s.out_width * s.batch * s.out, s.batch * s.out};
  float *c = dw + (place.matrix * s.in + row) * s.out + col;
  const Result to = {c, s.out, c, s.out, min(BM, s.in - row), min(BN, s.out - col)};
  product<TM, TN, BY_TERMS, BY_TERMS, VECTORS>(a, b, {ny, nx, s.batch}, to, shared);
}

// Both gradients, one after the other: they need nothing of each other, and together they fill the GPU better. The
// first `dw_blocks` blocks work on that of the weights, whose sums are the longest.
template <int TM, int TN, bool VECTORS>
__device__ __forceinline__ void gradients(
    const Conv &s, const Tiles &dw_tiles, const Tiles &dx_tiles, unsigned dw_blocks, const float *x, const float *w,
    const float *dy, float *dw, float *dx) {
  constexpr int OF_DW = shared_size<TM, TN, BY_TERMS, BY_TERMS, VECTORS>();
  constexpr int OF_DX = shared_size<TM, TN, BY_ROWS, BY_ROWS, VECTORS>();
  __shared__ __align__(16) float shared[OF_DW > OF_DX ? OF_DW : OF_DX];
  if (blockIdx.x < dw_blocks)
    weight_gradient<TM, TN, VECTORS>(s, dw_tiles, blockIdx.x, x, dy, dw, shared);
  else
    input_gradient<TM, TN, VECTORS>(s, dx_tiles, blockIdx.x - dw_blocks, dy, w, dx, shared);
}

// A kernel for each size of a tile: large ones read less, small ones keep more of the GPU busy.
#define CONVOLUTION(TM, TN, VECTORS, NAME)                                                                            \
  extern "C" __global__ void __launch_bounds__(THREADS) conv_forward_##NAME(                                          \
      const Conv s, const Tiles tiles, const Finished finished, const float *x, const float *w, float *y) {           \
    forward<TM, TN, VECTORS>(s, tiles, finished, x, w, y);                                                            \
  }                                                                                                                   \
  extern "C" __global__ void __launch_bounds__(THREADS) conv_gradients_##NAME(                                        \
      const Conv s, const Tiles dw_tiles, const Tiles dx_tiles, unsigned dw_blocks, const float *x, const float *w,   \
      const float *dy, float *dw, float *dx) {                                                                        \
    gradients<TM, TN, VECTORS>(s, dw_tiles, dx_tiles, dw_blocks, x, w, dy, dw, dx);                                   \
  }
CONVOLUTION(4, 4, true, 32x32)
CONVOLUTION(2, 4, true, 16x32)
CONVOLUTION(2, 2, true, 16x16)
CONVOLUTION(2, 2, false, any)
