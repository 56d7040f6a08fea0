// Pooling (pool.rs). A pixel has `size` numbers: those of all pictures and channels.
#pragma once

#include "common.cuh"

// Which input pixels are in which window, and back: those of window i are inputs[starts[i]] to inputs[starts[i + 1]];
// the windows of an input pixel and its places in them are back[2 k] and back[2 k + 1], from back_starts[pixel] on.
struct Windows {
  const int *starts, *inputs, *back_starts, *back;
};

// Whether `x` takes the place of `best`: NaN is the largest, and of equal numbers the first stays.
__device__ __forceinline__ bool is_larger(float x, float best) { return x > best || (isnan(x) && !isnan(best)); }

extern "C" __global__ void __launch_bounds__(256) max_pool(
    const Windows w, int outputs, int size, const float *x, float *y, unsigned short *places) {
  const unsigned at = number_of_thread();
  if (at >= (unsigned)(outputs * size)) return;
  const int output = quotient(at, size), column = at - output * size, from = w.starts[output];
  const int n = w.starts[output + 1] - from;
  float best = x[w.inputs[from] * size + column];
  int place = 0;
  for (int p = 1; p < n; p++) {
    const float v = x[w.inputs[from + p] * size + column];
    if (is_larger(v, best)) best = v, place = p;
  }
  y[at] = best;
  places[at] = (unsigned short)place;
}

extern "C" __global__ void __launch_bounds__(256) max_pool_gradient(
    const Windows w, int inputs, int size, const unsigned short *places, const float *dy, float *dx) {
  const unsigned at = number_of_thread();
  if (at >= (unsigned)(inputs * size)) return;
  const int input = quotient(at, size), column = at - input * size;
  float sum = dx[at];
  for (int k = w.back_starts[input]; k < w.back_starts[input + 1]; k++) {
    const int from = w.back[2 * k] * size + column;
    sum += places[from] == w.back[2 * k + 1] ? dy[from] : 0.f;
  }
  dx[at] = sum;
}

extern "C" __global__ void __launch_bounds__(256) mean_pool(
    const Windows w, int outputs, int size, const float *x, float *y) {
  const unsigned at = number_of_thread();
  if (at >= (unsigned)(outputs * size)) return;
  const int output = quotient(at, size), column = at - output * size, from = w.starts[output];
  const int n = w.starts[output + 1] - from;
  float sum = 0.f;
  for (int p = 0; p < n; p++) sum += x[w.inputs[from + p] * size + column];
  y[at] = __fdiv_rn(sum, (float)n);
}

extern "C" __global__ void __launch_bounds__(256) mean_pool_gradient(
    const Windows w, int inputs, int size, const float *dy, float *dx) {
  const unsigned at = number_of_thread();
  if (at >= (unsigned)(inputs * size)) return;
  const int input = quotient(at, size), column = at - input * size;
  float sum = dx[at];
  for (int k = w.back_starts[input]; k < w.back_starts[input + 1]; k++) {
    const int output = w.back[2 * k];
    sum += __fdiv_rn(dy[output * size + column], (float)(w.starts[output + 1] - w.starts[output]));
  }
  dx[at] = sum;
}

// For each picture the largest number of each channel, then the mean of each; a window is the whole picture.
extern "C" __global__ void __launch_bounds__(256) concat_pool(
    int pixels, int batch, int channels, const float *x, float *y, unsigned short *places) {
  const unsigned at = number_of_thread(), size = batch * channels;
  if (at >= size) return;
  const int picture = quotient(at, channels), c = at - picture * channels;
  float best = x[at], sum = 0.f + x[at];
  int place = 0;
  for (int p = 1; p < pixels; p++) {
    const float v = x[p * size + at];
    if (is_larger(v, best)) best = v, place = p;
    sum += v;
  }
  y[picture * 2 * channels + c] = best;
  y[picture * 2 * channels + channels + c] = __fdiv_rn(sum, (float)pixels);
  places[at] = (unsigned short)place;
}

extern "C" __global__ void __launch_bounds__(256) concat_pool_gradient(
    int pixels, int batch, int channels, const unsigned short *places, const float *dy, float *dx) {
  const unsigned at = number_of_thread();
  const int size = batch * channels;
  if (at >= (unsigned)(pixels * size)) return;
  const int pixel = quotient(at, size), number = at - pixel * size;
  const int picture = quotient(number, channels), c = number - picture * channels;
  const float largest = dy[picture * 2 * channels + c], mean = dy[picture * 2 * channels + channels + c];
  float sum = dx[at];
  sum += places[number] == pixel ? largest : 0.f;
  sum += __fdiv_rn(mean, (float)pixels);
  dx[at] = sum;
}
