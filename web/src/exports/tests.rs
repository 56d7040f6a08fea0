//! The functions, called as JavaScript calls them.

use super::*;

/// A copy of the bytes in the module's memory.
fn sent(bytes: &[u8]) -> *mut u8 {
    let at = course_alloc(bytes.len());
    // SAFETY: There is room for as many bytes.
    unsafe { std::slice::from_raw_parts_mut(at, bytes.len()) }.copy_from_slice(bytes);
    at
}

fn output() -> Vec<u8> {
    // SAFETY: The output lies there until the next call, and is copied before.
    unsafe { std::slice::from_raw_parts(course_output(), course_output_len()) }.to_vec()
}

fn text() -> String {
    String::from_utf8(output()).unwrap()
}

fn sample() -> Vec<u8> {
    std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/mnist_sample.tgz")).unwrap()
}

/// The last line of a snapshot of the book.
fn printed(cell: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/snapshots");
    let text = std::fs::read_to_string(format!("{folder}/{cell}.snap")).unwrap();
    text.lines().last().unwrap().to_string()
}

#[test]
fn a_training_tells_the_books_table_and_ends_at_its_fingerprint() {
    let sample = sample();
    // SAFETY: The pointer is that of the bytes.
    assert_eq!(unsafe { course_open_digits(sent(&sample), sample.len()) }, 1, "{}", text());
    assert_eq!(course_train(0, 1.0, 256, 10, 42), 1, "{}", text());
    assert_eq!(text().lines().next().unwrap(), printed("11_learner__fingerprint"));
    assert_eq!(text().lines().count(), 10);

    let told = TOLD.take();
    let rows = told.iter().filter(|(what, _)| *what == Told::Row as u32);
    let rows: Vec<String> = rows.map(|(_, row)| String::from_utf8(row.clone()).unwrap()).collect();
    let last = printed("11_learner__fit");
    let without_time: Vec<&str> = last.split_whitespace().take(4).collect();
    assert_eq!(rows.last().unwrap(), &without_time.join(" "));
    // 12,396 digits are 49 batches of 256.
    assert_eq!(told.iter().filter(|(what, _)| *what == Told::Batch as u32).count(), 10 * 49);

    // The loop of chapter 9, which prints an accuracy for each of its epochs, the first of them alone.
    assert_eq!(course_train(2, 1.0, 256, 21, 42), 1, "{}", text());
    assert_eq!(text().lines().next().unwrap(), printed("09_training_loop__fingerprint"));
    let told = TOLD.take();
    let mut rows = told.iter().filter(|(what, _)| *what == Told::Row as u32);
    let last = String::from_utf8(rows.next_back().unwrap().1.clone()).unwrap();
    let accuracies = printed("09_training_loop__twenty_epochs");
    assert_eq!(last, format!("20 {}", accuracies.split_whitespace().last().unwrap()));

    assert_eq!(course_train(0, -1.0, 256, 3, 42), 0);
    assert!(text().contains("learning rate"), "{}", text());
    assert_eq!((course_train(7, 1.0, 256, 1, 42), course_train(0, 1.0, 0, 1, 42)), (0, 0));
    assert_eq!((course_digit(0), output().len(), output()[784]), (1, 785, 1));
    assert_eq!((course_digit(2037), output()[784]), (1, 0));
    assert_eq!(course_digit(2038), 0);
}

