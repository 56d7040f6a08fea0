// Pictures with few channels, such as the red, green and blue of an input (conv/few_channels.rs).
//
// A pair is a whole row of the kernel here. Its taps that meet padding are added, too, as products with 0: on a CPU
// the picture is padded. Rows of the kernel that meet only padding are not.
#pragma once

#include "conv.cuh"

// The terms of an output are (kernel row, kernel column, channel), all in one list; `first` and `count` of the rows.
// The list is worked out 32 terms at a time.
extern "C" __global__ void __launch_bounds__(THREADS) few_forward(
    const Conv s, const Tiles tiles, const Finished finished, const float *x, const float *w, float *y) {
  constexpr int TM = 4, TN = 4, BM = 32, BN = 32, A_SIZE = side_size<true, BM>(), B_SIZE = side_size<false, BN>();
  __shared__ __align__(16) float shared[3 * (A_SIZE + B_SIZE)];
  float *as = shared, *bs = shared + 3 * A_SIZE;
  const int tid = threadIdx.x, tx = tid % 8, ty = tid / 8;
  const Place place(tiles, blockIdx.x);
  const int pixel = place.matrix, oy = quotient(pixel, s.out_width), ox = pixel - oy * s.out_width;
  const int row = place.row_tile * BM, col = place.col_tile * BN;
  const int rows = min(BM, s.batch - row), cols = min(BN, s.out - col);
  int ky, ny;
  taps_of_output(oy, s.height, s, ky, ny);
  const int row_terms = s.kernel * s.in, terms = ny * row_terms;
  const float *xr = x + row * s.in, *wr = w + ky * row_terms * s.out + col;
  const bool vectors = s.out % 4 == 0;
  auto issue = [&](int t) {
    float *a = as + t % 3 * A_SIZE, *b = bs + t % 3 * B_SIZE;
    const int k0 = t * TERMS;
    if (k0 < terms) {
      // All of a thread's copies are of the same term.
      const int k = k0 + tid % TERMS;
      const int py = quotient(k, row_terms), in_row = k - py * row_terms, kx = quotient(in_row, s.in);
      const int iy = oy * s.stride + ky + py - s.padding, ix = ox * s.stride + kx - s.padding;
      const bool meets = k < terms && ix >= 0 && ix < s.width;
      const float *from = xr + (iy * s.width + ix) * s.batch * s.in + in_row - kx * s.in;
#pragma unroll
      for (int n = 0; n < BM * TERMS / THREADS; n++) {
        const int r = tid / TERMS + n * (THREADS / TERMS);
        const bool is = meets && r < rows;
        copy4(a + r * (TERMS + 4) + tid % TERMS, is ? from + r * s.in : x, is);
      }
      // The weights of all terms lie one after the other.
      if (vectors) {
#pragma unroll
        for (int n = 0; n < BN * TERMS / 4 / THREADS; n++) {
          const int at = tid + n * THREADS, k = at / (BN / 4), q = at % (BN / 4) * 4;
          const bool is = q < cols && k0 + k < terms;
          copy16(b + k * (BN + 4) + q, is ? wr + (k0 + k) * s.out + q : w, is);
        }
      } else {
#pragma unroll 4
        for (int n = 0; n < BN * TERMS / THREADS; n++) {
          const int at = tid + n * THREADS, k = at / BN, q = at % BN;
          const bool is = q < cols && k0 + k < terms;
          copy4(b + k * (BN + 4) + q, is ? wr + (k0 + k) * s.out + q : w, is);
        }
      }
    }
    copies_end();
  };
  float acc[TM][TN] = {};
  issue(0);
  issue(1);
#pragma unroll 1
  for (int t = 0; t * TERMS < terms; t++) {
    copies_wait<1>();
    __syncthreads();
    issue(t + 2);
    add_tile<TM, TN, BY_ROWS, BY_TERMS, false>(
        as + t % 3 * A_SIZE, bs + t % 3 * B_SIZE, terms - t * TERMS, ty, tx, acc);
  }
  const Result to = {nullptr, 0, y + (pixel * s.batch + row) * s.out + col, s.out, rows, cols};
  store_sums<TM, TN>(to, [&](int i) { return ty + 8 * i; }, [&](int j) { return tx * TN + j; }, acc);
  sum_finished<BM, BN>(finished, y, pixel, s.batch, tiles.rows, row, rows, col, place.col_tile, tiles.cols, shared);
}

