//! Ordinary Rust stays ordinary under `use mnist_from_scratch::prelude::*`: no trait in the prelude takes a
//! method away from std's types, and no name in it hides one that programs use without importing it.
//!
//! `cargo test` compiles this page with the prelude and runs it. Each line has one right answer: std's.

// People write more than one way to say a thing, and all of them are to mean what they do elsewhere.
#![allow(clippy::all, clippy::pedantic)]

use mnist_from_scratch::prelude::*;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[test]
fn vectors_and_slices() {
    let scores: Vec<f32> = vec![0.1, 0.2];
    assert_eq!(scores.get(7), None);
    assert_eq!(scores.get(1), Some(&0.2));
    assert_eq!(scores.get(0..2), Some(&[0.1, 0.2][..]));
    assert_eq!((scores.len(), scores.is_empty()), (2, false));
    assert_eq!(scores.first(), Some(&0.1));
    assert_eq!(scores.last().copied().unwrap_or(0.0), 0.2);
    assert_eq!(scores.iter().copied().fold(f32::MIN, f32::max), 0.2);

    let args: Vec<String> = ["program", "digit.png"].map(String::from).to_vec();
    let Some(path) = args.get(1) else { panic!("std's `get` has the second argument") };
    assert_eq!(path.as_str(), "digit.png");
    assert_eq!(args.iter().map(String::len).sum::<usize>(), 16);
    assert_eq!(args.join(" "), "program digit.png");
    assert_eq!(args.concat().len(), 16);

    let mut numbers = vec![3, 1, 2];
    numbers.sort();
    numbers.swap(0, 2);
    numbers.extend([5; 2]);
    numbers.dedup();
    numbers.retain(|&n| n != 2);
    numbers.insert(1, 9);
    assert_eq!(numbers, [3, 9, 1, 5]);
    assert_eq!(numbers.split_first(), Some((&3, &[9, 1, 5][..])));
    assert_eq!(numbers.split_at(1).1.len(), 3);
    assert_eq!(numbers.chunks(3).map(<[i32]>::len).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(numbers.windows(2).filter(|pair| pair[0] < pair[1]).count(), 2);
    assert_eq!(numbers.iter().position(|&n| n == 1), Some(2));
    assert!(numbers.contains(&9) && numbers.starts_with(&[3]));
    assert_eq!([1, 3, 7].binary_search(&3).unwrap_or_else(|at| at), 1);
    assert_eq!(numbers.repeat(2).len(), 8);
    assert_eq!(numbers.to_vec().drain(1..3).collect::<Vec<_>>(), [9, 1]);
    assert_eq!(numbers.pop(), Some(5));
    numbers.fill(7);
    assert_eq!(vec![numbers.clone(), numbers].concat(), [7; 6]);
    let boxed: Box<[u8]> = vec![1u8, 2].into_boxed_slice();
    assert_eq!((boxed.len(), boxed.get(2)), (2, None));
}

#[test]
fn the_courses_list_is_a_slice() {
    let list = L::from(vec![3, 7]);
    assert_eq!(list.get(7), None);
    assert_eq!((list.len(), list.is_empty(), list.first()), (2, false, Some(&3)));
    assert_eq!(list.iter().sum::<i32>(), 10);
}

#[test]
fn arrays() {
    let rows = [[1, 2], [3, 4]];
    assert_eq!((rows.len(), rows[0].len(), rows.is_empty()), (2, 2, false));
    assert_eq!(rows.get(2), None);
    assert_eq!(rows.map(|row| row.iter().sum::<i32>()), [3, 7]);
    assert_eq!(rows.concat(), [1, 2, 3, 4]);
    assert_eq!(rows.as_flattened().len(), 4);
    assert_eq!(rows.iter().zip([10, 20]).map(|(row, k)| row[0] * k).collect::<Vec<_>>(), [10, 60]);
    let ones: [f64; 3] = std::array::from_fn(|_| 1.0);
    assert_eq!(ones.iter().sum::<f64>(), 3.0);
}

#[test]
fn ranges() {
    let range = 0..10usize;
    assert_eq!((range.len(), range.is_empty(), range.contains(&9)), (10, false, true));
    assert_eq!((0..10i32).len(), 10);
    assert_eq!((range.start, range.end), (0, 10));
    assert_eq!((0..5).rev().step_by(2).collect::<Vec<i32>>(), [4, 2, 0]);
    assert_eq!((0..5).nth(2), Some(2));
    assert_eq!((1..=4).product::<i64>(), 24);
    assert_eq!((0..3).map(f64::from).sum::<f64>(), 3.0);
    assert_eq!((0..4).min_by_key(|n| (n - 2i32).abs()), Some(2));
    assert_eq!(('a'..'e').skip(1).last(), Some('d'));
}

#[test]
fn iterators() {
    let words = ["three", "seven", "three"];
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    assert_eq!(counts.get("three"), Some(&2));
    assert_eq!(counts.values().sum::<usize>(), 3);
    assert_eq!(words.iter().zip(1..).last(), Some((&"three", 3)));
    assert_eq!(words.iter().enumerate().skip(1).take(1).next(), Some((1, &"seven")));
    assert_eq!(words.iter().map(|word| word.len()).max(), Some(5));
    assert_eq!(words.iter().cloned().collect::<HashSet<_>>().len(), 2);
    assert_eq!(words.iter().flat_map(|word| word.chars()).filter(|&c| c == 'e').count(), 6);
    assert!(words.iter().any(|&word| word == "seven") && words.iter().all(|w| !w.is_empty()));
    let (short, long): (Vec<i32>, Vec<i32>) = (0..10).partition(|n| *n < 3);
    assert_eq!((short.len(), long.len()), (3, 7));
    assert_eq!([1.5f32, 0.5].into_iter().reduce(f32::min), Some(0.5));
    assert_eq!(std::iter::repeat(1).take(3).chain([2]).collect::<VecDeque<_>>().len(), 4);
    let mut iter = words.iter().peekable();
    assert_eq!((iter.len(), iter.peek()), (3, Some(&&"three")));
    let parsed: Result<Vec<i32>, _> = "1,2,x".split(',').map(str::parse::<i32>).collect();
    assert!(parsed.is_err());
    let squares = std::iter::successors(Some(2u32), |n| n.checked_mul(*n)).collect::<Vec<_>>();
    assert_eq!(squares, [2, 4, 16, 256, 65536]);
    assert!([1, 2].iter().eq([1, 2].iter()) && [1, 2].iter().lt([3].iter()));
}

#[test]
fn strings() -> Result<()> {
    let mut text = String::from("three");
    text.push_str(" and seven");
    write!(text, ", {}", 2)?;
    assert_eq!((text.len(), text.get(0..5), text.get(0..99)), (18, Some("three"), None));
    assert_eq!(text.split_whitespace().count(), 4);
    assert_eq!(text.find("seven"), Some(10));
    assert_eq!(text.replace("seven", "7").to_uppercase(), "THREE AND 7, 2");
    assert_eq!("a=b".split_once('='), Some(("a", "b")));
    assert_eq!(" 7 ".trim().parse::<u8>()?, 7);
    assert_eq!("7".repeat(3).chars().rev().collect::<String>(), "777");
    assert!("digit.png".ends_with(".png") && "a" < "b" && "a".eq("a") && "a".ne("b"));
    assert_eq!("é".bytes().len(), 2);
    assert_eq!("x\ny".lines().map(str::to_owned).collect::<Vec<String>>().len(), 2);
    assert_eq!(format!("{:>6.2}|{:02}", 0.5, 7), "  0.50|07");
    assert_eq!('7'.to_digit(10), Some(7));
    assert_eq!("b".cmp("a"), std::cmp::Ordering::Greater);
    Ok(())
}

#[test]
fn options_and_results() {
    let some = Some(3);
    assert_eq!(some.map(|n| n * 2).filter(|n| *n > 5).and_then(|n: i32| n.checked_sub(6)), Some(0));
    assert_eq!(some.zip(Some('x')), Some((3, 'x')));
    assert_eq!((some.is_some_and(|n| n == 3), some.xor(None), some.or(None)), (true, some, some));
    assert_eq!(None::<i32>.unwrap_or_default(), 0);
    let mut taken = Some(1);
    assert_eq!((taken.take(), taken.replace(2), taken.get_or_insert(5)), (Some(1), None, &mut 2));
    assert_eq!(Some("a").ok_or("nothing").map(str::len), Ok(1));
    // std's `Result` with its two parameters is still there, and has its methods.
    fn number(text: &str) -> std::result::Result<u8, std::num::ParseIntError> {
        text.parse()
    }
    fn of_two(text: &str) -> Result<u8, String> {
        number(text).map_err(|error| error.to_string())
    }
    assert_eq!(of_two("7"), Ok(7));
    assert_eq!(of_two("700").unwrap_err(), "number too large to fit in target type");
    assert_eq!(number("x").ok().into_iter().chain(number("3")).collect::<Vec<_>>(), [3]);
}

#[test]
fn maps_and_sets() {
    let mut ages = BTreeMap::from([("b", 2), ("a", 1)]);
    assert_eq!((ages.get("c"), ages.len(), ages.is_empty()), (None, 2, false));
    assert_eq!(ages.keys().copied().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(ages.values().copied().max(), Some(2));
    assert_eq!(ages.insert("a", 9).zip(ages.remove("b")), Some((1, 2)));
    assert_eq!(ages.iter().next(), Some((&"a", &9)));
    assert_eq!(ages.range("a"..).count(), 1);
    let set = BTreeSet::from([1, 2]);
    assert_eq!((set.get(&2), set.first(), set.len()), (Some(&2), Some(&1), 2));
    assert_eq!(set.union(&BTreeSet::from([3])).count(), 3);
    let mut queue: VecDeque<_> = (0..3).collect();
    queue.rotate_left(1);
    assert_eq!((queue.get(0), queue.get(9), queue.len()), (Some(&1), None, 3));
}

#[test]
fn numbers() {
    let x = 2.0f32;
    assert_eq!(
        (x.powi(3), x.sqrt().powf(2.0).round(), x.max(3.0), x.min(1.0)),
        (8.0, 2.0, 3.0, 1.0)
    );
    assert_eq!((x.abs(), (-x).signum(), x.clamp(0.0, 1.0), x.recip()), (2.0, -1.0, 1.0, 0.5));
    assert_eq!((x.exp().ln().round(), x.mul_add(2.0, 1.0), x.to_bits()), (2.0, 5.0, 0x4000_0000));
    assert!(f32::NAN.is_nan() && x.sin().is_finite() && x.total_cmp(&1.0).is_gt());
    assert_eq!((2f64.sqrt() * 10.0).floor() as usize, 14);
    assert_eq!(
        (7usize.pow(2), 7usize.div_ceil(2), 7usize.abs_diff(9), 7i64.rem_euclid(4)),
        (49, 4, 2, 3)
    );
    assert_eq!((7u8.checked_add(250), 7u8.saturating_add(250), 7u8.count_ones()), (None, 255, 3));
    assert_eq!(
        (5i32.min(3), 5i32.max(3), std::cmp::max(1, 2), i32::MAX.wrapping_add(1)),
        (3, 5, 2, i32::MIN)
    );
    assert!(1.eq(&1) && 1.ne(&2) && 1.lt(&2) && true.then_some(1).is_some());
}

#[test]
fn paths_and_files() -> Result<()> {
    let path: PathBuf = Path::new("train").join("3").join("7.png");
    assert_eq!(path.extension().and_then(|e| e.to_str()), Some("png"));
    assert_eq!(path.parent().and_then(Path::file_name).unwrap(), "3");
    assert_eq!(path.components().count(), 3);
    assert_eq!(path.iter().last().unwrap(), "7.png");
    assert!(!path.exists() && path.starts_with("train") && path.display().to_string().len() == 13);
    let folder = tempfile::tempdir()?;
    std::fs::write(folder.path().join("a.txt"), "seven")?;
    assert_eq!(std::fs::read_to_string(folder.path().join("a.txt"))?.len(), 5);
    assert_eq!(std::fs::read_dir(&folder)?.count(), 1);
    Ok(())
}

#[test]
fn shared_and_boxed_values() {
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;
    use std::sync::{Arc, Mutex};
    let cell = Cell::new(1);
    cell.set(cell.get() + 1);
    assert_eq!((cell.get(), cell.take(), cell.into_inner()), (2, 2, 0));
    let list = Rc::new(RefCell::new(vec![1]));
    list.borrow_mut().push(2);
    assert_eq!((list.borrow().len(), list.borrow().get(5), Rc::strong_count(&list)), (2, None, 1));
    let shared = Arc::new(Mutex::new(vec![0u8; 2]));
    std::thread::scope(|scope| {
        scope.spawn(|| shared.lock().unwrap().push(1));
    });
    assert_eq!(shared.lock().unwrap().len(), 3);
    let boxed: Box<dyn Fn(i32) -> i32> = Box::new(|n| n + 1);
    assert_eq!(boxed(1), 2);
    let mut a = vec![1];
    assert_eq!((std::mem::take(&mut a).len(), a.len()), (1, 0));
    let chars: std::borrow::Cow<'_, [char]> = vec!['a'].into();
    assert_eq!((chars.len(), chars.get(3), chars.to_owned().len()), (1, None, 1));
}

/// A program's own items have the names that they always have.
#[test]
fn items_of_ones_own() {
    #[derive(Debug, Clone, Default, PartialEq, PartialOrd)]
    struct Cell {
        rows: Vec<u8>,
    }
    impl Cell {
        fn get(&self, index: usize) -> Option<u8> {
            self.rows.get(index).copied()
        }
        fn len(&self) -> usize {
            self.rows.len()
        }
    }
    trait Area {
        fn size(&self) -> usize;
        fn text(&self) -> String;
    }
    impl Area for Cell {
        fn size(&self) -> usize {
            self.len() * 2
        }
        fn text(&self) -> String {
            format!("{} rows", self.len())
        }
    }
    let cell = Cell { rows: vec![1, 2] };
    assert_eq!((cell.get(9), cell.len(), cell.size(), cell.text()), (None, 2, 4, "2 rows".into()));
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
    enum Error {
        Missing,
    }
    fn fails() -> Result<(), Error> {
        Err(Error::Missing)
    }
    assert_eq!(fails().unwrap_err(), Error::Missing);
    fn zip(a: i32, b: i32) -> (i32, i32) {
        (a, b)
    }
    fn first<T: Copy>(items: &[T]) -> Option<T> {
        items.first().copied()
    }
    assert_eq!((zip(1, 2), first(&[7])), ((1, 2), Some(7)));
}

/// The methods that readers of this course use from other crates on std's types.
#[test]
fn traits_of_other_crates() {
    use mnist_from_scratch::image::{self, GenericImageView, ImageBuffer, Luma};
    let picture: ImageBuffer<Luma<u8>, Vec<u8>> = ImageBuffer::from_pixel(2, 3, Luma([7]));
    assert_eq!((picture.dimensions(), picture.get_pixel(1, 2).0, picture.len()), ((2, 3), [7], 6));
    assert_eq!(picture.view(0, 0, 1, 1).width(), 1);
    assert_eq!(image::imageops::resize(&picture, 4, 4, image::imageops::Nearest).len(), 16);
    use std::io::{BufRead, Read, Write};
    let mut bytes = Vec::new();
    bytes.write_all(b"3\n7\n").unwrap();
    assert_eq!(bytes.as_slice().lines().map_while(Result::ok).collect::<Vec<_>>(), ["3", "7"]);
    assert_eq!(bytes.as_slice().take(1).bytes().count(), 1);
    use rayon::prelude::*;
    assert_eq!((0..10u32).into_par_iter().map(|n| n * 2).filter(|n| n % 4 == 0).sum::<u32>(), 40);
    assert_eq!(vec![3, 1].par_iter().max(), Some(&3));
    use itertools::Itertools;
    assert_eq!((0..4).tuple_windows().map(|(a, b)| a * b).collect_vec(), [0, 2, 6]);
    assert_eq!(["a", "b"].iter().join("-"), "a-b");
    assert_eq!([3, 1, 2].iter().sorted().copied().collect_vec(), [1, 2, 3]);
    assert_eq!([1, 1, 2].iter().counts().len(), 2);
    assert_eq!((0..5).chunks(2).into_iter().map(|chunk| chunk.count()).collect_vec(), [2, 2, 1]);
    assert_eq!([0.5, 0.1].iter().position_min_by(|a: &&f64, b| a.total_cmp(b)), Some(1));
    assert_eq!([1, 2].iter().cartesian_product([3, 4]).count(), 4);
    use rand::prelude::*;
    let mut random = StdRng::seed_from_u64(42);
    let mut order = (0..4).collect_vec();
    order.shuffle(&mut random);
    assert!((0..4).contains(order.choose(&mut random).unwrap()) && order.len() == 4);
    assert!((1..7).contains(&random.random_range(1..7)));
    assert_eq!((0..9).sample(&mut random, 3).len(), 3);
}
