//! Batch norm, with what follows it in a residual net.

use dfdx::shapes::{HasShape, Rank1, Shape};
use dfdx::tensor::{AutoDevice, Merge, SplitTape, Tensor};
use samebits::{Device as _, NormEval, NormGradients, NormTrain, Running};

pub(crate) use samebits::Activation;

use super::numbers::{
    On, Slice, SliceMut, Taken, device, done, fresh, in_order, numbers, parameter, record,
    writable, zeros,
};
use crate::device::DeviceError;
use crate::shapes::{Channels, Grads, Recorded, Traced};

/// A number for each channel.
pub(crate) type Each<const C: usize> = Tensor<Rank1<C>, f32, AutoDevice>;

/// What a batch norm is made of in training.
#[derive(Debug)]
pub(crate) struct Training<'a, const C: usize> {
    /// Weight and bias.
    pub affine: [&'a Each<C>; 2],
    /// The running mean and variance, which a batch moves.
    pub running: [&'a mut Each<C>; 2],
    /// How far it moves them.
    pub momentum: f64,
    pub eps: f32,
    /// What follows.
    pub activation: Activation,
}

/// Batch norm of `C` channels in training, with the statistics of the batch over all pictures and pixels: for each
/// channel
///
/// ```text
/// y = (x - mean) / sqrt(variance + eps) weight + bias
/// ```
///
/// A residual is added to what comes out, and then the activation follows. The running statistics move to those of the
/// batch, where the variance is that with `n - 1`.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) fn batch_norm_train<S: Channels<C>, const C: usize>(
    x: Traced<S>,
    residual: Option<Traced<S>>,
    of: Training<'_, C>,
) -> Result<Traced<S>, DeviceError> {
    let residual = residual.map(S::by_pixel).transpose()?;
    Ok(S::from_pixels(train_by_pixel(S::by_pixel(x)?, residual, of)?))
}

/// Batch norm of a finished model, with the statistics that it has kept, `[mean, variance, weight, bias]`.
///
/// # Errors
/// If the device has no room for the result.
pub(crate) fn batch_norm_eval<S: Channels<C>, const C: usize>(
    x: Tensor<S, f32, AutoDevice>,
    residual: Option<Tensor<S, f32, AutoDevice>>,
    parameters: [&Each<C>; 4],
    eps: f32,
    activation: Activation,
) -> Result<Tensor<S, f32, AutoDevice>, DeviceError> {
    let x = in_order(S::by_pixel(x)?)?;
    let residual = residual.map(S::by_pixel).transpose()?.map(in_order).transpose()?;
    let [mean, variance, weight, bias] = parameters.map(|each| in_order(each.clone()));
    let (mean, variance, weight, bias) = (mean?, variance?, weight?, bias?);
    let mut y = zeros(x.device(), x.shape())?;
    done(device()?.norm_eval(NormEval {
        x: numbers(&x),
        residual: residual.as_ref().map(numbers),
        mean: numbers(&mean),
        variance: numbers(&variance),
        weight: numbers(&weight),
        bias: numbers(&bias),
        eps,
        activation,
        y: fresh(&mut y),
    }))?;
    Ok(S::from_pixels(y))
}

/// In training; activations lie by pixel, their last axis is that of the channels.
fn train_by_pixel<S: Shape, const C: usize>(
    x: Traced<S>,
    residual: Option<Traced<S>>,
    of: Training<'_, C>,
) -> Result<Traced<S>, DeviceError> {
    let (x, tape) = in_order(x)?.split_tape();
    let y = zeros(x.device(), x.shape())?;
    let Normed { y, tape: of_norm, way_back } = normed(numbers(&x), None, residual, of, y)?;
    Ok(record(y, tape.merge(of_norm), move |dy, gradients| {
        let mut dx = Taken::out_of(gradients.get_or_alloc_mut(&x)?);
        way_back(numbers(&x), dy, OfInput { dx: dx.numbers_mut(), fresh: false }, gradients)?;
        dx.back(gradients.get_or_alloc_mut(&x)?);
        Ok(())
    }))
}

