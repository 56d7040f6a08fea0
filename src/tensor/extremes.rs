//! `max` and `min` as in dfdx, but that NaN stays NaN.
//!
//! The traits have dfdx's names; in the [`prelude`](crate::prelude) they stand in the place of dfdx's.

use dfdx::shapes::{Axes, Dtype, HasShape, ReduceShapeTo, ReduceStridesTo, Shape};
use dfdx::tensor::{AutoDevice, HasErr, PutTape, SplitTape, Tape, Tensor, ZerosTensor};
use dfdx::tensor_ops::{self as theirs, ChooseFrom, TryNe};

use crate::device::DeviceError;
use crate::fault;

/// The largest numbers along axes, PyTorch's `x.amax(...)`; NaN where one of them is. dfdx's own passes over NaN.
///
/// The gradient of each goes to it in equal parts, if there are several.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let x = AutoDevice::default().tensor([[1., 3., 2.], [5., f32::NAN, 4.]]);
/// let [first, second] = x.clone().max::<_, Axis<1>>().array();
/// assert_eq!(first, 3.);
/// assert!(second.is_nan() && x.max::<Rank0, _>().array().is_nan());
/// ```
pub trait MaxTo: HasErr + HasShape {
    /// The largest numbers along the axes `Ax`; either these or the shape of the result have to be said.
    ///
    /// # Panics
    /// If there are no numbers of which one could be it, or if the device has no room for the result.
    fn max<Dst: Shape, Ax: Axes>(self) -> Self::WithShape<Dst>
    where
        Self::Shape: ReduceShapeTo<Dst, Ax>,
    {
        self.try_max().unwrap_or_else(|error| panic!("max: {error}"))
    }

    /// [`max`](Self::max), or an error.
    ///
    /// # Errors
    /// If the device has no room for the result.
    ///
    /// # Panics
    /// If there are no numbers of which one could be it.
    fn try_max<Dst: Shape, Ax: Axes>(self) -> Result<Self::WithShape<Dst>, Self::Err>
    where
        Self::Shape: ReduceShapeTo<Dst, Ax>;
}

/// The smallest numbers along axes, PyTorch's `x.amin(...)`; NaN where one of them is. See [`MaxTo`].
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let x = AutoDevice::default().tensor([[1., 3., 2.], [5., f32::NAN, 4.]]);
/// let [first, second] = x.min::<_, Axis<1>>().array();
/// assert_eq!(first, 1.);
/// assert!(second.is_nan());
/// ```
pub trait MinTo: HasErr + HasShape {
    /// The smallest numbers along the axes `Ax`; either these or the shape of the result have to be said.
    ///
    /// # Panics
    /// If there are no numbers of which one could be it, or if the device has no room for the result.
    fn min<Dst: Shape, Ax: Axes>(self) -> Self::WithShape<Dst>
    where
        Self::Shape: ReduceShapeTo<Dst, Ax>,
    {
        self.try_min().unwrap_or_else(|error| panic!("min: {error}"))
    }

    /// [`min`](Self::min), or an error.
    ///
    /// # Errors
    /// If the device has no room for the result.
    ///
    /// # Panics
    /// If there are no numbers of which one could be it.
    fn try_min<Dst: Shape, Ax: Axes>(self) -> Result<Self::WithShape<Dst>, Self::Err>
    where
        Self::Shape: ReduceShapeTo<Dst, Ax>;
}

/// dfdx's result, and NaN where there was one: there the sum of 0 for each number and NaN for each NaN is NaN.
macro_rules! extreme {
    ($number:ty: $name:literal $trait:ident $try:ident) => {
        impl<S: Shape, T: Tape<$number, AutoDevice>> $trait for Tensor<S, $number, AutoDevice, T> {
            fn $try<Dst: Shape, Ax: Axes>(self) -> Result<Self::WithShape<Dst>, Self::Err>
            where
                S: ReduceShapeTo<Dst, Ax>,
            {
                let x: Tensor<S, $number, AutoDevice> = self.retaped();
                if x.shape().num_elements() == 0 {
                    return of_nothing($name, self);
                }
                let zeros = x.device().try_zeros_like(x.shape())?;
                let marks = theirs::SumTo::try_sum::<Dst, Ax>(x.try_ne(&x)?.try_choose(x, zeros)?)?;
                let is_nan = marks.try_ne(&marks)?;
                let extreme = theirs::$trait::$try(self)?;
                (!is_nan).try_choose(extreme, marks)
            }
        }
    };
}

/// What is left of a tensor without numbers: nothing again, for example of each of no rows.
fn of_nothing<S, Dst, Ax, E, T>(
    name: &str,
    x: Tensor<S, E, AutoDevice, T>,
) -> Result<Tensor<Dst, E, AutoDevice, T>, DeviceError>
where
    S: Shape + ReduceShapeTo<Dst, Ax>,
    Dst: Shape,
    Ax: Axes,
    E: Dtype,
    T: Tape<E, AutoDevice>,
    AutoDevice: ZerosTensor<E>,
{
    let dst: Dst = x.shape().reduced();
    if dst.num_elements() > 0 {
        let size = x.shape().concrete();
        return Err(fault::found_in_layer(format!(
            "{name}: in a tensor of the size {size:?} there are no numbers of which one could be it"
        )));
    }
    let (x, tape) = x.split_tape();
    Ok(x.device().try_zeros_like(&dst)?.put_tape(tape))
}

extreme!(f32: "max" MaxTo try_max);
extreme!(f32: "min" MinTo try_min);
extreme!(f64: "max" MaxTo try_max);
extreme!(f64: "min" MinTo try_min);

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[test]
    fn nan_is_the_largest_and_the_smallest_and_else_it_is_dfdxs() {
        let dev = AutoDevice::default();
        let x = dev.tensor([[1.0, f32::NAN, 2.0], [f32::INFINITY, -0.5, 4.0]]);
        let ([a, b], [c, d]) =
            (x.clone().max::<_, Axis<1>>().array(), x.clone().min::<_, Axis<1>>().array());
        assert!(a.is_nan() && c.is_nan());
        assert_eq!((b, d), (f32::INFINITY, -0.5));
        assert!(x.clone().max::<Rank0, _>().array().is_nan());
        assert!(x.min::<Rank0, _>().array().is_nan());
        // The stand-in for a GPU cannot translate dfdx's kernel for f64.
        if cfg!(not(feature = "cuda")) {
            let precise = dev.tensor([1.0_f64, f64::NAN]);
            assert!(precise.max::<Rank0, _>().array().is_nan());
        }

        let x: Tensor<Rank2<3, 5>, f32, _> = randn(&dev);
        let (ours, theirs) = (
            x.leaky_trace().max::<_, Axis<0>>(),
            dfdx::tensor_ops::MaxTo::max::<_, Axis<0>>(x.leaky_trace()),
        );
        assert_eq!(ours.array(), theirs.array());
        let (ours, theirs) = (ours.square().sum().backward(), theirs.square().sum().backward());
        assert_eq!(ours.get(&x).array(), theirs.get(&x).array());
    }
}
