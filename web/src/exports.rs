//! The functions that JavaScript calls: numbers go in and out, and pointers to bytes of this module's memory.
//!
//! A function that can fail returns 1 where all went well, and 0 where not. What it has to say, or what went
//! wrong, then lies at [`course_output`], [`course_output_len`] bytes of it, until the next call.

use std::cell::RefCell;

use anyhow::{Context as _, Result};
use mnist_from_scratch::data::Archive;
use mnist_from_scratch::image::GrayImage;
use mnist_from_scratch::prelude::*;

use crate::drawing;
use crate::models::{Models, TenDigits};
use crate::training::{self, Drawn, Settings, Watch};

/// The SHA-256 of `data/mnist_sample.tgz`.
const SAMPLE: &str = "831fcad6e98a3ca165d932324c8874c8b9f864eaee5f225053bae480d2a5a110";

thread_local! {
    static DIGITS: RefCell<Option<(Digits, Digits)>> = const { RefCell::new(None) };
    static MODELS: RefCell<Option<Models>> = const { RefCell::new(None) };
    static TEN_DIGITS: RefCell<Option<TenDigits>> = const { RefCell::new(None) };
    static OUTPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

#[cfg(target_family = "wasm")]
#[link(wasm_import_module = "course")]
unsafe extern "C" {
    /// JavaScript's function that is told how far a training is. See [`Told`].
    safe fn tell(what: u32, at: *const u8, len: usize);
}

#[cfg(not(target_family = "wasm"))]
thread_local! {
    /// Outside of a page: what would have been told.
    static TOLD: RefCell<Vec<(u32, Vec<u8>)>> = const { RefCell::new(Vec::new()) };
}

#[cfg(not(target_family = "wasm"))]
fn tell(what: u32, at: *const u8, len: usize) {
    // SAFETY: `Told::say`, which alone calls this, passes the bytes of a slice that lives.
    let bytes = unsafe { std::slice::from_raw_parts(at, len) };
    TOLD.with_borrow_mut(|told| told.push((what, bytes.to_vec())));
}

/// What JavaScript is told.
#[derive(Debug, Clone, Copy)]
#[repr(u32)]
enum Told {
    /// Four `f32`: the epoch from 0, the batch from 1, how many there are, the smoothed loss.
    Batch = 0,
    /// A row of the table, as text: the epoch and the numbers, between spaces.
    Row = 1,
    /// The weights of the first layer, as `f32`.
    Weights = 2,
}

impl Told {
    fn say(self, bytes: &[u8]) {
        tell(self as u32, bytes.as_ptr(), bytes.len());
    }
}

fn bytes_of(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// Where the output lies.
#[unsafe(no_mangle)]
pub extern "C" fn course_output() -> *const u8 {
    OUTPUT.with_borrow(|output| output.as_ptr())
}

/// How many bytes it has.
#[unsafe(no_mangle)]
pub extern "C" fn course_output_len() -> usize {
    OUTPUT.with_borrow(Vec::len)
}

fn respond(result: Result<Vec<u8>>) -> u32 {
    let is_ok = result.is_ok();
    OUTPUT.set(result.unwrap_or_else(|error| format!("{error:#}").into_bytes()));
    is_ok.into()
}

/// Room for so many bytes, for JavaScript to write to; [`course_free`] gives it back.
#[unsafe(no_mangle)]
pub extern "C" fn course_alloc(len: usize) -> *mut u8 {
    let room: Box<[u8]> = vec![0; len].into_boxed_slice();
    Box::into_raw(room).cast()
}

/// Gives room back.
///
/// # Safety
/// `at` is what [`course_alloc`] returned for this `len`, and it is given back once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn course_free(at: *mut u8, len: usize) {
    // SAFETY: By what is asked of the caller, this is the box that `course_alloc` took apart.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(at, len)) });
}

/// The bytes at a pointer.
///
/// # Safety
/// `at` is what [`course_alloc`] returned for at least `len` bytes, and has not been given back.
unsafe fn bytes_at<'a>(at: *const u8, len: usize) -> &'a [u8] {
    // SAFETY: By what is asked of the caller, these bytes are there, set, and nobody writes to them.
    unsafe { std::slice::from_raw_parts(at, len) }
}

/// Reads the course's data: the bytes of `mnist_sample.tgz`, which are kept, and not given back.
///
/// # Safety
/// `at` is what [`course_alloc`] returned for this `len`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn course_open_digits(at: *const u8, len: usize) -> u32 {
    // SAFETY: As is asked of the caller; nobody gives these bytes back, so they live as long as the program.
    let bytes: &'static [u8] = unsafe { bytes_at(at, len) };
    let archive = Archive::embedded("mnist_sample", bytes, SAMPLE);
    let digits = threes_and_sevens_of(&archive, &AutoDevice::default());
    respond(digits.map(|digits| {
        DIGITS.set(Some(digits));
        Vec::new()
    }))
}