/// What a batch norm has made of its input.
pub(super) struct Normed<S: Shape> {
    pub y: Tensor<S, f32, AutoDevice>,
    /// Of all that it came from, but for the input.
    pub tape: Recorded,
    pub way_back: WayBack,
}

/// Takes the input and the gradient of the output, and adds the gradients of all that the output came from.
type WayBack =
    Box<dyn FnOnce(Slice<'_>, Slice<'_>, OfInput<'_>, &mut Grads) -> Result<(), DeviceError>>;

/// Where the gradient of a batch norm's input is added; a `fresh` one is only room, and whatever is there counts as 0.
pub(super) struct OfInput<'a> {
    pub dx: SliceMut<'a>,
    pub fresh: bool,
}

/// Writes what a batch norm makes of `x` to `y`, with the `statistics` of `x` if they are known.
pub(super) fn normed<S: Shape, const C: usize>(
    x: Slice<'_>,
    statistics: Option<<On as samebits::Device>::Statistics>,
    residual: Option<Traced<S>>,
    Training { affine: [weight, bias], running, momentum, eps, activation }: Training<'_, C>,
    mut y: Tensor<S, f32, AutoDevice>,
) -> Result<Normed<S>, DeviceError> {
    let (weight, of_weight) = parameter::<_, Recorded>(weight)?;
    let (bias, of_bias) = parameter::<_, Recorded>(bias)?;
    let tape = of_weight.merge(of_bias);
    let (residual, tape) = match residual {
        Some(residual) => {
            let (residual, other) = in_order(residual)?.split_tape();
            (Some(residual), tape.merge(other))
        }
        None => (None, tape),
    };
    let norm = done(device()?.norm_train(NormTrain {
        statistics,
        x,
        residual: residual.as_ref().map(numbers),
        weight: numbers(&weight),
        bias: numbers(&bias),
        eps,
        activation,
        running: running_of(running, momentum)?,
        y: fresh(&mut y),
    }))?;
    // The way back looks at it for a ReLU alone; nobody else keeps it, then, and an operation can work in its place.
    let output = (activation == Activation::Relu).then(|| y.clone());
    let residual = residual.map(|residual| residual.ghost());
    let (weight, bias) = (weight.ghost(), bias.ghost());
    let way_back = move |x: Slice<'_>,
                         dy: Slice<'_>,
                         OfInput { dx, fresh }: OfInput<'_>,
                         gradients: &mut Grads| {
        let mut dweight = Taken::out_of(gradients.get_or_alloc_mut(&weight)?);
        let mut dbias = Taken::out_of(gradients.get_or_alloc_mut(&bias)?);
        let mut dresidual = match &residual {
            Some(residual) => Some(Taken::out_of(gradients.get_or_alloc_mut(residual)?)),
            None => None,
        };
        let into = NormGradients {
            dx,
            fresh,
            dweight: dweight.numbers_mut(),
            dbias: dbias.numbers_mut(),
            dresidual: dresidual.as_mut().map(Taken::numbers_mut),
        };
        let y = output.as_ref().map_or(x, numbers);
        done(device()?.norm_backward(&norm, x, y, dy, into))?;
        dweight.back(gradients.get_or_alloc_mut(&weight)?);
        dbias.back(gradients.get_or_alloc_mut(&bias)?);
        if let (Some(residual), Some(dresidual)) = (&residual, dresidual) {
            dresidual.back(gradients.get_or_alloc_mut(residual)?);
        }
        Ok(())
    };
    Ok(Normed { y, tape, way_back: Box::new(way_back) })
}

fn running_of<const C: usize>(
    [mean, variance]: [&mut Each<C>; 2],
    momentum: f64,
) -> Result<Option<Running<'_, On>>, DeviceError> {
    Ok(Some(Running { mean: writable(mean)?, variance: writable(variance)?, momentum }))
}
