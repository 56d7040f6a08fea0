//! What an optimizer remembers, for a file.

use std::collections::HashMap;
use std::convert::Infallible;

use dfdx::nn::TensorCollection;
use dfdx::shapes::{HasShape, Shape};
use dfdx::tensor::{AutoDevice, Tensor, TensorFromVec};

use super::PerParameter;
use crate::parameters::{Change, Look, Parameter, SavedTensor, change, look_at};
use crate::shapes::Grads;

/// Collects what is kept for each parameter, in PyTorch's order; zeros where nothing is.
pub(super) fn kept_of<M: TensorCollection<f32, AutoDevice>>(
    model: &M,
    kept: &Grads,
) -> Vec<SavedTensor> {
    struct Collect {
        kept: Grads,
        tensors: Vec<SavedTensor>,
    }

    impl Look for Collect {
        type Error = Infallible;

        fn look<S: Shape>(
            &mut self,
            parameter: &Parameter,
            p: &Tensor<S, f32, AutoDevice>,
        ) -> Result<(), Infallible> {
            if parameter.learns {
                self.kept
                    .try_alloc_for(p)
                    .unwrap_or_else(|error| panic!("room for an average: {error}"));
                self.tensors.push(SavedTensor {
                    name: parameter.name.clone(),
                    sizes: parameter.sizes(),
                    numbers: parameter.in_pytorchs_order(self.kept.get(p).as_vec()),
                });
            }
            Ok(())
        }
    }

    let mut collect = Collect { kept: kept.clone(), tensors: Vec::new() };
    let Ok(()) = look_at(model, &mut collect);
    collect.tensors
}

/// The way back: what was kept under the name of each parameter.
pub(super) fn keep<M: TensorCollection<f32, AutoDevice>>(
    model: &mut M,
    tensors: &[SavedTensor],
) -> Grads {
    struct Keep<'a> {
        tensors: HashMap<&'a str, &'a SavedTensor>,
        kept: PerParameter,
    }

    impl Change for Keep<'_> {
        type Error = Infallible;

        fn change<S: Shape>(
            &mut self,
            parameter: &Parameter,
            p: &mut Tensor<S, f32, AutoDevice>,
        ) -> Result<(), Infallible> {
            if let Some(saved) = self.tensors.get(parameter.name.as_str()) {
                let numbers = parameter.in_memory_order(saved.numbers.clone());
                let kept = p.device().tensor_from_vec(numbers, *p.shape());
                self.kept.update(p, |_| kept);
            }
            Ok(())
        }
    }

    let tensors = tensors.iter().map(|saved| (saved.name.as_str(), saved)).collect();
    let mut keep = Keep { tensors, kept: PerParameter::default() };
    let Ok(()) = change(model, &mut keep);
    keep.kept.0
}
