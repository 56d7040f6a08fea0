//! A data set of pictures on the device, and batches of it.

use dfdx::shapes::{Axes4, Const};
use dfdx::tensor::{AutoDevice, Tensor, TensorFromVec};
use dfdx::tensor_ops::{PermuteTo, ReshapeTo};

use super::Err;
use super::index::gather_rows;

/// Pictures of `C` channels, `H` rows and `W` columns, copied to the device once. Batches are gathered
/// there.
#[derive(Debug, Clone)]
pub(crate) struct Pictures<const C: usize, const H: usize, const W: usize> {
    /// A row for each picture.
    pictures: Tensor<(usize, usize), f32, AutoDevice>,
}

/// A batch of pictures.
type Batch<const C: usize, const H: usize, const W: usize> =
    Tensor<(usize, Const<C>, Const<H>, Const<W>), f32, AutoDevice>;

impl<const C: usize, const H: usize, const W: usize> Pictures<C, H, W> {
    /// Copies the numbers of pictures to the device: picture by picture, row by row, with all channels of
    /// a pixel together.
    pub(crate) fn new(dev: &AutoDevice, numbers: Vec<f32>) -> Result<Self, Err> {
        let size = H * W * C;
        let count = numbers.len() / size;
        Ok(Self { pictures: dev.try_tensor_from_vec(numbers, (count, size))? })
    }

    /// The pictures `items`, in this order.
    pub(crate) fn batch(&self, items: &[usize]) -> Result<Batch<C, H, W>, Err> {
        let n = items.len();
        let items = self.pictures.device().try_tensor_from_vec(items.to_vec(), (n,))?;
        gather_rows(self.pictures.clone(), items)?
            .try_reshape_like(&(n, Const::<H>, Const::<W>, Const::<C>))?
            .try_permute::<_, Axes4<0, 3, 1, 2>>()
    }
}
