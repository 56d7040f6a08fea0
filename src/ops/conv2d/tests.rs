use crate::ops::testing::{assert_close, compare};
use crate::ops::{Composed, Conv2dKernel};
use crate::prelude::*;

macro_rules! compare_conv {
    ($($k:literal/$s:literal/$p:literal on $h:literal x $w:literal to $oh:literal x $ow:literal, $i:literal to $o:literal, batch $b:expr;)*) => {$({
        let dev = AutoDevice::default();
        let x: Tensor<(usize, Const<$i>, Const<$h>, Const<$w>), f32, _> =
            randn_like(&dev, &($b, Const, Const, Const));
        let mut conv = Conv2d::<$i, $o, $k, $s, $p>::new(&dev);
        let what = concat!($k, "/", $s, "/", $p, " on ", $h, "x", $w);
        compare!(what, x, conv, |x| {
            let y: Traced<(usize, Const<$o>, Const<$oh>, Const<$ow>)> =
                Composed::conv2d::<_, _, $i, $o, $k, $s, $p>(x, &conv.weight).unwrap();
            y
        }, [conv.weight]);
    })*};
}

#[test]
fn convolutions() {
    manual_seed(42);
    compare_conv! {
        3/1/1 on 5 x 4 to 5 x 4, 2 to 3, batch 2;
        3/1/1 on 1 x 1 to 1 x 1, 3 to 2, batch 5;
        3/1/1 on 2 x 1 to 2 x 1, 2 to 2, batch 1;
        3/2/1 on 7 x 6 to 4 x 3, 3 to 4, batch 3;
        3/2/1 on 2 x 2 to 1 x 1, 2 to 3, batch 2;
        1/1/0 on 3 x 3 to 3 x 3, 4 to 2, batch 2;
        1/2/0 on 7 x 5 to 4 x 3, 2 to 3, batch 1;
        7/2/3 on 9 x 8 to 5 x 4, 3 to 5, batch 2;
        5/1/0 on 6 x 5 to 2 x 1, 1 to 1, batch 1;
    }
}

#[test]
fn places_are_those_of_the_batch_size() {
    // The same layer with one batch after another of different size.
    manual_seed(42);
    compare_conv! {
        3/1/1 on 4 x 3 to 4 x 3, 2 to 2, batch 3;
        3/1/1 on 4 x 3 to 4 x 3, 2 to 2, batch 1;
        3/1/1 on 4 x 3 to 4 x 3, 2 to 2, batch 3;
    }
}
