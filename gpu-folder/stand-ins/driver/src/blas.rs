//! The functions of cuBLAS that dfdx calls: products of matrices.
//!
//! As in all of BLAS, the numbers of a column lie one after the other, and `ld`, the *leading dimension*, is the way
//! from one column to the next. `c = alpha * a b + beta * c`, with `a` of `m` x `k` and `b` of `k` x `n`, each of
//! them transposed if its `op` says so.

#![allow(clippy::missing_safety_doc, clippy::too_many_arguments, non_snake_case)]

use std::ffi::{c_int, c_longlong, c_void};
use std::mem::MaybeUninit;
use std::sync::atomic::Ordering::Relaxed;

use gemm::Parallelism;

use crate::driver::{LAUNCHES, ONLY_LAUNCHES, called, complain, queued};

const SUCCESS: c_int = 0;
const INVALID_VALUE: c_int = 7;
const NOT_SUPPORTED: c_int = 15;

/// `op`: as it is, or transposed.
const PLAIN: c_int = 0;

#[unsafe(no_mangle)]
pub extern "C" fn cublasCreate_v2(handle: Option<&mut MaybeUninit<usize>>) -> c_int {
    let Some(handle) = handle else { return INVALID_VALUE };
    handle.write(8);
    SUCCESS
}

#[unsafe(no_mangle)]
pub extern "C" fn cublasDestroy_v2(_handle: usize) -> c_int {
    SUCCESS
}

#[unsafe(no_mangle)]
pub extern "C" fn cublasSetStream_v2(_handle: usize, _stream: usize) -> c_int {
    SUCCESS
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn cublasSgemm_v2(
    handle: usize,
    op_a: c_int,
    op_b: c_int,
    m: c_int,
    n: c_int,
    k: c_int,
    alpha: *const f32,
    a: *const f32,
    lda: c_int,
    b: *const f32,
    ldb: c_int,
    beta: *const f32,
    c: *mut f32,
    ldc: c_int,
) -> c_int {
    // SAFETY: the caller's promise is that for a batch of one.
    unsafe {
        cublasSgemmStridedBatched(
            handle, op_a, op_b, m, n, k, alpha, a, lda, 0, b, ldb, 0, beta, c, ldc, 0, 1,
        )
    }
}

/// The same for many matrices, each `stride` numbers after the one before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cublasSgemmStridedBatched(
    _handle: usize,
    op_a: c_int,
    op_b: c_int,
    m: c_int,
    n: c_int,
    k: c_int,
    alpha: *const f32,
    a: *const f32,
    lda: c_int,
    stride_a: c_longlong,
    b: *const f32,
    ldb: c_int,
    stride_b: c_longlong,
    beta: *const f32,
    c: *mut f32,
    ldc: c_int,
    stride_c: c_longlong,
    count: c_int,
) -> c_int {
    // As many rows as the matrix has in memory, at least.
    let stored =
        |op: c_int, plain: c_int, transposed: c_int| if op == PLAIN { plain } else { transposed };
    let least = [(lda, stored(op_a, m, k)), (ldb, stored(op_b, k, n)), (ldc, m)];
    if let Some((ld, rows)) = least.into_iter().find(|(ld, rows)| *ld < 1.max(*rows)) {
        complain(&format!("a product cannot run on a leading dimension of {ld} for {rows} rows"));
        return INVALID_VALUE;
    }
    LAUNCHES.fetch_add(1, Relaxed);
    queued();
    called("a product of cuBLAS", 0);
    if *ONLY_LAUNCHES {
        return SUCCESS;
    }
    // From a column to the next, and from a row to the next.
    let strides =
        |op: c_int, ld: c_int| if op == PLAIN { (ld as isize, 1) } else { (1, ld as isize) };
    let ((a_columns, a_rows), (b_columns, b_rows)) = (strides(op_a, lda), strides(op_b, ldb));
    for i in 0..count as isize {
        // SAFETY: the caller's promise, as to cuBLAS: the matrices have these sizes and strides.
        unsafe {
            let (alpha, beta) = (*alpha, *beta);
            let c = c.offset(i * stride_c as isize);
            // Where `beta` is 0, what was there before does not count, not even NaN.
            let read_c = beta != 0.;
            gemm::gemm(
                m as usize,
                n as usize,
                k as usize,
                c,
                ldc as isize,
                1,
                read_c,
                a.offset(i * stride_a as isize),
                a_columns,
                a_rows,
                b.offset(i * stride_b as isize),
                b_columns,
                b_rows,
                beta,
                alpha,
                false,
                false,
                false,
                Parallelism::None,
            );
        }
    }
    SUCCESS
}

