//! The largest numbers, and where they are.

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};

use crate::shapes::as_vec;

/// The `k` largest numbers of a tensor with their places, the largest first: `torch.topk`. fastai
/// finds the `top_losses` with it.
///
/// Equal numbers come in the order of their places; as in PyTorch NaN comes first, larger than any number. If the tensor
/// has fewer than `k` numbers, all of them are returned. Places count through the tensor row by row.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let losses = AutoDevice::default().tensor([0.1, 0.7, 0.3]);
/// assert_eq!(topk(&losses, 2), [(0.7, 1), (0.3, 2)]);
/// ```
pub fn topk<S: Shape, T>(t: &Tensor<S, f32, AutoDevice, T>, k: usize) -> Vec<(f32, usize)> {
    let mut numbers: Vec<(f32, usize)> = as_vec(t).into_iter().zip(0..).collect();
    numbers.sort_by(|(a, _), (b, _)| {
        b.is_nan().cmp(&a.is_nan()).then(b.partial_cmp(a).unwrap_or(std::cmp::Ordering::Equal))
    });
    numbers.truncate(k);
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use dfdx::prelude::*;

    #[test]
    fn equal_numbers_and_none() {
        let t = AutoDevice::default().tensor([[1.0, f32::NAN], [2.0, 2.0]]);
        // torch.topk(tensor([1., nan, 2., 2.]), 3)
        let [(nan, 1), rest @ ..] = &topk(&t, 3)[..] else { panic!("NaN is the largest") };
        assert!(nan.is_nan());
        assert_eq!(rest, [(2.0, 2), (2.0, 3)]);
        assert_eq!(topk(&t, 9).len(), 4);
        assert!(topk(&t, 0).is_empty());
        let none: Tensor<(usize,), f32, _> = AutoDevice::default().zeros_like(&(0,));
        assert!(topk(&none, 2).is_empty());
    }
}