// The gradient of the weights is made in parts of some pictures each: parts[part][kernel row][column, channel][out].
// `tiles.rows` is for each kernel row: of all (column, channel). The terms are (output row that meets the kernel row,
// output column, picture of the part).
extern "C" __global__ void __launch_bounds__(THREADS) few_weight_gradient(
    const Conv s, const Tiles tiles, int pictures, const float *x, const float *dy, float *parts) {
  constexpr int TM = 2, TN = 4, BM = 16, BN = 32, A_SIZE = side_size<false, BM>(), B_SIZE = side_size<false, BN>();
  constexpr int AHEAD = 4;
  __shared__ __align__(16) float as[AHEAD * A_SIZE];
  __shared__ __align__(16) float bs[AHEAD * B_SIZE];
  const int tid = threadIdx.x, tx = tid % 8, ty = tid / 8;
  const Place place(tiles, blockIdx.x);
  const int part = quotient(place.matrix, s.kernel), ky = place.matrix - part * s.kernel;
  const int row = place.row_tile * BM, col = place.col_tile * BN;
  const int row_terms = s.kernel * s.in, rows = min(BM, row_terms - row), cols = min(BN, s.out - col);
  const int first = part * pictures, n = min(pictures, s.batch - first);
  int oy, ny;
  outputs_of_tap(ky, s.height, s.out_height, s, oy, ny);
  const int terms = ny * s.out_width * n;
  const int iy = oy * s.stride + ky - s.padding;
  const float *xr = x + iy * s.width * s.batch * s.in, *dyr = dy + (oy * s.out_width * s.batch) * s.out + col;
  // Each thread copies one row of `a`.
  const int r = row + tid % BM, kx = quotient(r, s.in), channel = r - kx * s.in;
  const bool vectors = s.out % 4 == 0;
  // The last tile reaches a little beyond the terms.
  const Divisor by_n(n, terms + TERMS), by_width(s.out_width, ny * s.out_width + TERMS);
  auto issue = [&](int t) {
    float *a = as + t % AHEAD * A_SIZE, *b = bs + t % AHEAD * B_SIZE;
    const int k0 = t * TERMS;
    if (k0 < terms) {
#pragma unroll
      for (int e = 0; e < BM * TERMS / THREADS; e++) {
        const int at = tid / BM + e * (THREADS / BM), k = k0 + at;
        const int out = by_n.quotient(k), picture = first + k - out * n;
        const int py = by_width.quotient(out), ix = (out - py * s.out_width) * s.stride + kx - s.padding;
        const bool is = k < terms && tid % BM < rows && ix >= 0 && ix < s.width;
        const float *from = xr + ((py * s.stride * s.width + ix) * s.batch + picture) * s.in + channel;
        copy4(a + at * (BM + 4) + tid % BM, is ? from : x, is);
      }
      if (vectors) {
#pragma unroll
        for (int e = 0; e < BN * TERMS / 4 / THREADS; e++) {
          const int at = tid + e * THREADS, k = at / (BN / 4), q = at % (BN / 4) * 4;
          const int out = by_n.quotient(k0 + k), picture = first + k0 + k - out * n;
          const bool is = k0 + k < terms && q < cols;
          copy16(b + k * (BN + 4) + q, is ? dyr + (out * s.batch + picture) * s.out + q : dy, is);
        }
      } else {
#pragma unroll 4
        for (int e = 0; e < BN * TERMS / THREADS; e++) {
          const int at = tid + e * THREADS, k = at / BN, q = at % BN;
          const int out = by_n.quotient(k0 + k), picture = first + k0 + k - out * n;
          const bool is = k0 + k < terms && q < cols;
          copy4(b + k * (BN + 4) + q, is ? dyr + (out * s.batch + picture) * s.out + q : dy, is);
        }
      }
    }
    copies_end();
  };
  float acc[TM][TN] = {};
#pragma unroll 1
  for (int t = 0; t < AHEAD - 1; t++) issue(t);
#pragma unroll 1
  for (int t = 0; t * TERMS < terms; t++) {
    copies_wait<AHEAD - 2>();
    __syncthreads();
    issue(t + AHEAD - 1);
    add_tile<TM, TN, BY_TERMS, BY_TERMS, false>(
        as + t % AHEAD * A_SIZE, bs + t % AHEAD * B_SIZE, terms - t * TERMS, ty, tx, acc);
  }
  // Also where there is no term: then the part is 0.
  const Result to = {
      nullptr, 0, parts + ((place.matrix * row_terms) + row) * s.out + col, s.out, rows, cols};
  store_sums<TM, TN>(to, [&](int i) { return ty * TM + i; }, [&](int j) { return tx * TN + j; }, acc);
}

// sum += part, part after part.
extern "C" __global__ void __launch_bounds__(256) add_parts(const float *parts, int count, int n, float *sum) {
  const unsigned i = number_of_thread();
  if (i >= n) return;
  float total = sum[i];
#pragma unroll 8
  for (int p = 0; p < count; p++) total += parts[p * n + i];
  sum[i] = total;
}
