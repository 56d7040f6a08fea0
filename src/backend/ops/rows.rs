//! Batches of a data set that is on the device.

use dfdx::shapes::{HasShape, Shape, Unit};
use dfdx::tensor::{AutoDevice, Tensor, TensorFromVec};
use dfdx::tensor_ops::{GatherTo, ReshapeTo};

use super::Err;

/// Numbers of which a tensor can be a data set: those whose rows a device can gather.
///
/// dfdx gathers `f32` and `f64`. The others go by way of `f64`, which holds whole numbers up to 2^53
/// exactly; labels are smaller.
pub trait Gather: Unit {
    /// Some of the items that the first axis of `t` counts, in the shape `to`.
    ///
    /// # Errors
    /// If the device has no room for them.
    #[doc(hidden)]
    fn gather<S: Shape, To: Shape>(
        t: &Tensor<S, Self, AutoDevice>,
        items: &[usize],
        to: &To,
    ) -> Result<Tensor<To, Self, AutoDevice>, Err>;
}

macro_rules! gather {
    ($($type:ident by $float:ident, |$t:ident| $convert:expr, |$found:ident| $back:expr;)*) => {$(
        impl Gather for $type {
            fn gather<S: Shape, To: Shape>(
                $t: &Tensor<S, Self, AutoDevice>,
                items: &[usize],
                to: &To,
            ) -> Result<Tensor<To, Self, AutoDevice>, Err> {
                let count = $t.shape().concrete()[0];
                if let Some(item) = items.iter().find(|item| **item >= count) {
                    panic!("item {item} of a tensor with {count}");
                }
                let size = $t.shape().num_elements() / count.max(1);
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
