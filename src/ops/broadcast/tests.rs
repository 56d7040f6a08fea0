use super::super::numbers::start;
use super::broadcast;
use crate::prelude::*;

fn numbers<S: ConstShape>(scale: f32) -> Tensor<S, f32, AutoDevice> {
    let shape = S::default();
    let n = shape.num_elements();
    let numbers = (0..n).map(|i| (i as f32 * scale).sin() * 10f32.powi(i as i32 % 7)).collect();
    AutoDevice::default().tensor_from_vec(numbers, shape)
}

/// The gradient of each number is the sum of those of its repetitions, one after the other.
#[test]
fn numbers_and_gradients_along_any_axes() {
    let x = numbers::<Rank1<3>>(1.);
    let weights = numbers::<Rank3<4, 3, 5>>(0.731);
    let y = broadcast::<_, _, Axes2<0, 2>, _>(x.leaky_trace(), weights.shape()).unwrap();
    assert_eq!(y.array(), [x.array().map(|x| [x; 5]); 4]);
    let gradient = (y * weights.clone()).sum::<Rank0, _>().backward().get(&x).array();
    for (at, gradient) in gradient.into_iter().enumerate() {
        let in_order = weights.array().into_iter().flat_map(|rows| rows[at]);
        assert_eq!(gradient, in_order.fold(0., |sum, dy| sum + dy));
    }
    let one = AutoDevice::default().tensor(2_f32);
    let y = broadcast::<_, Rank1<3>, _, _>(one.leaky_trace(), &Default::default()).unwrap();
    assert_eq!(y.array(), [2.; 3]);
    assert_eq!(y.sum::<Rank0, _>().backward().get(&one).array(), 3.);
}

/// So the outputs of the book are those from before this was its own.
#[cfg(not(feature = "cuda"))]
#[test]
fn the_bits_of_dfdx_on_a_cpu() {
    use dfdx::tensor_ops as theirs;
    let (x, other) = (numbers::<Rank1<5>>(1.), numbers::<Rank2<400, 5>>(0.731));
    let gradient = |y: Traced<Rank2<400, 5>>| {
        let y = (y * other.clone() - 0.5).square();
        theirs::SumTo::sum::<Rank0, _>(y).backward().get(&x).array()
    };
    let ours = broadcast::<_, _, Axis<0>, _>(x.leaky_trace(), other.shape()).unwrap();
    let theirs = theirs::BroadcastTo::broadcast(x.leaky_trace());
    assert_eq!(gradient(ours), gradient(theirs));
}

#[test]
fn without_a_tape_no_number_is_copied() {
    let row = AutoDevice::default().tensor([1_f32, 2.]);
    let y = broadcast::<_, Rank2<3, 2>, _, _>(row.clone(), &Default::default()).unwrap();
    assert_eq!((start(&y), y.array()), (start(&row), [[1., 2.]; 3]));
}

#[test]
fn a_permuted_tensor_and_one_that_is_broadcast_twice() {
    let x = numbers::<Rank2<2, 3>>(1.);
    let permuted = x.leaky_trace().permute::<Rank2<3, 2>, _>();
    let y = permuted.broadcast::<Rank3<3, 2, 2>, Axis<2>>();
    let y = y.broadcast::<Rank4<5, 3, 2, 2>, Axis<0>>();
    let [[a, b, c], [d, e, f]] = x.array().map(|row| row.map(|x| [x; 2]));
    assert_eq!(y.array(), [[[a, d], [b, e], [c, f]]; 5]);
    assert_eq!(y.sum::<Rank0, _>().backward().get(&x).array(), [[10.; 3]; 2]);
}

#[test]
#[should_panic = "broadcast: a tensor of shape [5] does not fit [3, 7] when it is repeated along [0]"]
fn another_length() {
    let x: Tensor<(usize,), f32, _> = AutoDevice::default().zeros_like(&(5,));
    let _: Tensor<(Const<3>, usize), f32, _> = x.broadcast_like(&(Const, 7));
}
