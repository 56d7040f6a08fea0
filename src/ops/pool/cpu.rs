//! Pooling with [`samebits::Windows`].

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, SplitTape, Tape, Tensor, TensorFromVec};

use super::{PoolKernel, Take, Windows};
use crate::device::DeviceError;
use crate::ops::cpu::{SameBits, record, values};

impl PoolKernel for SameBits {
    fn pool_by_pixel<X: Shape, Y: Shape, T: Tape<f32, AutoDevice>>(
        x: Tensor<X, f32, AutoDevice, T>,
        windows: Windows,
        take: Take,
        out: &Y,
    ) -> Result<Tensor<Y, f32, AutoDevice, T>, DeviceError> {
        let windows = windows.pixels();
        let (x, tape) = x.split_tape();
        let mut y = vec![0.0; out.num_elements()];
        let places = match take {
            Take::Largest => windows.max(&values(&x), &mut y),
            Take::Mean => {
                windows.mean(&values(&x), &mut y);
                Vec::new()
            }
        };
        let y = x.device().try_tensor_from_vec(y, *out)?;
        let x = x.ghost();
        Ok(record(y, tape, move |dy, gradients| {
            let dx = gradients.get_or_alloc_mut(&x)?;
            match take {
                Take::Largest => windows.max_gradient(&places, dy, dx),
                Take::Mean => windows.mean_gradient(dy, dx),
            }
            Ok(())
        }))
    }

    fn concat_pool_by_pixel<X: Shape, Y: Shape, T: Tape<f32, AutoDevice>>(
        x: Tensor<X, f32, AutoDevice, T>,
        windows: Windows,
        [batch, channels]: [usize; 2],
        out: &Y,
    ) -> Result<Tensor<Y, f32, AutoDevice, T>, DeviceError> {
        let windows = windows.pixels();
        let (x, tape) = x.split_tape();
        let mut largest = vec![0.0; batch * channels];
        let mut means = largest.clone();
        let places = windows.max(&values(&x), &mut largest);
        windows.mean(&values(&x), &mut means);
        let rows = largest.chunks(channels.max(1)).zip(means.chunks(channels.max(1)));
        let y = rows.flat_map(|(largest, means)| [largest, means].concat()).collect();
        let y = x.device().try_tensor_from_vec(y, *out)?;

        let x = x.ghost();
        Ok(record(y, tape, move |dy, gradients| {
            let (mut largest, mut means) = (Vec::new(), Vec::new());
            for row in dy.chunks((2 * channels).max(1)) {
                largest.extend_from_slice(&row[..channels]);
                means.extend_from_slice(&row[channels..]);
            }
            let dx = gradients.get_or_alloc_mut(&x)?;
            windows.max_gradient(&places, &largest, dx);
            windows.mean_gradient(&means, dx);
            Ok(())
        }))
    }
}
