//! What the tests of the operations have in common: each compares [`Composed`](super::Composed) with a layer,
//! which works its numbers out with [`SameBits`](super::SameBits).

pub(super) fn assert_close(what: &str, ours: &[f32], expected: &[f32]) {
    assert_eq!(ours.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1.0, |largest: f32, x| largest.max(x.abs()));
    for (at, (ours, expected)) in ours.iter().zip(expected).enumerate() {
        let difference = (ours - expected).abs();
        assert!(difference <= 2e-5 * largest, "{what} {at}: {ours}, expected {expected}");
    }
}

/// Runs both on the same pictures, and compares results and gradients. `$parameters` are names of fields
/// of the layer that have gradients.
macro_rules! compare {
    ($what:expr, $x:ident, $layer:expr, |$traced:ident| $device:expr, [$($parameter:expr),*]) => {{
        let y = $layer.forward_mut($x.leaky_trace());
        // Different weights for all numbers, so that no gradient is 0 by symmetry.
        let weights = randn_like(&AutoDevice::default(), y.shape());
        let y2 = {
            let $traced = $x.leaky_trace();
            $device
        };
        assert_close($what, &y2.as_vec(), &y.as_vec());
        let expected = (y * weights.clone()).sum::<Rank0, _>().backward();
        let ours = (y2 * weights).sum::<Rank0, _>().backward();
        assert_close($what, &ours.get(&$x).as_vec(), &expected.get(&$x).as_vec());
        $(assert_close($what, &ours.get(&$parameter).as_vec(), &expected.get(&$parameter).as_vec());)*
    }};
}

pub(super) use compare;
