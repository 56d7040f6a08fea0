// Batch norm, with a residual and a ReLU after it (batch_norm.rs).
//
// Of a layer in training, kept[0: mean, 1: inverse, 2: scale][channel] is noted for the way back.
#pragma once

#include "pieces.cuh"

struct Norm {
  Pieces pieces;
  int relu;
  float eps;
};

// How the running statistics move: running = running keep + new move.
struct Moves {
  float *mean, *variance; // null if they do not
  float keep, move, move_unbiased;
};

// y = x scale + shift, of each channel.
struct Affine {
  float scale, shift;
};

__device__ __forceinline__ Affine affine(float mean, float inverse, float weight, float bias) {
  const float scale = weight * inverse;
  return {scale, bias - mean * scale};
}

__device__ __forceinline__ float inverse_of(float variance, float eps) {
  return __fdiv_rn(1.0f, __fsqrt_rn(variance + eps));
}

__device__ __forceinline__ float normalized(const Norm &s, const Affine &c, float x, const float *residual, int at) {
  float sum = x * c.scale + c.shift;
  if (residual != nullptr) sum += residual[at];
  // NaN stays.
  return s.relu && sum < 0.f ? 0.f : sum;
}

// What follows from the sums of a channel, for one thread of it; `writes` for one block of several.
__device__ __forceinline__ Affine learn(
    const Norm &s, const Moves &moves, int c, double sum, double squares, float first, const float *weight,
    const float *bias, float *kept, bool writes) {
  const double n = (double)s.pieces.rows;
  const float mean = (float)((double)first + sum / n);
  const float variance = (float)fmax(squares / n - (sum / n) * (sum / n), 0.0);
  const float inverse = inverse_of(variance, s.eps);
  const Affine of = affine(mean, inverse, weight[c], bias[c]);
  if (writes) {
    const int channels = s.pieces.channels;
    kept[c] = mean, kept[channels + c] = inverse, kept[2 * channels + c] = of.scale;
    if (moves.mean != nullptr) {
      moves.mean[c] = moves.mean[c] * moves.keep + mean * moves.move;
      moves.variance[c] = moves.variance[c] * moves.keep + variance * moves.move_unbiased;
    }
  }
  return of;
}

extern "C" __global__ void __launch_bounds__(256) norm_sums(const Norm s, const float *x, float *parts) {
  const int c = min((int)(blockIdx.x * 32 + threadIdx.x % 32), s.pieces.channels - 1);
  const float first = x[c];
  if (blockIdx.y == 0 && threadIdx.x < 32) parts[2 * s.pieces.pieces * s.pieces.channels + c] = first;
  sum_piece(s.pieces, parts, [&](int at, int, float &a, float &b) { difference_and_square(x[at], first, a, b); });
}

// After the sums. A block of 256 threads for 32 channels and some rows.
extern "C" __global__ void __launch_bounds__(256) norm_forward(
    const Norm s, const Moves moves, int rows_at_once, const float *parts, const float *x, const float *residual,
    const float *weight, const float *bias, float *kept, float *y) {
  __shared__ Affine of_channel[32];
  const int tx = threadIdx.x % 32, ty = threadIdx.x / 32, c = blockIdx.x * 32 + tx, channels = s.pieces.channels;
  if (ty == 0 && c < channels) {
    double sum, squares;
    totals(s.pieces, parts, c, sum, squares);
    const float first = parts[2 * s.pieces.pieces * channels + c];
    of_channel[tx] = learn(s, moves, c, sum, squares, first, weight, bias, kept, blockIdx.y == 0);
  }
  __syncthreads();
  if (c >= channels) return;
  const Affine of = of_channel[tx];
  const int to = min(s.pieces.rows, (int)(blockIdx.y + 1) * rows_at_once);
#pragma unroll 4
  for (int row = blockIdx.y * rows_at_once + ty; row < to; row += 8) {
    const int at = row * channels + c;
    y[at] = normalized(s, of, x[at], residual, at);
  }
}

// Sums and all else by one block of 512 threads for 32 channels, if there are few rows: a kernel less to start. A warp
// for each piece; there are at most 16.
template <typename Term, typename Learn, typename Apply>
__device__ __forceinline__ void in_one_block(const Pieces &s, Term term, Learn learn, Apply apply) {
  __shared__ float parts[16][2][32];
  const int tx = threadIdx.x % 32, ty = threadIdx.x / 32, c = blockIdx.x * 32 + tx;
  const bool is = c < s.channels;
  if (is && ty < s.pieces) {
    const int from = ty * s.piece, to = min(s.rows, from + s.piece);
    float first = 0.f, second = 0.f;
#pragma unroll 8
    for (int row = from; row < to; row++) {
      float a, b;
      term(row * s.channels + c, c, a, b);
      first += a, second += b;
    }
    parts[ty][0][tx] = first, parts[ty][1][tx] = second;
  }
  __syncthreads();
  if (ty == 0 && is) {
    double first = 0.0, second = 0.0;
    for (int p = 0; p < s.pieces; p++) first += (double)parts[p][0][tx], second += (double)parts[p][1][tx];
    learn(tx, c, first, second);
  }
  __syncthreads();
  if (!is) return;
#pragma unroll 4
  for (int row = ty; row < s.rows; row += 16) apply(row * s.channels + c, tx);
}

