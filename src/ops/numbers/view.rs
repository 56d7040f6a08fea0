//! The numbers of a tensor as a slice, without a copy.

use dfdx::shapes::{HasShape, Shape, Unit};
use dfdx::tensor::{Cpu, Tensor};

/// The numbers of a tensor that lie one after the other in memory; `None` for any other tensor.
///
/// dfdx lends single elements only: `&t[index]`. Their addresses tell how the tensor lies in
/// memory, and the first of them is where the slice starts.
pub(super) fn view<S: Shape, E: Unit, T>(t: &Tensor<S, E, Cpu, T>) -> Option<&[E]> {
    let len = t.shape().num_elements();
    if len == 0 {
        return Some(&[]);
    }
    let first = &t[S::Concrete::default()];
    if !is_dense(t, first) {
        return None;
    }
    // SAFETY: dfdx keeps all elements of a tensor in one `Vec<E>`, and `&t[i]` points at number
    // `sum_k strides_k i_k` of it. `is_dense` has compared addresses: the strides are those of the
    // shape in row-major order, so the `len` indices reach the elements `0..len` of that `Vec`, each
    // of them with a bounds check of `Vec` for the last index. They are initialised, live as long as
    // `t` is borrowed, and nobody can write to them meanwhile: dfdx changes a tensor's numbers only
    // through `&mut Tensor` or when no other tensor shares them. (That a pointer from `&E` may read
    // its neighbours in the same allocation is the rule of Tree Borrows, which Miri checks with
    // `-Zmiri-tree-borrows`.)
    Some(unsafe { std::slice::from_raw_parts(first, len) })
}

/// The numbers of a tensor as they lie in memory, also if its axes come in another order there, as after `permute`;
/// `None` for a tensor that shows numbers more than once or not all of them.
pub(super) fn in_memory<S: Shape, E: Unit, T>(t: &Tensor<S, E, Cpu, T>) -> Option<&[E]> {
    let len = t.shape().num_elements();
    if len == 0 {
        return Some(&[]);
    }
    let first = &t[S::Concrete::default()];
    if !is_packed(t, first) {
        return None;
    }
    // SAFETY: As in `view`. `is_packed` has found that the strides, from the smallest to the largest, are those of a
    // dense tensor whose axes come in another order. So the `len` indices reach each of the elements `0..len` of the
    // tensor's `Vec` once, and the last of them has been asked for with dfdx's check of the bounds.
    Some(unsafe { std::slice::from_raw_parts(first, len) })
}

/// Whether the strides of `t` are those of a dense tensor, in any order.
fn is_packed<S: Shape, E: Unit, T>(t: &Tensor<S, E, Cpu, T>, first: &E) -> bool {
    kept(t, first) == Some(t.shape().num_elements())
}

/// How many numbers `t` has in memory, each of which it shows once or, where it was broadcast, several times; `None` for
/// a tensor that does not show all of them.
fn kept<S: Shape, E: Unit, T>(t: &Tensor<S, E, Cpu, T>, first: &E) -> Option<usize> {
    let sizes = t.shape().concrete();
    let mut last = S::Concrete::default();
    let mut axes = Vec::new();
    for axis in 0..S::NUM_DIMS {
        last[axis] = sizes[axis] - 1;
        if sizes[axis] > 1 {
            let mut second = S::Concrete::default();
            second[axis] = 1;
            axes.push((distance(first, &t[second]), sizes[axis]));
        }
    }
    axes.sort_unstable();
    let mut expected = 1;
    for (stride, size) in axes.into_iter().filter(|(stride, _)| *stride > 0) {
        if stride != expected {
            return None;
        }
        expected *= size;
    }
    (distance(first, &t[last]) == expected - 1).then_some(expected)
}

/// The numbers of a tensor to change, in the order of its shape; `None` unless they lie in memory like
/// that. If other tensors share them, this one gets numbers of its own first.
pub(super) fn view_mut<S: Shape, E: Unit, T>(t: &mut Tensor<S, E, Cpu, T>) -> Option<&mut [E]> {
    view(t)?;
    Some(all_in_memory(t))
}

/// All numbers that a tensor has in memory, to change them. If other tensors share them, this one gets
/// numbers of its own first.
pub(super) fn all_in_memory<S: Shape, E: Unit, T>(t: &mut Tensor<S, E, Cpu, T>) -> &mut [E] {
    if t.shape().num_elements() == 0 {
        return &mut [];
    }
    let len = kept(t, &t[S::Concrete::default()]).expect("a tensor that shows all its numbers");
    let first = &mut t[S::Concrete::default()];
    // SAFETY: As in `view`: the strides of `t`, but for those of 0, are those of a dense tensor of `len` numbers, so
    // they are the elements `0..len` of the tensor's `Vec`, of which the last has been asked for with dfdx's check of the
    // bounds; `&mut t[i]` does not move them to another place than a `Vec` of the same layout. They are borrowed mutably
    // as long as `t` is, and dfdx has made sure that no other tensor shares them (`Arc::make_mut`).
    unsafe { std::slice::from_raw_parts_mut(first, len) }
}

