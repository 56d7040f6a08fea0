//! All parameters of a model in one short line.

use dfdx::nn::TensorCollection;
use dfdx::tensor::AutoDevice;
use sha2::{Digest, Sha256};

use super::tensors_of;

/// A short text that stands for all parameters of a model: two models have the same fingerprint if all their numbers are
/// the same to the last bit, and, but for a chance of 1 to 10^19, another one if not.
///
/// It is the first 16 digits of a SHA-256. What goes in are the parameters in the order of their names (of the names'
/// bytes): the name, and then the numbers in PyTorch's order, 4 bytes each, the lowest first (little-endian). In
/// Python, of the file that [`save_weights`](super::save_weights) writes:
///
/// ```python
/// digest = hashlib.sha256()
/// for name, tensor in sorted(safetensors.numpy.load_file("model.safetensors").items()):
///     digest.update(name.encode() + tensor.astype("<f4").tobytes())
/// print(digest.hexdigest()[:16])
/// ```
///
/// Here a training has the same fingerprint on every computer. So it tells at a glance whether one came out as in the book. (Any
/// NaN counts as the same one, `7fc00000`: which it is, each processor has its own rule for.)
///
/// # Example
/// ```
/// use mnist_from_scratch::prelude::*;
///
/// let dev = AutoDevice::default();
/// let mut model = (dev.tensor([1., 2.]), dev.tensor([3.]));
/// // dfdx names the tensors of this pair `0.` and `1.`. In Python:
/// // hashlib.sha256(b"0." + struct.pack("<2f", 1, 2) + b"1." + struct.pack("<f", 3)).hexdigest()[:16]
/// assert_eq!(fingerprint(&model), "43ceb15bad0ded2a");
/// model.1 = dev.tensor([3.0000002]);
/// assert_ne!(fingerprint(&model), "43ceb15bad0ded2a");
/// ```
pub fn fingerprint<M: TensorCollection<f32, AutoDevice>>(model: &M) -> String {
    let mut tensors = tensors_of(model);
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    let mut digest = Sha256::new();
    for tensor in tensors {
        digest.update(tensor.name);
        let number = |x: f32| if x.is_nan() { f32::NAN } else { x };
        let bytes = tensor.numbers.into_iter().flat_map(|x| number(x).to_le_bytes());
        digest.update(bytes.collect::<Vec<u8>>());
    }
    digest.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
