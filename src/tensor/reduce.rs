//! `sum`, `mean` and `broadcast` as in dfdx, with the same bits everywhere.
//!
//! The traits have dfdx's names, so that those who know dfdx find nothing new; in the [`prelude`](crate::prelude) they stand
//! in the place of dfdx's.

use dfdx::shapes::{Axes, BroadcastShapeTo, ConstShape, HasAxes, HasShape, ReduceShapeTo, Shape};
#[cfg(feature = "cuda")]
use dfdx::tensor::Cpu;
use dfdx::tensor::{AutoDevice, HasErr, Tape, Tensor};
use dfdx::tensor_ops::{self as theirs, TryMul};

use crate::device::DeviceError;
use crate::ops;

/// Sums along axes, PyTorch's `x.sum(...)`.
///
/// Each sum starts from 0 and goes from one number to the next, in the order of their indices, on a GPU as on a CPU: so
/// it has the same bits on both. dfdx's own has its numbers in that order on a CPU alone. (Of tensors of other numbers than
/// `f32`, it is dfdx's.)
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let x = AutoDevice::default().tensor([[1., 2., 3.], [-1., -2., -3.]]);
/// assert_eq!(x.clone().sum::<Rank1<2>, _>().array(), [6., -6.]);
/// assert_eq!(x.clone().sum::<_, Axis<0>>().array(), [0.; 3]);
/// assert_eq!(x.sum::<Rank0, _>().array(), 0.);
/// ```
pub trait SumTo: HasErr + HasShape {
    /// The sums along the axes `Ax`; either these or the shape of the result have to be said.
    ///
    /// # Panics
    /// If the device has no room for the result.
    fn sum<Dst: Shape, Ax: Axes>(self) -> Self::WithShape<Dst>
    where
        Self::Shape: ReduceShapeTo<Dst, Ax>,
    {
        self.try_sum().unwrap_or_else(|error| panic!("sum: {error}"))
    }

    /// [`sum`](Self::sum), or an error.
    ///
    /// # Errors
    /// If the device has no room for the result.
    fn try_sum<Dst: Shape, Ax: Axes>(self) -> Result<Self::WithShape<Dst>, Self::Err>
    where
        Self::Shape: ReduceShapeTo<Dst, Ax>;
}

/// Means along axes, PyTorch's `x.mean(...)`: the [`sum`](SumTo::sum), times 1 by the number of its terms as an `f32`.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let x = AutoDevice::default().tensor([[1., 2.], [3., 6.]]);
/// assert_eq!(x.clone().mean::<_, Axis<1>>().array(), [1.5, 4.5]);
/// assert_eq!(x.mean::<Rank0, _>().array(), 3.);
/// ```
pub trait MeanTo: HasErr + HasShape {
    /// The means along the axes `Ax`; either these or the shape of the result have to be said.
    ///
    /// # Panics
    /// If the device has no room for the result.
    fn mean<Dst: Shape, Ax: Axes>(self) -> Self::WithShape<Dst>
    where
        Self::Shape: HasAxes<Ax> + ReduceShapeTo<Dst, Ax>,
    {
        self.try_mean().unwrap_or_else(|error| panic!("mean: {error}"))
    }

    /// [`mean`](Self::mean), or an error.
    ///
    /// # Errors
    /// If the device has no room for the result.
    fn try_mean<Dst: Shape, Ax: Axes>(self) -> Result<Self::WithShape<Dst>, Self::Err>
    where
        Self::Shape: HasAxes<Ax> + ReduceShapeTo<Dst, Ax>;
}

/// Repeats a tensor along new axes, PyTorch's `x.broadcast_to(shape)`.
///
/// A tensor with a gradient's tape gets a number of its own for each repetition; the gradient of a number is the sum of those of
/// its repetitions, one after the other, on a GPU as on a CPU. Without a tape no number is copied.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let bias = AutoDevice::default().tensor([1., 2.]);
/// let rows = bias.leaky_trace().broadcast::<Rank2<3, 2>, _>();
/// assert_eq!(rows.array(), [[1., 2.]; 3]);
/// assert_eq!(rows.sum::<Rank0, _>().backward().get(&bias).array(), [3.; 2]);
/// ```
pub trait BroadcastTo: HasErr + HasShape {
    /// Repeated to the shape `Dst`, along the axes `Ax`.
    ///
    /// # Panics
    /// If an axis whose length is known only at run time differs, or if the device has no room for the result.
    fn broadcast<Dst: ConstShape, Ax: Axes>(self) -> Self::WithShape<Dst>
    where
        Self::Shape: BroadcastShapeTo<Dst, Ax>,
    {
        self.broadcast_like::<Dst, Ax>(&Dst::default())
    }

    /// [`broadcast`](Self::broadcast), or an error.
    ///
    /// # Errors
    /// If the device has no room for the result.
    fn try_broadcast<Dst: ConstShape, Ax: Axes>(self) -> Result<Self::WithShape<Dst>, Self::Err>
    where
        Self::Shape: BroadcastShapeTo<Dst, Ax>,
    {
        self.try_broadcast_like::<Dst, Ax>(&Dst::default())
    }

    /// Repeated to the shape of `dst`, which is a tensor or a shape.
    ///
    /// # Panics
    /// If an axis whose length is known only at run time differs, or if the device has no room for the result.
    fn broadcast_like<Dst: HasShape, Ax: Axes>(self, dst: &Dst) -> Self::WithShape<Dst::Shape>
    where
        Self::Shape: BroadcastShapeTo<Dst::Shape, Ax>,
    {
        self.try_broadcast_like(dst).unwrap_or_else(|error| panic!("broadcast: {error}"))
    }

