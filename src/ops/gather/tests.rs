use super::Gather;
use crate::prelude::*;

#[test]
fn rows_of_a_data_set() {
    let dev = AutoDevice::default();
    let items = [2, 0, 2];
    let labels = column(&[5i64, -7, 1 << 52], &dev);
    let found = Gather::gather(&labels, &items, &(3, Const::<1>)).unwrap();
    assert_eq!(found.as_vec(), [1 << 52, 5, 1 << 52]);
    let transposed = dev.tensor([[1u8, 2, 3], [4, 5, 6]]).permute::<Rank2<3, 2>, _>();
    let found = Gather::gather(&transposed, &items, &(3, Const::<2>)).unwrap();
    assert_eq!(found.as_vec(), [3, 6, 1, 4, 3, 6]);
    let repeated = dev.tensor([1.0f32, 2.0]).broadcast::<Rank2<3, 2>, Axis<0>>();
    let found = Gather::gather(&repeated, &items, &(3, Const::<2>)).unwrap();
    assert_eq!(found.as_vec(), [1.0, 2.0, 1.0, 2.0, 1.0, 2.0]);
}

#[test]
#[should_panic = "item 3 of a tensor with 3"]
fn no_such_row() {
    let x = AutoDevice::default().tensor([1.0f32, 2.0, 3.0]);
    let _ = Gather::gather(&x, &[0, 3], &(2,));
}
