// The one device function under all products: a sum of products of matrices,
//
//   c_ij = init_ij + sum_p sum_k a_p(i, k) b_p(k, j)
//
// in this order, with one fused multiply-add a term. It is `Sum` of product.rs. The pairs p are a rectangle of ny
// times nx steps: the taps that a pixel meets, or the pixels that a tap meets; a product of two matrices has one.
//
// A block of 64 threads works out a tile of 8 TM rows and 8 TN columns, a thread TM times TN numbers of it. Terms are
// never split among threads: threads lie along the results, as vectors do on a CPU.
#pragma once

#include "copy.cuh"

// What sizes of arrays are worked out with.
#define CONSTANT __host__ __device__ constexpr

#define THREADS 64

// How a matrix lies in memory.
//   A by rows:    a(i, k) = a[i step + k]      A by terms: a[i + k step]
//   B by terms:   b(k, j) = b[k step + j]      B by rows:  b[j step + k]
enum Lies { BY_ROWS, BY_TERMS };

// One side of the product: its first matrix, and how far the next one is along either axis of the pairs.
struct Side {
  const float *start;
  int step, dy, dx;
};

// What the result starts from, and where it goes. `init` may be null: then it starts from 0.
struct Result {
  const float *init;
  int init_step;
  float *c;
  int step, rows, cols;
};

// How many pairs there are, and terms in each.
struct Terms {
  int ny, nx, depth;
};

// Walks through the terms, some of one pair at a time.
struct Walk {
  int px, k0;
  const float *a, *b;

  __device__ __forceinline__ Walk(const Side &a, const Side &b) : px(0), k0(0), a(a.start), b(b.start) {}

  __device__ __forceinline__ void next(int at_once, const Terms &terms, const Side &sa, const Side &sb) {
    k0 += at_once;
    if (k0 < terms.depth) return;
    k0 = 0, px++;
    a += sa.dx, b += sb.dx;
    if (px == terms.nx) px = 0, a += sa.dy - terms.nx * sa.dx, b += sb.dy - terms.nx * sb.dx;
  }
};

template <int TM, int TN, typename Row, typename Col>
__device__ __forceinline__ void start_sums(const Result &to, Row row, Col col, float (&acc)[TM][TN]) {
#pragma unroll
  for (int i = 0; i < TM; i++)
#pragma unroll
    for (int j = 0; j < TN; j++) {
      const int r = row(i), q = col(j);
      acc[i][j] = to.init != nullptr && r < to.rows && q < to.cols ? to.init[r * to.init_step + q] : 0.0f;
    }
}

template <int TM, int TN, typename Row, typename Col>
__device__ __forceinline__ void store_sums(const Result &to, Row row, Col col, const float (&acc)[TM][TN]) {
#pragma unroll
  for (int i = 0; i < TM; i++)
#pragma unroll
    for (int j = 0; j < TN; j++) {
      const int r = row(i), q = col(j);
      if (r < to.rows && q < to.cols) to.c[r * to.step + q] = acc[i][j];
    }
}

// For any sizes, one number after the other: 16 terms at a time, and while they are added up the next are on their way
// to registers.
#define FEW_TERMS 16
template <int TM, int TN> CONSTANT int any_shared() { return 2 * FEW_TERMS * (8 * TM + 4 + 8 * TN + 4); }

