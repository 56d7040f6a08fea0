// Copies to the memory of a block that go on while its threads compute. GPUs before compute capability 8.0 cannot do
// that: there a copy is done when the call returns, which changes the speed and nothing else.
#pragma once

#if __CUDA_ARCH__ >= 800

// 16 bytes, or zeros where `is` does not hold: then `from` is not read, but has to be an address all the same.
__device__ __forceinline__ void copy16(float *to, const float *from, bool is) {
  const unsigned at = (unsigned)__cvta_generic_to_shared(to);
  const int bytes = is ? 16 : 0;
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(at), "l"(from), "r"(bytes));
}

// The same for 4 bytes.
__device__ __forceinline__ void copy4(float *to, const float *from, bool is) {
  const unsigned at = (unsigned)__cvta_generic_to_shared(to);
  const int bytes = is ? 4 : 0;
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(at), "l"(from), "r"(bytes));
}

// Ends a group of copies of this thread.
__device__ __forceinline__ void copies_end() { asm volatile("cp.async.commit_group;"); }

// Waits until at most the last N groups of this thread are still under way.
template <int N> __device__ __forceinline__ void copies_wait() { asm volatile("cp.async.wait_group %0;" ::"n"(N)); }

#else

__device__ __forceinline__ void copy16(float *to, const float *from, bool is) {
  *(float4 *)to = is ? *(const float4 *)from : make_float4(0.f, 0.f, 0.f, 0.f);
}
__device__ __forceinline__ void copy4(float *to, const float *from, bool is) { *to = is ? *from : 0.f; }
__device__ __forceinline__ void copies_end() {}
template <int N> __device__ __forceinline__ void copies_wait() {}

#endif
