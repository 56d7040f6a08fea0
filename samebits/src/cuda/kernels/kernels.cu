// All kernels, as one module for the driver. `cargo xtask cuda` compiles it, with --fmad=false: each product and
// each sum is rounded by itself unless the code says `__fmaf_rn`. Where a file says nothing else, sums have the
// order that the function of the same name has on a CPU, down to the last bit.
//
// Offsets into slices are `int`: the host refuses whatever would not fit.

#include "batch_norm.cuh"
#include "conv.cuh"
#include "elementwise.cuh"
#include "few_channels.cuh"
#include "functions.cuh"
#include "loss.cuh"
#include "matmul.cuh"
#include "means.cuh"
#include "optimizers.cuh"
#include "pool.cuh"
#include "select.cuh"
#include "sums.cuh"
