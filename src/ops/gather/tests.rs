use super::GatherKernel;
use crate::ops::Composed;
use crate::prelude::*;

#[test]
fn rows_of_a_data_set() {
    let dev = AutoDevice::default();
    let items = [2, 0, 2];
    let x: Tensor<Rank3<3, 2, 2>, f32, _> = randn(&dev);
    let ours = Composed::gather(&x, &items, &(3, Const::<2>, Const::<2>)).unwrap();
    assert_eq!(ours.as_vec(), x.batch(&items).as_vec());
    let labels = column(&[5i64, -7, 1 << 52], &dev);
    let ours = Composed::gather(&labels, &items, &(3, Const::<1>)).unwrap();
    assert_eq!(ours.as_vec(), [1 << 52, 5, 1 << 52]);
    let transposed = dev.tensor([[1u8, 2, 3], [4, 5, 6]]).permute::<Rank2<3, 2>, _>();
    let ours = Composed::gather(&transposed, &items, &(3, Const::<2>)).unwrap();
    assert_eq!(ours.as_vec(), [3, 6, 1, 4, 3, 6]);
}

#[test]
#[should_panic = "item 3 of a tensor with 3"]
fn no_such_row() {
    let x = AutoDevice::default().tensor([1.0f32, 2.0, 3.0]);
    let _ = Composed::gather(&x, &[0, 3], &(2,));
}