    /// [`broadcast_like`](Self::broadcast_like), or an error.
    ///
    /// # Errors
    /// If the device has no room for the result.
    fn try_broadcast_like<Dst: HasShape, Ax: Axes>(
        self,
        dst: &Dst,
    ) -> Result<Self::WithShape<Dst::Shape>, Self::Err>
    where
        Self::Shape: BroadcastShapeTo<Dst::Shape, Ax>;
}

impl<S: Shape, T: Tape<f32, AutoDevice>> SumTo for Tensor<S, f32, AutoDevice, T> {
    fn try_sum<Dst: Shape, Ax: Axes>(self) -> Result<Self::WithShape<Dst>, DeviceError>
    where
        S: ReduceShapeTo<Dst, Ax>,
    {
        ops::sum(self)
    }
}

impl<S: Shape, T: Tape<f32, AutoDevice>> MeanTo for Tensor<S, f32, AutoDevice, T> {
    fn try_mean<Dst: Shape, Ax: Axes>(self) -> Result<Self::WithShape<Dst>, DeviceError>
    where
        S: HasAxes<Ax> + ReduceShapeTo<Dst, Ax>,
    {
        let terms = <S as HasAxes<Ax>>::size(self.shape());
        ops::sum(self)?.try_mul((1.0 / terms as f64) as f32)
    }
}

impl<S: Shape, T: Tape<f32, AutoDevice>> BroadcastTo for Tensor<S, f32, AutoDevice, T> {
    fn try_broadcast_like<Dst: HasShape, Ax: Axes>(
        self,
        dst: &Dst,
    ) -> Result<Self::WithShape<Dst::Shape>, DeviceError>
    where
        S: BroadcastShapeTo<Dst::Shape, Ax>,
    {
        ops::broadcast(self, dst.shape())
    }
}

/// dfdx's own, for tensors of other numbers.
macro_rules! dfdxs_sums {
    ($device:ty: $($number:ty)*) => {$(
        impl<S: Shape, T: Tape<$number, $device>> SumTo for Tensor<S, $number, $device, T>
        where
            Self: theirs::SumTo,
        {
            fn try_sum<Dst: Shape, Ax: Axes>(self) -> Result<Self::WithShape<Dst>, Self::Err>
            where
                Self::Shape: ReduceShapeTo<Dst, Ax>,
            {
                theirs::SumTo::try_sum(self)
            }
        }

        impl<S: Shape, T: Tape<$number, $device>> MeanTo for Tensor<S, $number, $device, T>
        where
            Self: theirs::MeanTo,
        {
            fn try_mean<Dst: Shape, Ax: Axes>(self) -> Result<Self::WithShape<Dst>, Self::Err>
            where
                Self::Shape: HasAxes<Ax> + ReduceShapeTo<Dst, Ax>,
            {
                theirs::MeanTo::try_mean(self)
            }
        }

        dfdxs_broadcast!($device: $number);
    )*};
}

/// The same for those that have no sums.
macro_rules! dfdxs_broadcast {
    ($device:ty: $number:ty) => {
        impl<S: Shape, T: Tape<$number, $device>> BroadcastTo for Tensor<S, $number, $device, T> {
            fn try_broadcast_like<Dst: HasShape, Ax: Axes>(
                self,
                dst: &Dst,
            ) -> Result<Self::WithShape<Dst::Shape>, Self::Err>
            where
                Self::Shape: BroadcastShapeTo<Dst::Shape, Ax>,
            {
                theirs::BroadcastTo::try_broadcast_like(self, dst)
            }
        }
    };
}

dfdxs_sums!(AutoDevice: f64 i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);
dfdxs_broadcast!(AutoDevice: bool);
#[cfg(feature = "cuda")]
dfdxs_sums!(Cpu: f32 f64 i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);
#[cfg(feature = "cuda")]
dfdxs_broadcast!(Cpu: bool);

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[test]
    fn numbers_of_other_kinds_have_dfdxs() {
        let dev = AutoDevice::default();
        let whole = dev.tensor([[1_i64, 2], [3, 4]]);
        let mask = dev.tensor([true, false]).broadcast::<Rank2<2, 2>, Axis<0>>();
        assert_eq!(mask.array(), [[true, false]; 2]);
        let labels = dev.tensor([1_i64, 2]).broadcast_like::<_, Axis<0>>(&whole);
        assert_eq!(labels.array(), [[1, 2]; 2]);
        let precise = dev.tensor([1_f64, 2., 6.]);
        assert_eq!(precise.clone().sum::<Rank0, _>().array(), 9.);
        assert_eq!(precise.mean::<Rank0, _>().array(), 3.);
        // On a GPU dfdx has no sums of whole numbers.
        #[cfg(not(feature = "cuda"))]
        assert_eq!(whole.sum::<Rank1<2>, Axis<1>>().array(), [3, 7]);
    }

    #[test]
    fn a_mean_is_a_sum_times_one_by_how_many() {
        let x = AutoDevice::default().tensor([0.1_f32, 0.7, 0.4]);
        let mean = x.leaky_trace().mean::<Rank0, _>();
        assert_eq!(mean.array(), (0.1 + 0.7 + 0.4) * (1. / 3.));
        assert_eq!(mean.backward().get(&x).array(), [1. / 3.; 3]);
    }
}
