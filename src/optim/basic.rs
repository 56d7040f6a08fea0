//! The optimizer that the course writes itself.

use dfdx::shapes::Shape;
use dfdx::tensor::{AutoDevice, Tensor};

use super::UpdateRule;

/// Plain gradient descent, `p -= lr * grad`: the course's `BasicOptim`.
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let mut model = Linear::<2, 1>::new(&dev);
/// let bias = model.bias.array()[0];
/// let mut grads = model.forward(dev.tensor([[1., 2.]]).leaky_trace()).sum().backward();
/// BasicOptim::new(0.5).step(&mut model, &mut grads)?;
/// assert_eq!(model.bias.array(), [bias - 0.5]);
/// # Ok::<(), anyhow::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct BasicOptim {
    lr: f64,
}

impl BasicOptim {
    /// Steps with the learning rate `lr`.
    ///
    /// ```
    /// use mnist_from_scratch::prelude::*;
    /// assert_eq!(UpdateRule::lr(&BasicOptim::new(0.1)), 0.1);
    /// ```
    pub fn new(lr: f64) -> Self {
        Self { lr }
    }
}

impl UpdateRule for BasicOptim {
    fn update<S: Shape>(
        &mut self,
        p: &mut Tensor<S, f32, AutoDevice>,
        grad: &Tensor<S, f32, AutoDevice>,
    ) {
        p.axpy(1.0, grad, -self.lr);
    }

    fn lr(&self) -> f64 {
        self.lr
    }

    fn set_lr(&mut self, lr: f64) {
        self.lr = lr;
    }
}
