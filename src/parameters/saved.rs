//! Parameters, and what an optimizer remembers of them, as they are in a file.

/// A tensor as it is in a file: sizes and numbers in PyTorch's order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SavedTensor {
    pub name: String,
    pub sizes: Vec<usize>,
    pub numbers: Vec<f32>,
}

/// What an optimizer remembers between steps: numbers such as its momentum, and tensors such as the averages of the
/// gradients, one for each parameter that is trained.
///
/// [`Optim::state`](crate::optim::Optim::state) makes it and [`Optim::set_state`](crate::optim::Optim::set_state) takes it back.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OptimState {
    /// The optimizer's name.
    pub(crate) optimizer: &'static str,
    pub(crate) numbers: Vec<(&'static str, f64)>,
    pub(crate) tensors: Vec<(&'static str, Vec<SavedTensor>)>,
}

impl OptimState {
    /// The number of this name.
    pub(crate) fn number(&self, name: &str) -> f64 {
        let number = self.numbers.iter().find(|(other, _)| *other == name);
        number.unwrap_or_else(|| panic!("an optimizer's state without `{name}`")).1
    }

    /// The tensors of this kind.
    pub(crate) fn tensors(&self, name: &str) -> &[SavedTensor] {
        let tensors = self.tensors.iter().find(|(other, _)| *other == name);
        &tensors.unwrap_or_else(|| panic!("an optimizer's state without `{name}`")).1
    }
}
