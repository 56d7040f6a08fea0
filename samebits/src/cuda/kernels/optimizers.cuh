// Steps of optimizers, and gradients back to 0, for all parameters at once (adam.rs, sgd.rs, zero.rs).
#pragma once

// A part of a parameter, of at most 4096 numbers, for one block of 256 threads.
struct Part {
  float *p, *m, *v, *g; // m and v: what the optimizer remembers
  int n, decays;
};

struct AdamStep {
  float beta1, beta2, rest1, rest2, eps, kept, rate, correction;
  int then_zero; // whether the gradients are 0 afterwards
};

// Whether the step is to be made: losses, if there are any, have to be finite.
__device__ __forceinline__ bool are_finite(const float *loss, const float *other) {
  return (loss == nullptr || isfinite(*loss)) && (other == nullptr || isfinite(*other));
}

extern "C" __global__ void __launch_bounds__(256) adam(
    const Part *parts, const AdamStep s, const float *loss, const float *other) {
  if (!are_finite(loss, other)) return;
  const Part part = parts[blockIdx.x];
  const float keep = part.decays ? s.kept : 1.f;
  auto step = [&](float &p, float &m, float &v, float g) {
    m = s.beta1 * m + s.rest1 * g;
    v = s.beta2 * v + s.rest2 * (g * g);
    p = p * keep - __fdiv_rn(s.rate * m, __fsqrt_rn(v * s.correction) + s.eps);
  };
  const unsigned long long all =
      (unsigned long long)part.p | (unsigned long long)part.m | (unsigned long long)part.v | (unsigned long long)part.g;
  // Four numbers at once where they lie for it.
  if (part.n % 4 == 0 && all % 16 == 0) {
    for (int i = 4 * threadIdx.x; i < part.n; i += 4 * 256) {
      float4 p = *(float4 *)(part.p + i), m = *(float4 *)(part.m + i), v = *(float4 *)(part.v + i);
      const float4 g = *(const float4 *)(part.g + i);
      step(p.x, m.x, v.x, g.x);
      step(p.y, m.y, v.y, g.y);
      step(p.z, m.z, v.z, g.z);
      step(p.w, m.w, v.w, g.w);
      *(float4 *)(part.p + i) = p, *(float4 *)(part.m + i) = m, *(float4 *)(part.v + i) = v;
      if (s.then_zero) *(float4 *)(part.g + i) = make_float4(0.f, 0.f, 0.f, 0.f);
    }
  } else {
    for (int i = threadIdx.x; i < part.n; i += 256) {
      step(part.p[i], part.m[i], part.v[i], part.g[i]);
      if (s.then_zero) part.g[i] = 0.f;
    }
  }
}

// m = momentum m + g; p = kept p + factor m. Without momentum m is null.
extern "C" __global__ void __launch_bounds__(256) sgd(
    const Part *parts, float momentum, float kept, float factor, int then_zero, const float *loss,
    const float *other) {
  if (!are_finite(loss, other)) return;
  const Part part = parts[blockIdx.x];
  for (int i = threadIdx.x; i < part.n; i += 256) {
    float step = part.g[i];
    if (part.m != nullptr) part.m[i] = step = momentum * part.m[i] + step;
    part.p[i] = part.p[i] * kept + step * factor;
    if (then_zero) part.g[i] = 0.f;
  }
}

extern "C" __global__ void __launch_bounds__(256) zero_all(const Part *parts) {
  const Part part = parts[blockIdx.x];
  for (int i = threadIdx.x; i < part.n; i += 256) part.g[i] = 0.f;
}
