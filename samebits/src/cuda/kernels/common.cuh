// What several kernels use.
#pragma once

// Division is by unsigned numbers, which is quicker: none of them is negative.
__device__ __forceinline__ int quotient(int a, int b) { return (int)((unsigned)a / (unsigned)b); }
__device__ __forceinline__ int quotient_up(int a, int b) { return (int)(((unsigned)a + b - 1) / (unsigned)b); }

// The number of a thread that works on one of `n` numbers; grids are rounded up to whole blocks, so it may be too
// large. With 256 threads a block, 2^31 numbers still fit an unsigned number.
__device__ __forceinline__ unsigned number_of_thread() { return blockIdx.x * 256u + threadIdx.x; }

// Division of many numbers by the same one: by a product where the numbers are small enough for that, which is about ten
// times as fast. With m = 2^32 / n rounded up, m n is at most n - 1 above 2^32, so floor(a m / 2^32) = floor(a / n) as long as
// a n < 2^32.
struct Divisor {
  unsigned n, inverse; // an inverse of 0: by division
  __device__ __forceinline__ Divisor(int n, int largest) : n(n), inverse(0) {
    if (n > 1 && (unsigned long long)largest * (unsigned)n < (1ull << 32))
      inverse = (unsigned)(((1ull << 32) + (unsigned)n - 1) / (unsigned)n);
  }
  __device__ __forceinline__ int quotient(int a) const {
    return inverse != 0 ? (int)__umulhi((unsigned)a, inverse) : (int)((unsigned)a / n);
  }
};