/// Reads the chapters' models.
///
/// # Safety
/// `at` is what [`course_alloc`] returned for this `len`, and not given back before this returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn course_open_models(at: *const u8, len: usize) -> u32 {
    // SAFETY: As is asked of the caller.
    let models = Models::from_bytes(unsafe { bytes_at(at, len) });
    respond(models.map(|models| {
        let text = [fingerprint(&models.linear), fingerprint(&models.net)].join(" ");
        MODELS.set(Some(models));
        text.into_bytes()
    }))
}

/// Prepares a drawing of `side` rows and columns, a byte for each pixel. The output is, for each step, its width and its
/// height (two bytes each, the lowest first), and its pixels. The first is the drawing made small, the last the
/// digit; without ink the first is all.
///
/// # Safety
/// `at` is what [`course_alloc`] returned for at least `side * side` bytes, and not given back before this returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn course_prepare(at: *const u8, side: u32) -> u32 {
    // SAFETY: As is asked of the caller.
    let pixels = unsafe { bytes_at(at, side as usize * side as usize) };
    let drawing = GrayImage::from_raw(side, side, pixels.to_vec()).context("too few pixels");
    respond(drawing.map(|drawing| {
        let mut steps = vec![drawing::made_small(&drawing)];
        if let Some(of) = drawing::prepare(&drawing) {
            steps.extend([of.contrast, of.ink, of.cropped, of.scaled, of.digit]);
        }
        let mut output = Vec::new();
        for step in steps {
            for size in [step.width(), step.height()] {
                output.extend((size as u16).to_le_bytes());
            }
            output.extend(step.as_raw());
        }
        output
    }))
}

/// What the models say about a picture of 28 rows and columns, a byte for each pixel, as `f32`: the distances from the ideal
/// 3 and 7, how sure the linear model is of a 3, how sure the net is, and its 30 features.
///
/// # Safety
/// `at` is what [`course_alloc`] returned for at least 784 bytes, and not given back before this returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn course_answers(at: *const u8) -> u32 {
    // SAFETY: As is asked of the caller.
    let pixels = unsafe { bytes_at(at, 784) }.first_chunk().expect("784 bytes");
    let answers = MODELS.with_borrow(|models| {
        let answers = models.as_ref().context("the models come first")?.answers(pixels);
        let [three, seven] = answers.distances;
        Ok([vec![three, seven, answers.linear, answers.net], answers.features].concat())
    });
    respond(answers.map(|answers| bytes_of(&answers)))
}

/// Reads the net for ten digits.
///
/// # Safety
/// `at` is what [`course_alloc`] returned for this `len`, and not given back before this returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn course_open_ten_digits(at: *const u8, len: usize) -> u32 {
    // SAFETY: As is asked of the caller.
    let net = TenDigits::from_bytes(unsafe { bytes_at(at, len) });
    respond(net.map(|net| {
        TEN_DIGITS.set(Some(net));
        Vec::new()
    }))
}

/// How sure the net for ten digits is of each digit, as ten `f32`, of a picture of 28 rows and columns, a byte for each pixel.
///
/// # Safety
/// `at` is what [`course_alloc`] returned for at least 784 bytes, and not given back before this returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn course_ten_digits(at: *const u8) -> u32 {
    // SAFETY: As is asked of the caller.
    let pixels = unsafe { bytes_at(at, 784) }.first_chunk().expect("784 bytes");
    respond(TEN_DIGITS.with_borrow(|net| {
        Ok(bytes_of(&net.as_ref().context("the net comes first")?.probabilities(pixels)))
    }))
}

