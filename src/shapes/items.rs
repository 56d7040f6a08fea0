//! Shapes of which the first axis counts items.

use dfdx::shapes::{Dim, Shape};

/// The shapes whose first axis counts items.
pub trait Items: Shape {
    /// The shape of one item.
    type One: Shape;
    /// The shape of any number of them.
    type Several: Shape;

    /// The shape of one of these items.
    fn one(&self) -> Self::One;
    /// The shape of `n` of these items.
    fn several(&self, n: usize) -> Self::Several;
}

macro_rules! items {
    ($($axis:ident $at:tt),*) => {
        impl<N: Dim, $($axis: Dim),*> Items for (N, $($axis,)*) {
            type One = ($($axis,)*);
            type Several = (usize, $($axis,)*);

            fn one(&self) -> Self::One {
                ($(self.$at,)*)
            }

            fn several(&self, n: usize) -> Self::Several {
                (n, $(self.$at,)*)
            }
        }
    };
}

/// Items that are single numbers.
impl<N: Dim> Items for (N,) {
    type One = ();
    type Several = (usize,);

    fn one(&self) {}

    fn several(&self, n: usize) -> (usize,) {
        (n,)
    }
}

items!(A 1);
items!(A 1, B 2);
items!(A 1, B 2, C 3);
