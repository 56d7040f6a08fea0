use dfdx::tensor_ops as theirs;

use super::sum;
use crate::prelude::*;

/// Numbers of which no two sums in another order are the same.
fn numbers<S: ConstShape>() -> Tensor<S, f32, AutoDevice> {
    let shape = S::default();
    let n = shape.num_elements();
    let numbers = (0..n).map(|i| (i as f32 * 0.731).sin() * 10f32.powi(i as i32 % 7)).collect();
    AutoDevice::default().tensor_from_vec(numbers, shape)
}

/// What each sum and its gradient come to when one number after the other is added, without any of this library.
#[test]
fn one_number_after_the_other() {
    let x = numbers::<Rank3<3, 4, 5>>();
    let array = x.array();
    let weights: Tensor<Rank1<4>, f32, _> = numbers();
    let y = sum::<_, Rank1<4>, Axes2<0, 2>, _>(x.leaky_trace()).unwrap();
    for (at, y) in y.array().into_iter().enumerate() {
        let in_order = array.iter().flat_map(|rows| rows[at]);
        assert_eq!(y, in_order.fold(0., |sum, x| sum + x));
    }
    let gradients = (y * weights.clone()).sum::<Rank0, _>().backward();
    for rows in gradients.get(&x).array() {
        assert_eq!(rows, weights.array().map(|weight| [weight; 5]));
    }
    let all = sum::<_, Rank0, Axes3<0, 1, 2>, _>(x.leaky_trace()).unwrap();
    assert_eq!(all.array(), x.as_vec().into_iter().fold(0., |sum, x| sum + x));
    assert_eq!(all.backward().get(&x).array(), [[[1.; 5]; 4]; 3]);
}

/// So the outputs of the book are those from before these sums were its own.
#[cfg(not(feature = "cuda"))]
#[test]
fn the_bits_of_dfdx_on_a_cpu() {
    let x = numbers::<Rank3<3, 4, 5>>();
    let permuted = || x.leaky_trace().permute::<Rank3<5, 3, 4>, Axes3<2, 0, 1>>();
    macro_rules! same {
        ($x:expr, $to:ty, $axes:ty) => {{
            let ours = sum::<_, $to, $axes, _>($x).unwrap();
            let theirs = theirs::SumTo::sum::<$to, $axes>($x);
            assert_eq!(ours.as_vec(), theirs.as_vec());
            let [ours, theirs] = [ours, theirs].map(|y| {
                let weights = numbers::<$to>();
                theirs::SumTo::sum::<Rank0, _>(y * weights).backward().get(&x).array()
            });
            assert_eq!(ours, theirs);
        }};
    }
    same!(x.leaky_trace(), Rank0, Axes3<0, 1, 2>);
    same!(x.leaky_trace(), Rank1<3>, Axes2<1, 2>);
    same!(x.leaky_trace(), Rank1<5>, Axes2<0, 1>);
    same!(x.leaky_trace(), Rank2<4, 5>, Axis<0>);
    same!(x.leaky_trace(), Rank2<3, 4>, Axis<2>);
    same!(permuted(), Rank0, Axes3<0, 1, 2>);
    same!(permuted(), Rank2<5, 4>, Axis<1>);
    same!(permuted(), Rank1<5>, Axes2<1, 2>);
}

#[test]
fn of_nothing_and_of_a_single_number() {
    let dev = AutoDevice::default();
    let none: Tensor<(usize, Const<3>), f32, _> = dev.zeros_like(&(0, Const));
    assert_eq!(sum::<_, Rank1<3>, Axis<0>, _>(none.clone()).unwrap().array(), [0.; 3]);
    assert_eq!(sum::<_, (usize,), Axis<1>, _>(none.clone()).unwrap().shape(), &(0,));
    assert_eq!(sum::<_, Rank0, _, _>(none).unwrap().array(), 0.);
    let one = dev.tensor(2_f32);
    let y = sum::<_, Rank0, Axis<0>, _>(one.leaky_trace()).unwrap();
    assert_eq!(y.array(), 2.);
    assert_eq!(y.backward().get(&one).array(), 1.);
}

/// A tensor that dfdx has broadcast, with and without a gradient.
#[test]
fn of_numbers_that_are_shown_several_times() {
    let row = AutoDevice::default().tensor([1_f32, 2.]);
    let y = theirs::BroadcastTo::broadcast::<Rank2<3, 2>, _>(row.clone());
    assert_eq!(sum::<_, Rank1<2>, Axis<0>, _>(y.clone()).unwrap().array(), [3., 6.]);
    assert_eq!(sum::<_, Rank0, _, _>(y).unwrap().array(), 9.);
    let y = theirs::BroadcastTo::broadcast::<Rank2<3, 2>, _>(row.leaky_trace());
    let y = sum::<_, Rank1<3>, Axis<1>, _>(y).unwrap();
    assert_eq!(y.array(), [3.; 3]);
    assert_eq!(sum::<_, Rank0, _, _>(y).unwrap().backward().get(&row).array(), [3.; 2]);
}