template <int TM, int TN, Lies AL, Lies BL>
__device__ __forceinline__ void any_product(
    const Side &sa, const Side &sb, const Terms &terms, const Result &to, float *shared) {
  constexpr int BM = 8 * TM, BN = 8 * TN, A_ROW = BM + 4, B_ROW = BN + 4;
  float *as = shared, *bs = shared + 2 * FEW_TERMS * A_ROW;
  const int tid = threadIdx.x, tx = tid % 8, ty = tid / 8;
  auto row = [&](int i) { return ty * TM + i; };
  auto col = [&](int j) { return tx * TN + j; };
  float acc[TM][TN];
  start_sums<TM, TN>(to, row, col, acc);
  float ra[2 * TM], rb[2 * TN];
  auto load = [&](const Walk &w) {
#pragma unroll
    for (int n = 0; n < 2 * TM; n++) {
      const int at = tid + n * THREADS;
      const int r = AL == BY_ROWS ? at / FEW_TERMS : at % BM, k = AL == BY_ROWS ? at % FEW_TERMS : at / BM;
      const bool is = r < to.rows && w.k0 + k < terms.depth;
      ra[n] = is ? (AL == BY_ROWS ? w.a[r * sa.step + w.k0 + k] : w.a[(w.k0 + k) * sa.step + r]) : 0.f;
    }
#pragma unroll
    for (int n = 0; n < 2 * TN; n++) {
      const int at = tid + n * THREADS;
      const int q = BL == BY_ROWS ? at / FEW_TERMS : at % BN, k = BL == BY_ROWS ? at % FEW_TERMS : at / BN;
      const bool is = q < to.cols && w.k0 + k < terms.depth;
      rb[n] = is ? (BL == BY_ROWS ? w.b[q * sb.step + w.k0 + k] : w.b[(w.k0 + k) * sb.step + q]) : 0.f;
    }
  };
  auto store = [&](int buffer) {
#pragma unroll
    for (int n = 0; n < 2 * TM; n++) {
      const int at = tid + n * THREADS;
      const int r = AL == BY_ROWS ? at / FEW_TERMS : at % BM, k = AL == BY_ROWS ? at % FEW_TERMS : at / BM;
      as[(buffer * FEW_TERMS + k) * A_ROW + r] = ra[n];
    }
#pragma unroll
    for (int n = 0; n < 2 * TN; n++) {
      const int at = tid + n * THREADS;
      const int q = BL == BY_ROWS ? at / FEW_TERMS : at % BN, k = BL == BY_ROWS ? at % FEW_TERMS : at / BN;
      bs[(buffer * FEW_TERMS + k) * B_ROW + q] = rb[n];
    }
  };
  const int total = terms.ny * terms.nx * quotient_up(terms.depth, FEW_TERMS);
  if (total > 0) {
    Walk walk(sa, sb);
    load(walk);
    store(0);
    int count = min(FEW_TERMS, terms.depth);
    __syncthreads();
#pragma unroll 1
    for (int t = 0; t < total; t++) {
      const int now = t & 1, count_now = count;
      if (t + 1 < total) {
        walk.next(FEW_TERMS, terms, sa, sb);
        count = min(FEW_TERMS, terms.depth - walk.k0);
        load(walk);
      }
      // No more than there are: a product of zeros added to -0 would be 0.
#pragma unroll 1
      for (int k = 0; k < count_now; k++) {
        float va[TM], vb[TN];
#pragma unroll
        for (int i = 0; i < TM; i++) va[i] = as[(now * FEW_TERMS + k) * A_ROW + row(i)];
#pragma unroll
        for (int j = 0; j < TN; j++) vb[j] = bs[(now * FEW_TERMS + k) * B_ROW + col(j)];
#pragma unroll
        for (int i = 0; i < TM; i++)
#pragma unroll
          for (int j = 0; j < TN; j++) acc[i][j] = __fmaf_rn(va[i], vb[j], acc[i][j]);
      }
      if (t + 1 < total) store(now ^ 1);
      __syncthreads();
    }
  }
  store_sums<TM, TN>(to, row, col, acc);
}

// With whole vectors: all starts and steps are multiples of four numbers, and the depth, too, unless both sides lie by
// terms. 32 terms at a time; what
// comes next, in up to three such tiles, is copied to the memory of the block meanwhile.
#define TERMS 32
#define STAGES 4
template <bool IS_BY_ROWS, int B> CONSTANT int side_size() { return IS_BY_ROWS ? B * (TERMS + 4) : TERMS * (B + 4); }
template <int TM, int TN, Lies AL, Lies BL> CONSTANT int fast_shared() {
  return STAGES * (side_size<AL == BY_ROWS, 8 * TM>() + side_size<BL == BY_ROWS, 8 * TN>());
}

// `COUNT` terms, up to four, for a thread's numbers.
template <int TM, int TN, Lies AL, Lies BL, int COUNT>
__device__ __forceinline__ void add_terms(
    const float *as, const float *bs, int k, int ty, int tx, float (&acc)[TM][TN]) {
  constexpr int BM = 8 * TM, BN = 8 * TN;
  float va[4][TM], vb[4][TN];
  if (AL == BY_ROWS) {
#pragma unroll
    for (int i = 0; i < TM; i++) {
      const float4 v = *(const float4 *)(as + (ty + 8 * i) * (TERMS + 4) + k);
      va[0][i] = v.x, va[1][i] = v.y, va[2][i] = v.z, va[3][i] = v.w;
    }
  } else {
#pragma unroll
    for (int e = 0; e < COUNT; e++)
#pragma unroll
      for (int i = 0; i < TM; i++) va[e][i] = as[(k + e) * (BM + 4) + ty * TM + i];
  }
  if (BL == BY_ROWS) {
#pragma unroll
    for (int j = 0; j < TN; j++) {
      const float4 v = *(const float4 *)(bs + (tx + 8 * j) * (TERMS + 4) + k);
      vb[0][j] = v.x, vb[1][j] = v.y, vb[2][j] = v.z, vb[3][j] = v.w;
    }
  } else {
#pragma unroll
    for (int e = 0; e < COUNT; e++)
#pragma unroll
      for (int j = 0; j < TN; j++) vb[e][j] = bs[(k + e) * (BN + 4) + tx * TN + j];
  }
#pragma unroll
  for (int e = 0; e < COUNT; e++)
#pragma unroll
    for (int i = 0; i < TM; i++)
#pragma unroll
      for (int j = 0; j < TN; j++) acc[i][j] = __fmaf_rn(va[e][i], vb[e][j], acc[i][j]);
}

