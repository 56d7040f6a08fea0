use super::{PoolKernel, Take, Windows};
use crate::ops::Composed;
use crate::ops::testing::{assert_close, compare};
use crate::prelude::*;

macro_rules! compare_pool {
    ($($layer:expr, $windows:expr, $take:ident, $h:literal x $w:literal to $oh:literal x $ow:literal, batch $b:expr;)*) => {$({
        let dev = AutoDevice::default();
        // Whole numbers: often several are the largest.
        let numbers = randint(-3, 4, $b * 3 * $h * $w).iter().map(|n| *n as f32).collect();
        let x: Tensor<(usize, Const<3>, Const<$h>, Const<$w>), f32, _> =
            dev.tensor_from_vec(numbers, ($b, Const, Const, Const));
        let mut layer = $layer;
        let windows: Windows = $windows;
        compare!(stringify!($layer), x, layer, |x| {
            Composed::pool::<_, 3, Const<$oh>, Const<$ow>, _>(x, windows, Take::$take).unwrap()
        }, []);
    })*};
}

fn kernel(from: [usize; 2], [kernel_size, stride, padding]: [usize; 3]) -> Windows {
    Windows::Kernel { from, kernel_size, stride, padding }
}

fn adaptive(from: [usize; 2], to: [usize; 2]) -> Windows {
    Windows::Adaptive { from, to }
}

#[test]
fn pools() {
    manual_seed(42);
    compare_pool! {
        MaxPool2d::<3, 2, 1>, kernel([7, 6], [3, 2, 1]), Largest, 7 x 6 to 4 x 3, batch 2;
        MaxPool2d::<3, 2, 1>, kernel([1, 1], [3, 2, 1]), Largest, 1 x 1 to 1 x 1, batch 3;
        MaxPool2d::<2, 2>, kernel([5, 4], [2, 2, 0]), Largest, 5 x 4 to 2 x 2, batch 1;
        MaxPool2d::<2, 1>, kernel([4, 5], [2, 1, 0]), Largest, 4 x 5 to 3 x 4, batch 2;
        AdaptiveMaxPool2d::<1>, adaptive([3, 5], [1, 1]), Largest, 3 x 5 to 1 x 1, batch 2;
        AdaptiveMaxPool2d::<2>, adaptive([3, 5], [2, 2]), Largest, 3 x 5 to 2 x 2, batch 2;
        AdaptiveAvgPool2d::<1>, adaptive([3, 5], [1, 1]), Mean, 3 x 5 to 1 x 1, batch 1;
        AdaptiveAvgPool2d::<2>, adaptive([4, 5], [2, 2]), Mean, 4 x 5 to 2 x 2, batch 2;
        AdaptiveAvgPool2d::<3>, adaptive([2, 7], [3, 3]), Mean, 2 x 7 to 3 x 3, batch 2;
    }
}

#[test]
fn the_largest_and_the_mean() {
    manual_seed(42);
    let dev = AutoDevice::default();
    macro_rules! of {
        ($h:literal x $w:literal, batch $b:expr) => {{
            let x: Tensor<(usize, Const<3>, Const<$h>, Const<$w>), f32, _> =
                randn_like(&dev, &($b, Const, Const, Const));
            let mut layer = AdaptiveConcatPool2d::<6>;
            compare!(
                "concat pool",
                x,
                layer,
                |x| Composed::concat_pool::<_, 3, 6, _>(x).unwrap(),
                []
            );
        }};
    }
    of!(3 x 2, batch 4);
    of!(1 x 1, batch 1);
}

#[test]
fn nan_is_larger_than_any_number() {
    let dev = AutoDevice::default();
    let x: Tensor<Rank4<1, 1, 2, 2>, f32, _> = dev.tensor([[[[1.0, f32::NAN], [4.0, 3.0]]]]);
    let composed = |x| {
        let windows = adaptive([2, 2], [1, 1]);
        Composed::pool::<_, 1, Const<1>, Const<1>, _>(x, windows, Take::Largest).unwrap()
    };
    for y in [AdaptiveMaxPool2d::<1>.forward(x.leaky_trace()), composed(x.leaky_trace())] {
        assert!(y.array()[0][0][0][0].is_nan());
        let ones = dev.ones_like(y.shape());
        let gradient = (y * ones).sum::<Rank0, _>().backward().get(&x).as_vec();
        assert_eq!(gradient, [0., 1., 0., 0.]);
    }
}
