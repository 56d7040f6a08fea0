// What several kernels use.
#pragma once

// Division is by unsigned numbers, which is quicker: none of them is negative.
__device__ __forceinline__ int quotient(int a, int b) { return (int)((unsigned)a / (unsigned)b); }
__device__ __forceinline__ int quotient_up(int a, int b) { return (int)(((unsigned)a + b - 1) / (unsigned)b); }

// The number of a thread that works on one of `n` numbers; grids are rounded up to whole blocks, so it may be too
// large. With 256 threads a block, 2^31 numbers still fit an unsigned number.
__device__ __forceinline__ unsigned number_of_thread() { return blockIdx.x * 256u + threadIdx.x; }
