//! One number after the other.

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, SplitTape, Tape, Tensor};
use dfdx::tensor_ops::ReshapeTo;

use super::ReluKernel;
use crate::device::DeviceError;
use crate::ops::cpu::{SameBits, in_memory, record};

impl ReluKernel for SameBits {
    /// The result lies in memory as `x` does: pictures by pixel stay so.
    fn relu<S: Shape, T: Tape<f32, AutoDevice>>(
        x: Tensor<S, f32, AutoDevice, T>,
    ) -> Result<Tensor<S, f32, AutoDevice, T>, DeviceError> {
        let x = if in_memory(&x).is_some() { x } else { x.try_contiguous()? };
        let (x, tape) = x.split_tape();
        let ghost = x.ghost();
        // Unlike dfdx's `relu` its `clamp` keeps NaN, on the CPU. Its gradient is another one where x is 0.
        let y = x.try_clamp(0.0, f64::INFINITY)?;
        let output = y.clone();
        Ok(record(y, tape, move |dy, gradients| {
            let dx = gradients.get_or_alloc_mut(&ghost)?;
            let y = in_memory(&output).expect("a result that lies as its input does");
            // Gradients lie in memory as their tensors do.
            for ((dx, y), dy) in dx.iter_mut().zip(y).zip(dy) {
                *dx += if *y <= 0.0 { 0.0 } else { *dy };
            }
            Ok(())
        }))
    }
}
