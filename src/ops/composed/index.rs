//! Which rows to gather, and the like: tensors that are worked out once and stay on the device.

use std::cell::RefCell;
use std::collections::HashMap;
use std::thread::LocalKey;

use dfdx::shapes::{Axis, Dim, Unit};
use dfdx::tensor::{AutoDevice, Tape, Tensor, TensorFromVec, ZerosTensor};
use dfdx::tensor_ops::{GatherTo, TryAdd, TryConcatAlong};

use crate::device::DeviceError;

/// Places in a tensor.
pub(in crate::ops) type Index = Tensor<(usize,), usize, AutoDevice>;

/// What a list depends on: who made it, and the sizes.
type Key = (&'static str, Vec<usize>);

/// Lists that stay on the device.
type Kept<E> = RefCell<HashMap<Key, Tensor<(usize,), E, AutoDevice>>>;

thread_local! {
    // Each layer and each size of a batch has one; they are few, and small beside the activations.
    static INDICES: Kept<usize> = RefCell::default();
    static MASKS: Kept<f32> = RefCell::default();
}

/// The places that `make` returns, as a tensor. It is called only if `kind` with these `sizes` has not
/// been asked for before: a copy to the device takes longer than looking it up.
pub(in crate::ops) fn index(
    dev: &AutoDevice,
    kind: &'static str,
    sizes: &[usize],
    make: impl FnOnce() -> Vec<usize>,
) -> Result<Index, DeviceError> {
    kept(&INDICES, dev, (kind, sizes.to_vec()), make)
}

/// 1 for each `true`, and 0 for each `false`.
pub(in crate::ops) fn mask(
    dev: &AutoDevice,
    which: &[bool],
) -> Result<Tensor<(usize,), f32, AutoDevice>, DeviceError> {
    let key = ("mask", which.iter().copied().map(usize::from).collect());
    kept(&MASKS, dev, key, || which.iter().map(|which| f32::from(u8::from(*which))).collect())
}

/// The list under `key`; `make` makes it if there is none yet.
fn kept<E: Unit>(
    lists: &'static LocalKey<Kept<E>>,
    dev: &AutoDevice,
    key: Key,
    make: impl FnOnce() -> Vec<E>,
) -> Result<Tensor<(usize,), E, AutoDevice>, DeviceError>
where
    AutoDevice: TensorFromVec<E>,
{
    lists.with_borrow_mut(|lists| {
        if let Some(list) = lists.get(&key) {
            return Ok(list.clone());
        }
        let numbers = make();
        let shape = (numbers.len(),);
        let list = dev.try_tensor_from_vec(numbers, shape)?;
        lists.insert(key, list.clone());
        Ok(list)
    })
}

/// Some rows of a matrix.
pub(in crate::ops) fn gather_rows<C: Dim, T: Tape<f32, AutoDevice>>(
    rows: Tensor<(usize, C), f32, AutoDevice, T>,
    index: Index,
) -> Result<Tensor<(usize, C), f32, AutoDevice, T>, DeviceError> {
    rows.try_gather(index)
}

/// The matrix with one more row, all of whose numbers are `filler`: what lies outside of a picture.
pub(in crate::ops) fn with_filler<C: Dim, T: Tape<f32, AutoDevice>>(
    rows: Tensor<(usize, C), f32, AutoDevice, T>,
    columns: C,
    filler: f32,
) -> Result<Tensor<(usize, C), f32, AutoDevice, T>, DeviceError> {
    let mut row = rows.device().try_zeros_like(&(1, columns))?;
    if filler != 0.0 {
        row = row.try_add(filler)?;
    }
    (rows, row).try_concat_along(Axis::<0>)
}
