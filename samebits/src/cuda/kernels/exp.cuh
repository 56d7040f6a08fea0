#pragma once
__device__ float exp_of(float x) { return x; }
__device__ float log_of(float x) { return x; }