// The terms 0 to `count` of a tile; `FOURS` if these are a multiple of four.
template <int TM, int TN, Lies AL, Lies BL, bool FOURS>
__device__ __forceinline__ void add_tile(
    const float *as, const float *bs, int count, int ty, int tx, float (&acc)[TM][TN]) {
  if (count >= TERMS) {
#pragma unroll
    for (int k = 0; k < TERMS; k += 4) add_terms<TM, TN, AL, BL, 4>(as, bs, k, ty, tx, acc);
    return;
  }
  // No more than there are: a product of zeros added to -0 would be 0.
  int k = 0;
#pragma unroll 1
  for (; k + 4 <= count; k += 4) add_terms<TM, TN, AL, BL, 4>(as, bs, k, ty, tx, acc);
  if (FOURS) return;
  switch (count - k) {
    case 1: add_terms<TM, TN, AL, BL, 1>(as, bs, k, ty, tx, acc); break;
    case 2: add_terms<TM, TN, AL, BL, 2>(as, bs, k, ty, tx, acc); break;
    case 3: add_terms<TM, TN, AL, BL, 3>(as, bs, k, ty, tx, acc); break;
  }
}

template <int TM, int TN, Lies AL, Lies BL>
__device__ __forceinline__ void fast_product(
    const Side &sa, const Side &sb, const Terms &terms, const Result &to, float *shared) {
  constexpr int BM = 8 * TM, BN = 8 * TN;
  constexpr int A_SIZE = side_size<AL == BY_ROWS, BM>(), B_SIZE = side_size<BL == BY_ROWS, BN>();
  float *as = shared, *bs = shared + STAGES * A_SIZE;
  const int tid = threadIdx.x, tx = tid % 8, ty = tid / 8;
  // So that the reads of a warp meet different banks.
  auto row = [&](int i) { return AL == BY_ROWS ? ty + 8 * i : ty * TM + i; };
  auto col = [&](int j) { return BL == BY_ROWS ? tx + 8 * j : tx * TN + j; };
  float acc[TM][TN];
  start_sums<TM, TN>(to, row, col, acc);
  const int total = terms.ny * terms.nx * quotient_up(terms.depth, TERMS);
  Walk walk(sa, sb);
  int issued = 0, k_now = 0;
  auto issue = [&]() {
    if (issued < total) {
      float *a = as + issued % STAGES * A_SIZE, *b = bs + issued % STAGES * B_SIZE;
#pragma unroll
      for (int n = 0; n < BM * TERMS / 4 / THREADS; n++) {
        const int at = tid + n * THREADS;
        if (AL == BY_ROWS) {
          const int r = at / (TERMS / 4), k = at % (TERMS / 4) * 4;
          const bool is = r < to.rows && walk.k0 + k < terms.depth;
          copy16(a + r * (TERMS + 4) + k, is ? walk.a + r * sa.step + walk.k0 + k : sa.start, is);
        } else {
          const int k = at / (BM / 4), r = at % (BM / 4) * 4;
          const bool is = r < to.rows && walk.k0 + k < terms.depth;
          copy16(a + k * (BM + 4) + r, is ? walk.a + (walk.k0 + k) * sa.step + r : sa.start, is);
        }
      }
#pragma unroll
      for (int n = 0; n < BN * TERMS / 4 / THREADS; n++) {
        const int at = tid + n * THREADS;
        if (BL == BY_ROWS) {
          const int q = at / (TERMS / 4), k = at % (TERMS / 4) * 4;
          const bool is = q < to.cols && walk.k0 + k < terms.depth;
          copy16(b + q * (TERMS + 4) + k, is ? walk.b + q * sb.step + walk.k0 + k : sb.start, is);
        } else {
          const int k = at / (BN / 4), q = at % (BN / 4) * 4;
          const bool is = q < to.cols && walk.k0 + k < terms.depth;
          copy16(b + k * (BN + 4) + q, is ? walk.b + (walk.k0 + k) * sb.step + q : sb.start, is);
        }
      }
      walk.next(TERMS, terms, sa, sb);
    }
    issued++;
    copies_end();
  };
#pragma unroll 1
  for (int s = 0; s < STAGES - 1; s++) issue();
#pragma unroll 1
  for (int t = 0; t < total; t++) {
    copies_wait<STAGES - 2>();
    // After this barrier the tile is there for all threads, and nobody reads the one that is written to next.
    __syncthreads();
    issue();
    const float *a = as + t % STAGES * A_SIZE, *b = bs + t % STAGES * B_SIZE;
    add_tile<TM, TN, AL, BL, AL == BY_ROWS || BL == BY_ROWS>(a, b, terms.depth - k_now, ty, tx, acc);
    k_now = terms.depth - k_now > TERMS ? k_now + TERMS : 0;
  }
  store_sums<TM, TN>(to, row, col, acc);
}

template <int TM, int TN, Lies AL, Lies BL, bool VECTORS> CONSTANT int shared_size() {
  return VECTORS ? fast_shared<TM, TN, AL, BL>() : any_shared<TM, TN>();
}

// `shared` has room for `shared_size` numbers.
template <int TM, int TN, Lies AL, Lies BL, bool VECTORS>
__device__ __forceinline__ void product(
    const Side &a, const Side &b, const Terms &terms, const Result &to, float *shared) {
  if (VECTORS)
    fast_product<TM, TN, AL, BL>(a, b, terms, to, shared);
  else
    any_product<TM, TN, AL, BL>(a, b, terms, to, shared);
}
