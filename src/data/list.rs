//! fastai's list, which prints its length and its first items.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use super::relative_to_base;
use crate::show::Show;

/// How many items a list prints.
const PRINTED: usize = 10;

/// A list as fastai has it: a [`Vec`] that prints its length and at most ten of its items.
///
/// It is a slice in all else: `threes[1]`, `threes.len()`, `threes.iter()`, `&threes[..5]`.
///
/// # Panics
/// As a slice does: `threes[7000]` says "the len is 6131 but the index is 7000".
///
/// ```
/// use mnist_from_scratch::data::L;
///
/// let list: L<_> = (0..15).rev().collect();
/// assert_eq!(list.to_string(), "(#15) [14, 13, 12, 11, 10, 9, 8, 7, 6, 5, ...]");
/// assert_eq!(list.sorted()[..3], [0, 1, 2]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct L<T>(Vec<T>);

impl<T: Ord> L<T> {
    /// The same items in ascending order.
    ///
    /// Paths are ordered as Python's `sorted` does it: folder by folder, each name by its bytes,
    /// so `10.png` comes before `7.png`.
    ///
    /// ```
    /// use mnist_from_scratch::data::L;
    ///
    /// let names = L::from(vec!["7.png", "10000.png", "10.png"]);
    /// assert_eq!(names.sorted().to_string(), "(#3) [10.png, 10000.png, 7.png]");
    /// ```
    pub fn sorted(mut self) -> L<T> {
        self.0.sort();
        self
    }
}

impl<T> Deref for L<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> From<Vec<T>> for L<T> {
    fn from(items: Vec<T>) -> L<T> {
        L(items)
    }
}

impl<T> From<L<T>> for Vec<T> {
    fn from(list: L<T>) -> Vec<T> {
        list.0
    }
}

impl<T> FromIterator<T> for L<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> L<T> {
        L(items.into_iter().collect())
    }
}

/// Rows of a table, such as [`Recorder::values`](crate::learner::Recorder::values).
impl<T: Clone> L<Vec<T>> {
    /// Item number `at` of each row: fastcore's `itemgot`.
    ///
    /// # Panics
    /// If a row has no such item.
    ///
    /// ```
    /// use mnist_from_scratch::data::L;
    /// let rows = L::from(vec![vec![0.1, 0.7], vec![0.2, 0.8]]);
    /// assert_eq!(*rows.itemgot(1), [0.7, 0.8]);
    /// ```
    pub fn itemgot(&self, at: usize) -> L<T> {
        self.iter().map(|row| row[at].clone()).collect()
    }
}

impl<T> IntoIterator for L<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a L<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: ListItem> fmt::Display for L<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(#{}) [", self.len())?;
        for (i, item) in self.iter().take(PRINTED).enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            item.fmt_item(f)?;
        }
        f.write_str(if self.len() > PRINTED { ", ...]" } else { "]" })
    }
}

/// How an item prints inside an [`L`].
///
/// `Display` would do, but paths don't have it; here they print
/// [relative to the base path](super::set_base_path). For a type of your own that has it,
/// `fn fmt_item(&self, f: &mut Formatter) -> Result { self.fmt(f) }` is all it takes.
#[diagnostic::on_unimplemented(
    message = "a list of `{Self}` cannot be printed",
    note = "if the type is yours, implement `mnist_from_scratch::data::ListItem` for it"
)]
pub trait ListItem {
    /// Writes the item.
    ///
    /// # Errors
    /// If the formatter does not take it.
    fn fmt_item(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl<T: ListItem> Show for L<T> {
    fn text(&self) -> String {
        self.to_string()
    }
}

impl ListItem for Path {
    fn fmt_item(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&relative_to_base(self))
    }
}

impl ListItem for PathBuf {
    fn fmt_item(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_path().fmt_item(f)
    }
}

impl<T: ListItem + ?Sized> ListItem for &T {
    fn fmt_item(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt_item(f)
    }
}

/// Items that print as `Display` has it.
macro_rules! item_as_displayed {
    ($($type:ty),*) => {$(
        impl ListItem for $type {
            fn fmt_item(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )*};
}

/// A pair prints as in Python, `(0, 'a')`.
impl<A: Show, B: Show> ListItem for (A, B) {
    fn fmt_item(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {})", self.0.repr(), self.1.repr())
    }
}

item_as_displayed!(str, String, char, bool);
item_as_displayed!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_items_are_printed_in_full() {
        let list: L<usize> = (0..10).collect();
        assert_eq!(list.to_string(), "(#10) [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]");
        assert_eq!(L::<String>::default().to_string(), "(#0) []");
    }

    #[test]
    fn pairs_are_printed_as_in_python() {
        let alphabet = L::from_iter(('a'..='z').enumerate());
        assert!(alphabet.to_string().starts_with("(#26) [(0, 'a'), (1, 'b'), "), "{alphabet}");
    }

    #[test]
    fn a_list_is_a_slice() {
        let list = L::from(vec!["a", "b", "c"]);
        assert_eq!((list[1], &list[1..], list.len()), ("b", &["b", "c"][..], 3));
        let by_reference: Vec<&&str> = (&list).into_iter().collect();
        assert_eq!(by_reference, [&"a", &"b", &"c"]);
        let owned: Vec<&str> = list.into_iter().collect();
        assert_eq!(owned, ["a", "b", "c"]);
    }

    #[test]
    #[should_panic(expected = "the len is 3 but the index is 7000")]
    fn a_wrong_index_is_told_the_length() {
        let list = L::from(vec![1, 2, 3]);
        let index = std::hint::black_box(7000);
        let _ = list[index];
    }

    #[test]
    fn paths_sort_as_in_python() {
        let paths = ["a/3/10000.png", "a-b/1.png", "a/3/7.png", "a/3/10.png"];
        let sorted: Vec<_> = paths.iter().map(PathBuf::from).collect::<L<_>>().sorted().into();
        // sorted(map(Path, paths)) in Python
        let expected = ["a/3/10.png", "a/3/10000.png", "a/3/7.png", "a-b/1.png"];
        assert_eq!(sorted, expected.map(PathBuf::from));
    }
}
