//! Each kernel on small sizes: for tools that look at each access to memory, which take their time.

use crate::both::gpu;
use crate::{classes, conv, elementwise, matmul, norm, optimizers, pool, select, sums};

#[test]
fn each_kernel_on_small_sizes() {
    conv::few();
    norm::few();
    matmul::few();
    pool::few();
    elementwise::few();
    classes::few();
    select::few();
    sums::few();
    optimizers::few();
    // So that no kernel goes without a test.
    assert_eq!(gpu().never_started(), [""; 0], "these kernels were never started");
}
