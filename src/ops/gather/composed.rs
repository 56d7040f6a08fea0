//! dfdx's gather. It takes `f32` and `f64`. Other numbers go by way of `f64`, which holds whole numbers up to
//! 2^53 exactly; labels are smaller.

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor, TensorFromVec};
use dfdx::tensor_ops::{GatherTo, ReshapeTo};

use super::GatherKernel;
use crate::device::DeviceError;
use crate::ops::composed::Composed;

macro_rules! gather {
    ($($type:ident by $float:ident, |$t:ident| $convert:expr, |$found:ident| $back:expr;)*) => {$(
        impl GatherKernel<$type> for Composed {
            fn gather_rows<S: Shape, To: Shape>(
                $t: &Tensor<S, $type, AutoDevice>,
                [count, size]: [usize; 2],
                items: &[usize],
                to: &To,
            ) -> Result<Tensor<To, $type, AutoDevice>, DeviceError> {
                let index = $t.device().try_tensor_from_vec(items.to_vec(), (items.len(),))?;
                let rows: Tensor<S, $float, AutoDevice> = $convert;
                let $found = rows
                    .try_reshape_like(&(count, size))?
                    .try_gather::<(usize, usize), _>(index)?
                    .try_reshape_like(to)?;
                Ok($back)
            }
        }
    )*};
}

gather! {
    f32 by f32, |t| t.clone(), |found| found;
    f64 by f64, |t| t.clone(), |found| found;
    u8 by f64, |t| t.clone().try_to_dtype()?, |found| found.try_to_dtype()?;
    i32 by f64, |t| t.clone().try_to_dtype()?, |found| found.try_to_dtype()?;
    u32 by f64, |t| t.clone().try_to_dtype()?, |found| found.try_to_dtype()?;
    i64 by f64, |t| t.clone().try_to_dtype()?, |found| found.try_to_dtype()?;
    usize by f64, |t| t.clone().try_to_dtype()?, |found| found.try_to_dtype()?;
}
