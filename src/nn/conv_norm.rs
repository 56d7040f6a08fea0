//! A convolution and the batch norm behind it, which are one operation in training.

use dfdx::shapes::{Const, HasShape};

use super::batch_norm::BatchNorm;
use super::conv2d::Conv2d;
use crate::device::DeviceError;
use crate::ops::{Activation, Convolved, conv_norm_train};
use crate::shapes::{ImagesOf, OutHeight, OutWidth, Recorded, Traced, Window};

/// Training of `conv` and then of `norm`; `residual` is added before the activation. The numbers are those of one after the
/// other.
///
/// # Errors
/// As for the two layers.
pub(crate) fn train<
    X,
    const I: usize,
    const O: usize,
    const K: usize,
    const S: usize,
    const P: usize,
>(
    conv: &mut Conv2d<I, O, K, S, P>,
    norm: &mut BatchNorm<O>,
    x: Traced<X>,
    residual: Option<Convolved<X, K, S, P, O, Recorded>>,
    activation: Activation,
) -> Result<Convolved<X, K, S, P, O, Recorded>, DeviceError>
where
    X: ImagesOf<I>,
    X::Height: Window<K, S, P>,
    X::Width: Window<K, S, P>,
{
    let out: (X::Batch, Const<O>, OutHeight<X, K, S, P>, OutWidth<X, K, S, P>) =
        (x.shape().batch(), Const, Default::default(), Default::default());
    let of = norm.training(&out, activation)?;
    conv.meets::<X>();
    let y = Conv2d::<I, O, K, S, P>::seen(conv_norm_train(x, &conv.weight, residual, of)?);
    Ok(BatchNorm::<O>::seen(y, activation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::catch;
    use crate::prelude::*;

    type Maps = (usize, Const<3>, Const<5>, Const<6>);
    type Results = (usize, Const<4>, Const<3>, Const<3>);
    type Step = fn(
        &mut Conv2d<3, 4, 3, 2, 1>,
        &mut BatchNorm<4>,
        Traced<Maps>,
        Option<Traced<Results>>,
        Activation,
    ) -> Traced<Results>;

    /// The bits of what comes out, of its gradients with respect to all that goes in, and of what the batch norm keeps.
    fn trained(step: Step, batch: usize, add: bool, activation: Activation) -> Vec<Vec<u32>> {
        manual_seed(3);
        let dev = AutoDevice::default();
        let (mut conv, mut norm) = (Conv2d::new(&dev), BatchNorm::new(&dev));
        norm.weight = randn_like(&dev, &(Const::<4>,));
        let x: Tensor<Maps, f32, _> = randn_like(&dev, &(batch, Const, Const, Const));
        let [residual, weights]: [Tensor<Results, f32, _>; 2] =
            [(); 2].map(|()| randn_like(&dev, &(batch, Const, Const, Const)));
        let added = add.then(|| residual.leaky_trace());
        let y = step(&mut conv, &mut norm, x.leaky_trace(), added, activation);
        let mut results = vec![y.retaped::<NoneTape>().as_vec()];
        let grads = (y * weights).sum::<Rank0, _>().backward();
        if add {
            results.push(grads.get(&residual).as_vec());
        }
        results.extend([
            grads.get(&x).as_vec(),
            grads.get(&conv.weight).as_vec(),
            grads.get(&norm.weight).as_vec(),
            grads.get(&norm.bias).as_vec(),
            norm.running_mean.as_vec(),
            norm.running_var.as_vec(),
        ]);
        assert!(results.iter().all(|numbers| numbers.iter().any(|x| *x != 0.)), "{results:?}");
        let bits = |numbers: Vec<f32>| numbers.into_iter().map(f32::to_bits).collect();
        results.into_iter().map(bits).collect()
    }

    #[test]
    fn one_operation_has_the_bits_of_two() {
        let one: Step = |conv, norm, x, residual, activation| {
            train(conv, norm, x, residual, activation).unwrap()
        };
        let two: Step = |conv, norm, x, residual, activation| {
            norm.train(conv.forward_mut(x), residual, activation).unwrap()
        };
        for (batch, add, activation) in [
            (1, true, Activation::Relu),
            (7, true, Activation::Identity),
            (7, false, Activation::Relu),
        ] {
            let of = |step| trained(step, batch, add, activation);
            assert_eq!(of(one), of(two), "{batch} pictures, a residual: {add}, {activation:?}");
        }
    }

    #[test]
    fn of_one_pixel_there_is_no_variance() {
        let dev = AutoDevice::default();
        let pixel: Tensor<Rank4<1, 2, 1, 1>, f32, _> = dev.ones();
        let mut around = Downsample::<2, 3>::new(&dev);
        let before = around.1.running_var.array();
        let (result, said) = catch(|| around.try_forward_mut(pixel.leaky_traced()));
        let said = said.unwrap();
        assert!(result.is_err());
        assert!(said.contains("a batch of size [1, 3, 1, 1]"), "{said}");
        assert_eq!(around.1.running_var.array(), before);
    }
}