/// Lets the net of the models that are open learn on, with drawings among the digits of the training set: for each 784 pixels
/// and its label, 1 for a three, a byte each. The output is in `f32`: the accuracies before and after, for each drawing
/// how sure the net is of a 3 before and after, and all numbers of the models that are now open.
///
/// # Safety
/// `at` is what [`course_alloc`] returned for at least `785 * drawings` bytes, and not given back before this returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn course_learn_on(at: *const u8, drawings: usize) -> u32 {
    // SAFETY: As is asked of the caller.
    let bytes = unsafe { bytes_at(at, 785 * drawings) };
    let drawings: Vec<Drawn> = bytes.as_chunks::<785>().0.iter().map(Drawn::of_bytes).collect();
    let digits = DIGITS.with_borrow(Clone::clone).context("the digits come first");
    let models = MODELS.with_borrow(Clone::clone).context("the models come first");
    let learned = digits.and_then(|digits| {
        let learned = training::learn_on(&digits, &models?, &drawings, Page)?;
        let sure = learned.sure.iter().flatten().copied();
        let said = bytes_of(&learned.accuracies.into_iter().chain(sure).collect::<Vec<f32>>());
        let numbers = learned.models.to_bytes();
        MODELS.set(Some(learned.models));
        Ok([said, numbers].concat())
    });
    respond(learned)
}

/// A digit of the validation set: its 784 pixels from 0 to 255 and its label, 1 for a three, a byte each.
#[unsafe(no_mangle)]
pub extern "C" fn course_digit(index: usize) -> u32 {
    respond(DIGITS.with_borrow(|digits| {
        let (_, valid) = digits.as_ref().context("the digits come first")?;
        anyhow::ensure!(index < valid.len(), "digit {index} of {}", valid.len());
        let (x, y) = valid.get(index);
        let pixels = x.as_vec().into_iter().map(|pixel| (pixel * 255.0).round() as u8);
        Ok(pixels.chain(y.as_vec().into_iter().map(|label| label as u8)).collect())
    }))
}

/// Trains. The output is text, in lines: the fingerprint, then for each of the worst digits its number in the validation set
/// and how sure the model is that it is a 3.
#[unsafe(no_mangle)]
pub extern "C" fn course_train(
    model: u32,
    lr: f64,
    batch_size: usize,
    epochs: usize,
    seed: u32,
) -> u32 {
    let settings = Settings { model, lr, batch_size, epochs, seed: seed.into() };
    let digits = DIGITS.with_borrow(Clone::clone).context("the digits come first");
    let trained = digits.and_then(|digits| training::train(&digits, &settings, Page));
    respond(trained.map(|trained| {
        let worst = trained.worst.iter().map(|(index, p)| format!("{index} {p}"));
        let lines: Vec<String> =
            std::iter::once(trained.fingerprint.clone()).chain(worst).collect();
        lines.join("\n").into_bytes()
    }))
}

/// Hands everything on to JavaScript.
struct Page;

impl Watch for Page {
    fn batch(&mut self, epoch: usize, batch: usize, batches: usize, smooth_loss: f32) {
        let [epoch, batch, batches] = [epoch, batch, batches].map(|number| number as f32);
        Told::Batch.say(&bytes_of(&[epoch, batch, batches, smooth_loss]));
    }

    fn epoch(&mut self, epoch: usize, row: &[f32], weights: &[f32]) {
        // With the digits of the `Learner`'s table, or, if there is nothing but an accuracy, those of the chapter's loop.
        let digits = if row.len() == 1 { 4 } else { 6 };
        let numbers: Vec<String> = row.iter().map(|number| format!("{number:.digits$}")).collect();
        Told::Row.say(format!("{epoch} {}", numbers.join(" ")).as_bytes());
        Told::Weights.say(&bytes_of(weights));
    }
}

#[cfg(test)]
mod tests;