extern "C" __global__ void __launch_bounds__(512) norm_forward_at_once(
    const Norm s, const Moves moves, const float *x, const float *residual, const float *weight, const float *bias,
    float *kept, float *y) {
  __shared__ Affine of_channel[32];
  const int c = min((int)(blockIdx.x * 32 + threadIdx.x % 32), s.pieces.channels - 1);
  const float reference = x[c];
  in_one_block(
      s.pieces,
      [&](int at, int, float &a, float &b) { difference_and_square(x[at], reference, a, b); },
      [&](int tx, int c, double sum, double squares) {
        of_channel[tx] = learn(s, moves, c, sum, squares, reference, weight, bias, kept, true);
      },
      [&](int at, int tx) { y[at] = normalized(s, of_channel[tx], x[at], residual, at); });
}

// With statistics that are known.
extern "C" __global__ void __launch_bounds__(256) norm_eval(
    const Norm s, const float *x, const float *residual, const float *mean, const float *variance,
    const float *weight, const float *bias, float *y) {
  const unsigned at = number_of_thread();
  if (at >= (unsigned)(s.pieces.rows * s.pieces.channels)) return;
  const unsigned c = at % (unsigned)s.pieces.channels;
  y[at] = normalized(s, affine(mean[c], inverse_of(variance[c], s.eps), weight[c], bias[c]), x[at], residual, at);
}

// The way back: the gradient `g` of what went into the ReLU.
__device__ __forceinline__ float before_relu(const Norm &s, float dy, float y) {
  return !s.relu || y > 0.f ? dy : 0.f;
}

// What a channel needs for its input's gradient.
struct Slope {
  float mean, scale, mean_g, slope;
};

// Where the gradients are added.
struct Gradients {
  float *dx, *dweight, *dbias, *dresidual; // the last may be null
  int fresh, unused;                       // whether dx is only room: it counts as 0
};

__device__ __forceinline__ Slope slope_of(
    const Norm &s, const Gradients &to, const float *kept, int c, double sum, double products, bool writes) {
  const int channels = s.pieces.channels;
  const double n = (double)s.pieces.rows, inverse = (double)kept[channels + c], scale = (double)kept[2 * channels + c];
  if (writes) {
    to.dbias[c] += (float)sum;
    to.dweight[c] += (float)(products * inverse);
  }
  return {
      kept[c], kept[2 * channels + c], (float)(sum / n), (float)(-scale * inverse * inverse * products / n)};
}

__device__ __forceinline__ void add_gradient(
    const Norm &s, const Gradients &to, const Slope &of, int at, const float *x, const float *y, const float *dy) {
  const float g = before_relu(s, dy[at], s.relu ? y[at] : 1.f);
  const float before = to.fresh ? 0.f : to.dx[at];
  to.dx[at] = before + (of.scale * (g - of.mean_g) + of.slope * (x[at] - of.mean));
  if (to.dresidual != nullptr) to.dresidual[at] += g;
}

__device__ __forceinline__ void gradient_terms(
    const Norm &s, const float *x, const float *y, const float *dy, float mean, int at, float &a, float &b) {
  a = before_relu(s, dy[at], s.relu ? y[at] : 1.f);
  b = a * (x[at] - mean);
}

extern "C" __global__ void __launch_bounds__(256) norm_gradient_sums(
    const Norm s, const float *x, const float *y, const float *dy, const float *kept, float *parts) {
  const int c = min((int)(blockIdx.x * 32 + threadIdx.x % 32), s.pieces.channels - 1);
  const float mean = kept[c];
  sum_piece(s.pieces, parts, [&](int at, int, float &a, float &b) { gradient_terms(s, x, y, dy, mean, at, a, b); });
}

extern "C" __global__ void __launch_bounds__(256) norm_gradient(
    const Norm s, int rows_at_once, const float *parts, const float *kept, const float *x, const float *y,
    const float *dy, const Gradients to) {
  __shared__ Slope of_channel[32];
  const int tx = threadIdx.x % 32, ty = threadIdx.x / 32, c = blockIdx.x * 32 + tx, channels = s.pieces.channels;
  if (ty == 0 && c < channels) {
    double sum, products;
    totals(s.pieces, parts, c, sum, products);
    of_channel[tx] = slope_of(s, to, kept, c, sum, products, blockIdx.y == 0);
  }
  __syncthreads();
  if (c >= channels) return;
  const Slope of = of_channel[tx];
  const int end = min(s.pieces.rows, (int)(blockIdx.y + 1) * rows_at_once);
#pragma unroll 4
  for (int row = blockIdx.y * rows_at_once + ty; row < end; row += 8)
    add_gradient(s, to, of, row * channels + c, x, y, dy);
}

extern "C" __global__ void __launch_bounds__(512) norm_gradient_at_once(
    const Norm s, const float *kept, const float *x, const float *y, const float *dy, const Gradients to) {
  __shared__ Slope of_channel[32];
  const int c = min((int)(blockIdx.x * 32 + threadIdx.x % 32), s.pieces.channels - 1);
  const float mean = kept[c];
  in_one_block(
      s.pieces,
      [&](int at, int, float &a, float &b) { gradient_terms(s, x, y, dy, mean, at, a, b); },
      [&](int tx, int c, double sum, double products) {
        of_channel[tx] = slope_of(s, to, kept, c, sum, products, true);
      },
      [&](int at, int tx) { add_gradient(s, to, of_channel[tx], at, x, y, dy); });
}

// Mean and variance alone.
extern "C" __global__ void __launch_bounds__(256) norm_statistics(
    const Pieces s, const float *parts, float *means, float *variances) {
  const unsigned c = number_of_thread();
  if (c >= (unsigned)s.channels) return;
  double sum, squares;
  totals(s, parts, c, sum, squares);
  const double n = (double)s.rows;
  means[c] = (float)((double)parts[2 * s.pieces * s.channels + c] + sum / n);
  variances[c] = (float)fmax(squares / n - (sum / n) * (sum / n), 0.0);
}