/// Functions for other types: the course has `f32` alone.
macro_rules! not_supported {
    ($($name:ident),*) => {$(
        #[unsafe(no_mangle)]
        pub extern "C" fn $name(_handle: *const c_void) -> c_int {
            complain(concat!(stringify!($name), " is not there"));
            NOT_SUPPORTED
        }
    )*};
}

not_supported!(cublasDgemm_v2, cublasGemmEx, cublasDgemmStridedBatched, cublasGemmStridedBatchedEx);

#[cfg(test)]
mod tests {
    use super::*;

    /// 2 x 3 times 3 x 2, column by column.
    const A: [f32; 6] = [1., 4., 2., 5., 3., 6.];
    const B: [f32; 6] = [7., 9., 11., 8., 10., 12.];
    const PRODUCT: [f32; 4] = [58., 139., 64., 154.];

    fn product(
        ops: [c_int; 2],
        a: &[f32],
        b: &[f32],
        ld: [c_int; 2],
        alpha: f32,
        beta: f32,
        c: &mut [f32],
    ) {
        let [op_a, op_b] = ops;
        // SAFETY: the tests below hand over matrices of these sizes.
        let status = unsafe {
            cublasSgemm_v2(
                8,
                op_a,
                op_b,
                2,
                2,
                3,
                &raw const alpha,
                a.as_ptr(),
                ld[0],
                b.as_ptr(),
                ld[1],
                &raw const beta,
                c.as_mut_ptr(),
                2,
            )
        };
        assert_eq!(status, SUCCESS);
    }

    #[test]
    fn a_product() {
        let mut c = [f32::NAN; 4];
        product([0, 0], &A, &B, [2, 3], 1., 0., &mut c);
        assert_eq!(c, PRODUCT);
        product([0, 0], &A, &B, [2, 3], 2., 1., &mut c);
        assert_eq!(c, PRODUCT.map(|x| 3. * x));
    }

    #[test]
    fn transposed() {
        let (a, b) = ([1., 2., 3., 4., 5., 6.], [7., 8., 9., 10., 11., 12.]);
        let mut c = [0.; 4];
        product([1, 1], &a, &b, [3, 2], 1., 0., &mut c);
        assert_eq!(c, PRODUCT);
    }

    #[test]
    fn a_leading_dimension_of_0() {
        // SAFETY: a broadcast matrix is refused before anything is read.
        let status = unsafe {
            cublasSgemm_v2(
                8,
                0,
                0,
                2,
                2,
                3,
                &1.,
                A.as_ptr(),
                0,
                B.as_ptr(),
                3,
                &0.,
                &mut [0.; 4][0],
                2,
            )
        };
        assert_eq!(status, INVALID_VALUE);
    }

    #[test]
    fn a_batch() {
        let (a, b) = ([A, A.map(|x| 2. * x)].concat(), [B, B].concat());
        let mut c = [0f32; 8];
        // SAFETY: two matrices of these sizes.
        unsafe {
            cublasSgemmStridedBatched(
                8,
                0,
                0,
                2,
                2,
                3,
                &1.,
                a.as_ptr(),
                2,
                6,
                b.as_ptr(),
                3,
                6,
                &0.,
                c.as_mut_ptr(),
                2,
                4,
                2,
            );
        }
        assert_eq!(c[..4], PRODUCT);
        assert_eq!(c[4..], PRODUCT.map(|x| 2. * x));
    }
}