/// The bytes of a file that the pages load.
fn touch(name: &str) -> Vec<u8> {
    let path = crate::assets::repository().join(format!("book/src/touch/{name}.js"));
    crate::assets::bytes_of_script(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_net_learns_a_drawing_and_keeps_the_others() {
    let (sample, models) = (sample(), [touch("ideals"), touch("models")].concat());
    // SAFETY: The pointers are those of the bytes.
    let opened = unsafe {
        let digits = course_open_digits(sent(&sample), sample.len());
        (digits, course_open_models(sent(&models), models.len()))
    };
    assert_eq!(opened, (1, 1), "{}", text());
    // Of the validation set the digit that the net has wrong, but nearly right. (Of those that it is sure of, it hardly
    // learns: there the sigmoid is flat.)
    let wrong = (0..2038).filter_map(|index| {
        assert_eq!(course_digit(index), 1);
        let drawing = output();
        // SAFETY: There are as many bytes as a digit has, and one more.
        assert_eq!(unsafe { course_answers(drawing.as_ptr()) }, 1);
        let sure = f32::from_le_bytes(output()[12..16].try_into().unwrap());
        ((sure > 0.5) != (drawing[784] == 1)).then_some(((sure - 0.5).abs(), drawing))
    });
    let (_, drawing) = wrong.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
    // SAFETY: There are as many bytes as a drawing has.
    assert_eq!(unsafe { course_learn_on(sent(&drawing), 1) }, 1, "{}", text());
    let output = output();
    let said: Vec<f32> =
        output.as_chunks().0.iter().take(4).copied().map(f32::from_le_bytes).collect();
    let [was_right, is_right, was_3, is_3] = said[..] else { panic!("{said:?}") };
    assert!((was_right - 0.9828).abs() < 0.0001 && is_right > 0.95, "{said:?}");
    let is_right = |three: f32| (three > 0.5) == (drawing[784] == 1);
    assert!(!is_right(was_3) && is_right(is_3), "{said:?}");
    assert_eq!(output.len(), 4 * 4 + models.len());
    // The ideal digits and the linear model stay what they were.
    assert!(output[16..][..4 * (2 * 784 + 785)] == models[..4 * (2 * 784 + 785)]);
    // SAFETY: As above; no drawing has no bytes.
    assert_eq!(unsafe { course_learn_on(sent(&[]), 0) }, 0);
    assert_eq!(text(), "There is no drawing to learn from.");
}

#[test]
fn the_net_for_ten_digits_is_asked_after_it_is_opened() {
    let (net, empty) = (touch("ten_digits"), [0; 784]);
    // SAFETY: The pointers are those of the bytes.
    unsafe {
        assert_eq!(course_ten_digits(sent(&empty)), 0);
        assert_eq!(text(), "the net comes first");
        assert_eq!(course_open_ten_digits(sent(&net), net.len() - 4), 0);
        assert_eq!(course_open_ten_digits(sent(&net), net.len()), 1);
        assert_eq!(course_ten_digits(sent(&empty)), 1);
    }
    let sure: f32 = output().as_chunks().0.iter().copied().map(f32::from_le_bytes).sum();
    assert!(output().len() == 40 && (sure - 1.0).abs() < 1e-5, "{sure}");
}

#[test]
fn a_drawing_is_prepared_and_an_empty_one_has_one_step() {
    let mut drawing = vec![0; 112 * 112];
    let at = sent(&drawing);
    // SAFETY: There are as many bytes.
    assert_eq!(unsafe { course_prepare(at, 112) }, 1);
    assert_eq!(output().len(), 4 + 784);
    drawing.chunks_mut(112).skip(5).take(60).for_each(|row| row[3..12].fill(255));
    let at = sent(&drawing);
    // SAFETY: As above, and given back once.
    assert_eq!(unsafe { course_prepare(at, 112) }, 1);
    let output = output();
    assert_eq!(output[..4], [28, 0, 28, 0]);
    let digit = &output[output.len() - 784..];
    assert!(digit[14 * 28 + 14] > 200 && digit[14 * 28 + 3] == 0);
    // SAFETY: The bytes are those of `at`, and nobody uses them later.
    unsafe { course_free(at, drawing.len()) };
}

#[test]
fn what_comes_in_the_wrong_order_or_damaged_is_an_error_in_words() {
    let at = sent(&[0; 784]);
    // SAFETY: There are as many bytes.
    assert_eq!(unsafe { course_answers(at) }, 0);
    assert_eq!(text(), "the models come first");
    // SAFETY: As above.
    assert_eq!(unsafe { course_open_models(at, 784) }, 0);
    assert!(text().contains("these are 784 bytes"), "{}", text());
    // SAFETY: As above; these bytes are never given back.
    assert_eq!(unsafe { course_open_digits(at, 784) }, 0);
    assert!(text().contains("SHA-256"), "{}", text());
    assert_eq!(course_train(0, 1.0, 256, 1, 42), 0);
    assert_eq!(text(), "the digits come first");
}