/// Whether the strides of `t` are those of its shape in row-major order.
fn is_dense<S: Shape, E: Unit, T>(t: &Tensor<S, E, Cpu, T>, first: &E) -> bool {
    let sizes = t.shape().concrete();
    let mut last = S::Concrete::default();
    let mut expected = 1;
    for axis in (0..S::NUM_DIMS).rev() {
        last[axis] = sizes[axis] - 1;
        if sizes[axis] > 1 {
            let mut second = S::Concrete::default();
            second[axis] = 1;
            if distance(first, &t[second]) != expected {
                return false;
            }
        }
        expected *= sizes[axis];
    }
    // All strides are right, so the last element lies where the slice ends. dfdx checks the bounds.
    distance(first, &t[last]) == expected - 1
}

/// How many elements `b` lies behind `a` in memory.
fn distance<E>(a: &E, b: &E) -> usize {
    let bytes = std::ptr::from_ref(b).addr().wrapping_sub(std::ptr::from_ref(a).addr());
    bytes / size_of::<E>()
}

#[cfg(test)]
mod tests {
    use super::super::data_in_order;
    use super::*;
    use dfdx::prelude::*;

    #[test]
    fn a_tensor_in_order_is_borrowed() {
        let dev = Cpu::default();
        let t = dev.tensor([[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        assert_eq!(view(&t).unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let reshaped = t.reshape::<Rank3<3, 1, 2>>();
        assert_eq!(view(&reshaped).unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(view(&dev.tensor(7.0f32)).unwrap(), [7.0]);
        let empty: Tensor<(usize, Const<3>), f32, _> = dev.zeros_like(&(0, Const));
        assert!(view(&empty).unwrap().is_empty());
    }

    #[test]
    fn any_other_tensor_is_copied() {
        let dev = Cpu::default();
        let t = dev.tensor([[1i64, 2, 3], [4, 5, 6]]);
        let columns: Tensor<Rank2<3, 2>, i64, _> = dev.tensor([[1, 4], [2, 5], [3, 6]]);
        let transposed = t.permute::<Rank2<3, 2>, _>();
        assert!(view(&transposed).is_none());
        assert_eq!(data_in_order(&transposed).unwrap().as_vec(), columns.as_vec());

        let row = dev.tensor([1.0f32, 2.0]);
        let repeated = row.clone().broadcast::<Rank2<2, 2>, Axis<0>>();
        assert!(view(&repeated).is_none());
        assert_eq!(view(&data_in_order(&repeated).unwrap()).unwrap(), [1.0, 2.0, 1.0, 2.0]);
        let repeated = row.broadcast::<Rank2<2, 2>, Axis<1>>();
        assert!(view(&repeated).is_none());
        assert_eq!(view(&data_in_order(&repeated).unwrap()).unwrap(), [1.0, 1.0, 2.0, 2.0]);
    }

    #[test]
    fn a_permuted_tensor_lies_in_memory_as_before() {
        let dev = Cpu::default();
        let t = dev.tensor([[[1.0f32, 2.0], [3.0, 4.0], [5.0, 6.0]]]);
        let permuted = t.permute::<Rank3<3, 2, 1>, Axes3<1, 2, 0>>();
        assert_eq!(in_memory(&permuted).unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let permuted = permuted.permute::<Rank3<2, 1, 3>, Axes3<1, 2, 0>>();
        assert_eq!(in_memory(&permuted).unwrap(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        // The same numbers several times.
        let row = dev.tensor([1.0f32, 2.0]);
        assert!(in_memory(&row.broadcast::<Rank2<3, 2>, Axis<0>>()).is_none());
        let empty: Tensor<(usize, Const<3>), f32, _> = dev.zeros_like(&(0, Const));
        assert!(in_memory(&empty).unwrap().is_empty());
    }

    #[test]
    fn numbers_to_change() {
        let dev = Cpu::default();
        let mut t = dev.tensor([[1.0f32, 2.0], [3.0, 4.0]]);
        let shared = t.clone();
        view_mut(&mut t).unwrap()[2] = 5.0;
        assert_eq!(t.array(), [[1.0, 2.0], [5.0, 4.0]]);
        assert_eq!(shared.array(), [[1.0, 2.0], [3.0, 4.0]]);
        let mut permuted = t.permute::<_, Axes2<1, 0>>();
        assert!(view_mut(&mut permuted).is_none());
        all_in_memory(&mut permuted)[1] = 7.0;
        assert_eq!(permuted.array(), [[1.0, 5.0], [7.0, 4.0]]);
        let mut empty: Tensor<(usize, Const<3>), f32, _> = dev.zeros_like(&(0, Const));
        assert!(view_mut(&mut empty).unwrap().is_empty());
    }

    #[test]
    fn a_broadcast_tensor_has_fewer_numbers_than_it_shows() {
        let dev = Cpu::default();
        let mut t = dev.tensor([1.0f32, 2.0]).broadcast::<Rank3<2, 2, 3>, Axes2<0, 2>>();
        all_in_memory(&mut t)[1] = 5.0;
        assert_eq!(t.array(), [[[1.0; 3], [5.0; 3]]; 2]);
        assert!(in_memory(&t).is_none());
    }

    #[test]
    fn an_axis_of_length_1_has_no_stride() {
        let dev = Cpu::default();
        let row = dev.tensor([1.0f32, 2.0]).broadcast::<Rank2<1, 2>, Axis<0>>();
        assert_eq!(view(&row).unwrap(), [1.0, 2.0]);
    }
}
