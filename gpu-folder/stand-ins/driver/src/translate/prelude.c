#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
enum { DONE, WAITS, FAILED };
struct place { uint32_t tid[3], ntid[3], ctaid[3], nctaid[3]; };
static inline float float_of_bits(uint32_t bits) { float x; memcpy(&x, &bits, 4); return x; }
static inline double double_of_bits(uint64_t bits) { double x; memcpy(&x, &bits, 8); return x; }
static inline uint32_t bits_of_float(float x) { uint32_t bits; memcpy(&bits, &x, 4); return bits; }
static inline uint64_t bits_of_double(double x) { uint64_t bits; memcpy(&bits, &x, 8); return bits; }
static inline int32_t to_int32_t(double x) { return x <= -0x1p31 ? INT32_MIN : x >= 0x1p31 ? INT32_MAX : (int32_t)x; }
static inline uint32_t to_uint32_t(double x) { return !(x > 0) ? 0 : x >= 0x1p32 ? UINT32_MAX : (uint32_t)x; }
static inline int64_t to_int64_t(double x) { return x <= -0x1p63 ? INT64_MIN : x >= 0x1p63 ? INT64_MAX : (int64_t)x; }
static inline uint64_t to_uint64_t(double x) { return !(x > 0) ? 0 : x >= 0x1p64 ? UINT64_MAX : (uint64_t)x; }
static inline float fma_downwards(float a, float b, float c) {
  double product = (double)a * b, sum = product + c; /* the product is exact */
  double of_c = sum - product, error = (product - (sum - of_c)) + (c - of_c);
  float rounded = (float)sum;
  int is_above = rounded > sum || (rounded == sum && error < 0);
  return is_above ? nextafterf(rounded, -INFINITY) : rounded;
}
