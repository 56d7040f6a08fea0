//! The kernels, by name, and where the driver has them.

use cudarc::driver::{result, sys};

use super::error::Error;

/// The names of all kernels, with the bytes of each parameter, made by `cargo xtask cuda` beside the kernels.
pub(super) const SIGNATURES: &str = include_str!("made/kernels.txt");

macro_rules! kernels {
    ($($kernel:ident $name:literal)*) => {
        /// A kernel of `kernels/`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Kernel { $($kernel),* }

        impl Kernel {
            pub const ALL: &[Self] = &[$(Self::$kernel),*];

            /// What it is called in `kernels/`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$kernel => $name),* }
            }
        }
    };
}

kernels! {
    Accuracy "accuracy"
    Adam "adam"
    AddParts "add_parts"
    AddRows "add_rows"
    AddScaled "add_scaled"
    Axpy "axpy"
    ColumnMeans "column_means"
    ColumnSums "column_sums"
    ConcatPool "concat_pool"
    ConcatPoolGradient "concat_pool_gradient"
    ConvForward32x32 "conv_forward_32x32"
    ConvForward16x32 "conv_forward_16x32"
    ConvForward16x16 "conv_forward_16x16"
    ConvForwardAny "conv_forward_any"
    ConvGradients32x32 "conv_gradients_32x32"
    ConvGradients16x32 "conv_gradients_16x32"
    ConvGradients16x16 "conv_gradients_16x16"
    ConvGradientsAny "conv_gradients_any"
    CrossEntropy "cross_entropy"
    DropoutGradient "dropout_gradient"
    DropoutOfMinus "dropout_of_minus"
    FewForward "few_forward"
    FewWeightGradient "few_weight_gradient"
    Function "function"
    FunctionGradient "function_gradient"
    MatmulNn16x32 "matmul_nn_16x32"
    MatmulNn16x16 "matmul_nn_16x16"
    MatmulNnAny "matmul_nn_any"
    MatmulNt16x32 "matmul_nt_16x32"
    MatmulNt16x16 "matmul_nt_16x16"
    MatmulNtAny "matmul_nt_any"
    MatmulTn16x32 "matmul_tn_16x32"
    MatmulTn16x16 "matmul_tn_16x16"
    MatmulTnAny "matmul_tn_any"
    MatmulTt16x32 "matmul_tt_16x32"
    MatmulTt16x16 "matmul_tt_16x16"
    MatmulTtAny "matmul_tt_any"
    MaxPool "max_pool"
    MaxPoolGradient "max_pool_gradient"
    MeanAbsoluteDifferences "mean_absolute_differences"
    MeanPool "mean_pool"
    MeanPoolGradient "mean_pool_gradient"
    MnistLoss "mnist_loss"
    MnistLossGradient "mnist_loss_gradient"
    NormEval "norm_eval"
    NormForward "norm_forward"
    NormForwardAtOnce "norm_forward_at_once"
    NormGradient "norm_gradient"
    NormGradientAtOnce "norm_gradient_at_once"
    NormGradientSums "norm_gradient_sums"
    NormStatistics "norm_statistics"
    NormSums "norm_sums"
    ReluGradient "relu_gradient"
    ReluOfMinus "relu_of_minus"
    Repeat "repeat"
    RowsTimesVector "rows_times_vector"
    SelectPictures "select_pictures"
    SelectRows1 "select_rows_1"
    SelectRows2 "select_rows_2"
    SelectRows4 "select_rows_4"
    SelectRows8 "select_rows_8"
    Sgd "sgd"
    ShareOfTrue "share_of_true"
    Softmax "softmax"
    SoftmaxGradient "softmax_gradient"
    SumsByBlocks "sums_by_blocks"
    SumsByThreads "sums_by_threads"
    VectorTimesRows "vector_times_rows"
    ZeroAll "zero_all"
}

/// A kernel that can be started.
#[derive(Debug)]
pub(super) struct Function {
    pub function: sys::CUfunction,
    /// How many bytes each parameter has.
    pub parameters: Vec<usize>,
}

/// All kernels, so that nobody looks for a name when one is started.
#[derive(Debug)]
pub(super) struct Table(Vec<Function>);

impl Table {
    /// Asks for the kernels of a module, which is never to be unloaded.
    ///
    /// # Safety
    /// The module is loaded in the context of this thread.
    pub unsafe fn of(module: sys::CUmodule) -> Result<Self, Error> {
        let functions = Kernel::ALL.iter().map(|kernel| {
            let name = std::ffi::CString::new(kernel.name()).expect("names have no 0");
            // SAFETY: the caller's promise.
            let function = unsafe { result::module::get_function(module, name) }
                .map_err(|error| Error::driver(format!("looking for {kernel:?}"), error))?;
            let parameters = parameters(kernel.name()).expect("all kernels are in the list");
            Ok(Function { function, parameters })
        });
        functions.collect::<Result<_, _>>().map(Self)
    }

    pub fn get(&self, kernel: Kernel) -> &Function {
        &self.0[kernel as usize]
    }
}

/// How many bytes each parameter of a kernel has.
fn parameters(name: &str) -> Option<Vec<usize>> {
    let line = SIGNATURES.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    line.split(' ').map(|bytes| bytes.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_just_these_kernels() {
        let listed: Vec<_> = SIGNATURES.lines().filter_map(|line| line.split(' ').next()).collect();
        let mut ours: Vec<_> = Kernel::ALL.iter().map(|kernel| kernel.name()).collect();
        ours.sort_unstable();
        assert_eq!(listed, ours);
        assert!(ours.iter().all(|name| parameters(name).is_some()));
    }
}
