// Sums over the rows of a matrix, for each of its columns, as batch norm needs them: the rows are added up in pieces,
// each in the order of the rows, in `float`; then the pieces in theirs, in `double` (channel_sums.rs).
#pragma once

#include "common.cuh"

struct Pieces {
  // Of the matrix; a row has a number for each channel.
  int rows, channels;
  // How many rows a piece has, and how many there are.
  int piece, pieces;
};

// Two sums of each channel over all pieces. parts[piece][0: first, 1: second sum][channel]. Where the sums are of
// differences from the first row, that comes behind them: parts[2 pieces][channel].
__device__ __forceinline__ void totals(const Pieces &s, const float *parts, int c, double &first, double &second) {
  first = 0.0, second = 0.0;
  // Most often there are 16: then all can be read at once.
  if (s.pieces == 16) {
    float a[16], b[16];
#pragma unroll
    for (int p = 0; p < 16; p++) a[p] = parts[2 * p * s.channels + c], b[p] = parts[(2 * p + 1) * s.channels + c];
#pragma unroll
    for (int p = 0; p < 16; p++) first += (double)a[p], second += (double)b[p];
    return;
  }
  for (int p = 0; p < s.pieces; p++) {
    first += (double)parts[2 * p * s.channels + c];
    second += (double)parts[(2 * p + 1) * s.channels + c];
  }
}

// Of what the two sums are made: term(at, channel, a, b) for the number at `at`.
//
// A block of 256 threads for 32 channels and a piece. All threads work out the terms of 64 rows; then two warps add
// them up, one for each sum, while the others go on.
#define ROWS 64
template <typename Term>
__device__ __forceinline__ void sum_piece(const Pieces &s, float *parts, Term term) {
  __shared__ float terms[2][2][ROWS][32];
  const int tx = threadIdx.x % 32, ty = threadIdx.x / 32, c = blockIdx.x * 32 + tx;
  const int from = blockIdx.y * s.piece, to = min(s.rows, from + s.piece);
  float sum = 0.f;
  for (int row = from, now = 0; row < to; row += ROWS, now ^= 1) {
    if (c < s.channels) {
      float a[ROWS / 8], b[ROWS / 8];
#pragma unroll
      for (int u = 0; u < ROWS / 8; u++) {
        // Beyond the last row it is read once more, so that all reads are under way at once.
        term(min(row + ty + 8 * u, to - 1) * s.channels + c, c, a[u], b[u]);
      }
#pragma unroll
      for (int u = 0; u < ROWS / 8; u++) terms[now][0][ty + 8 * u][tx] = a[u], terms[now][1][ty + 8 * u][tx] = b[u];
    }
    // One barrier is enough: the next rows go to the other half of the memory.
    __syncthreads();
    if (ty < 2) {
      const int n = min(ROWS, to - row);
      if (n == ROWS) {
#pragma unroll 16
        for (int r = 0; r < ROWS; r++) sum += terms[now][ty][r][tx];
      } else {
#pragma unroll 4
        for (int r = 0; r < n; r++) sum += terms[now][ty][r][tx];
      }
    }
  }
  if (ty < 2 && c < s.channels) parts[(blockIdx.y * 2 + ty) * s.channels + c] = sum;
}

// The terms of mean and variance: differences from the first row, and their squares.
__device__ __forceinline__ void difference_and_square(float x, float first, float &a, float &b) {
  a = x - first;
  b = a * a;
}

// The sums of a convolution's output, made while other parts of it are still being worked out: whichever block is the
// last that has something of a piece adds that piece up. So no kernel has to be started for it.
struct Finished {
  Pieces pieces;
  float *parts; // null if the sums are not wanted
  unsigned *counts; // one for each piece and column of tiles; 0 before and after
};

// To be called by all 64 threads of a block that has written the tile `rows` x `cols` of `y` from the row `row` of a
// pixel's pictures on. The tiles of a column cover the rows in order, `tiles` for the `batch` rows of each pixel.
template <int BM, int BN>
__device__ __forceinline__ void sum_finished(
    const Finished &f, const float *y, int pixel, int batch, int tiles, int row, int rows, int col, int col_tile,
    int col_tiles, float *shared) {
  if (f.parts == nullptr) return;
  static_assert(BN <= 32, "a warp for each sum");
  const Pieces &s = f.pieces;
  __shared__ unsigned last;
  // What the block has written is seen by whoever sees the count.
  __threadfence();
  const int first_row = pixel * batch + row;
  const bool is_first_tile = first_row == 0;
  const int first = is_first_tile ? 0 : quotient(first_row, s.piece);
  // All pieces need the first row, from which the differences are taken: its tile counts for each of them.
  const int end = is_first_tile ? s.pieces : quotient(first_row + rows - 1, s.piece) + 1;
  auto tile_of = [&](int row) {
    const int pixel = quotient(row, batch);
    return pixel * tiles + (row - pixel * batch) / BM;
  };
  for (int piece = first; piece < end; piece++) {
    const int from = piece * s.piece, to = min(s.rows, from + s.piece);
    const int first_tile = tile_of(from), last_tile = tile_of(to - 1);
    const unsigned needed = last_tile - first_tile + 1 + (first_tile > 0 ? 1 : 0);
    __syncthreads();
    if (threadIdx.x == 0) {
      unsigned *count = f.counts + piece * col_tiles + col_tile;
      const bool is_last = atomicAdd(count, 1u) + 1 == needed;
      if (is_last) *count = 0;
      last = is_last;
    }
    __syncthreads();
    if (!last) continue;
    __threadfence();
    // 32 threads a row; then each of them adds up a column of one sum.
    constexpr int AT_ONCE = 32, EACH = AT_ONCE / 2;
    float *terms = shared; // [2][AT_ONCE][32]
    const int tx = threadIdx.x % 32, ty = threadIdx.x / 32;
    const bool is = tx < BN && col + tx < s.channels;
    // The others read what is there, too, and make a sum that nobody wants.
    const int c = is ? col + tx : col;
    const float reference = __ldcg(y + c);
    float next[EACH], sum = 0.f;
    auto load = [&](int row) {
#pragma unroll
      for (int u = 0; u < EACH; u++) {
        // Beyond the last row it is read once more.
        const int at = min(row + ty + 2 * u, to - 1);
        next[u] = __ldcg(y + at * s.channels + c);
      }
    };
    load(from);
#pragma unroll 1
    for (int row = from; row < to; row += AT_ONCE) {
#pragma unroll
      for (int u = 0; u < EACH; u++) {
        float a, b;
        difference_and_square(next[u], reference, a, b);
        terms[(ty + 2 * u) * 32 + tx] = a;
        terms[(AT_ONCE + ty + 2 * u) * 32 + tx] = b;
      }
      __syncthreads();
      if (row + AT_ONCE < to) load(row + AT_ONCE);
      const int n = min(AT_ONCE, to - row);
#pragma unroll 8
      for (int r = 0; r < n; r++) sum += terms[(ty * AT_ONCE + r) * 32 + tx];
      __syncthreads();
    }
    if (is) f.parts[(piece * 2 + ty) * s.channels + c] = sum;
    if (is && piece == 0 && ty == 0) f.parts[2 * s.pieces * s.channels + c] = reference;
  }
}
