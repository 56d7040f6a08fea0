// e^x, the natural logarithm, the sigmoid and the hyperbolic tangent, step by step as in functions.rs.
#pragma once

#include "common.cuh"

#define LN_2_HIGH 6.931471803691238e-1
#define LN_2_LOW 1.9082149292705877e-10
#define NOT_A_NUMBER __uint_as_float(0x7fc00000)

// a + b rounded to odd, and then to `float` (`sum_to_f32` in fma.rs).
__device__ __forceinline__ float sum_to_float(double a, double b) {
  const double sum = a + b, other = sum - a, error = (a - (sum - other)) + (b - other);
  const long long bits = __double_as_longlong(sum);
  const bool away_from_zero = (error > 0.0) == (sum > 0.0);
  const bool inexact = error != 0.0 && isfinite(error) && (bits & 1) == 0;
  return (float)__longlong_as_double(inexact ? (away_from_zero ? bits + 1 : bits - 1) : bits);
}

// `rest` and a power of 2 with e^x = (1 + rest) power.
__device__ __forceinline__ double exponential(double x, double &power) {
  constexpr double SHIFT = 1.5 * 4503599627370496.0, LOG2_E = 1.44269504088896340735992468100189214;
  constexpr double INVERSE_FACTORIALS[] = {
      1.0 / 2.0,       1.0 / 6.0,        1.0 / 24.0,        1.0 / 120.0,        1.0 / 720.0,         1.0 / 5040.0,
      1.0 / 40320.0,   1.0 / 362880.0,   1.0 / 3628800.0,   1.0 / 39916800.0,   1.0 / 479001600.0,   1.0 / 6227020800.0};
  const double shifted = x * LOG2_E + SHIFT, k = shifted - SHIFT;
  x = (x - k * LN_2_HIGH) - k * LN_2_LOW;
  double sum = 0.0;
#pragma unroll
  for (int n = 11; n >= 0; n--) sum = sum * x + INVERSE_FACTORIALS[n];
  power = __longlong_as_double(0x3ff0000000000000ll + (__double_as_longlong(shifted) << 52));
  return x + x * x * sum;
}

__device__ __forceinline__ float or_nan(float x, float result) { return isnan(x) ? NOT_A_NUMBER : result; }

__device__ __forceinline__ float exp_of(float x) {
  double power;
  const double rest = exponential((double)fminf(fmaxf(x, -104.f), 89.f), power);
  return or_nan(x, (float)((1.0 + rest) * power));
}

__device__ __forceinline__ float ln_of(float x) {
  constexpr long long ONE = 0x3ff0000000000000ll;
  constexpr double WHOLE = 4503599627370496.0;
  constexpr double TWICE_INVERSE_ODD[] = {
      2.0 / 3.0,  2.0 / 5.0,  2.0 / 7.0,  2.0 / 9.0,  2.0 / 11.0, 2.0 / 13.0,
      2.0 / 15.0, 2.0 / 17.0, 2.0 / 19.0, 2.0 / 21.0, 2.0 / 23.0};
  const unsigned long long half_root = 0x3fe6a09e667f3bcdull; // the bits of sqrt(2) / 2
  const unsigned long long bits = (unsigned long long)__double_as_longlong((double)x);
  const unsigned long long biased = (bits - half_root + ONE) >> 52;
  const double k = __longlong_as_double((long long)(biased | 0x4330000000000000ull)) - (WHOLE + 1023.0);
  const double m = __longlong_as_double((long long)(bits - (biased << 52) + ONE));
  const double f = m - 1.0, s = f / (2.0 + f), square = s * s;
  double series = 0.0;
#pragma unroll
  for (int n = 10; n >= 0; n--) series = series * square + TWICE_INVERSE_ODD[n];
  const double half = 0.5 * f * f;
  const double small = s * (half + series * square) + k * LN_2_LOW;
  const double large = k * LN_2_HIGH, sum = large + f, cut_off = f - (sum - large);
  const float result = sum_to_float(sum, cut_off - (half - small));
  if (x > 0.f && isfinite(x)) return result;
  return x == 0.f ? __uint_as_float(0xff800000) : x > 0.f ? x : NOT_A_NUMBER;
}

__device__ __forceinline__ float sigmoid_of(float x) {
  double power;
  const double rest = exponential(-(double)fminf(fmaxf(x, -104.f), 104.f), power);
  const double far = 1.0 / (1.0 + (1.0 + rest) * power);
  const float near = sum_to_float(0.5, -rest / (4.0 + 2.0 * rest));
  return or_nan(x, fabsf(x) < 0.25f ? near : (float)far);
}

__device__ __forceinline__ float tanh_of(float x) {
  double power;
  const double rest = exponential(2.0 * (double)fminf(fabsf(x), 10.f), power);
  const double minus_1 = power * rest + (power - 1.0);
  return or_nan(x, copysignf((float)(minus_1 / (minus_1 + 2.0)), x));
}

// The functions by their numbers in the host's code.
enum Function { EXP, LN, SIGMOID, TANH };

extern "C" __global__ void __launch_bounds__(256) function(int of, int n, const float *x, float *y) {
  const unsigned i = number_of_thread();
  if (i >= (unsigned)n) return;
  switch (of) {
    case EXP: y[i] = exp_of(x[i]); break;
    case LN: y[i] = ln_of(x[i]); break;
    case SIGMOID: y[i] = sigmoid_of(x[i]); break;
    case TANH: y[i] = tanh_of(x[i]); break;
  }
}

// dx += f'(x) dy
extern "C" __global__ void __launch_bounds__(256) function_gradient(
    int of, int n, const float *x, const float *y, const float *dy, float *dx) {
  const unsigned i = number_of_thread();
  if (i >= (unsigned)n) return;
  float slope = 0.f;
  switch (of) {
    case EXP: slope = y[i]; break;
    case LN: slope = __fdiv_rn(1.f, x[i]); break;
    case SIGMOID: slope = y[i] * (1.f - y[i]); break;
    case TANH: slope = 1.f - y[i] * y[i]; break;
  }
  dx[i] += slope * dy[i];
}
