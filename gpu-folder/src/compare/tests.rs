//! What a cell may print on a GPU, by its rule.

use super::*;
use crate::outputs::CHAPTERS;
use crate::rules::{CHAOTIC, COUNTS, SUMS, TRAINED, TRAINED_COUNTS};

fn cell(chapter: &str, name: &str) -> &'static Cell {
    let chapter = CHAPTERS.iter().find(|other| other.name == chapter).unwrap();
    chapter.cells.iter().find(|cell| cell.name == name).unwrap()
}

/// The verdict when `from` in the accepted output has become `to`.
#[track_caller]
fn verdict(at: (&str, &str), rule: Rule, from: &str, to: &str) -> Verdict {
    let cell = cell(at.0, at.1);
    assert!(cell.accepted().contains(from), "no {from} in {}", cell.accepted());
    compare(cell, rule, &cell.accepted().replacen(from, to, 1))
}

#[track_caller]
fn near(at: (&str, &str), rule: Rule, from: &str, to: &str) {
    let verdict = verdict(at, rule, from, to);
    assert!(matches!(verdict, Verdict::Near(used) if used > 0. && used <= 1.), "{verdict:?}");
}

#[track_caller]
fn different(at: (&str, &str), rule: Rule, from: &str, to: &str, message: &str) {
    match verdict(at, rule, from, to) {
        Verdict::Different(said) => assert!(said.contains(message), "{said}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_accepted_output_is_the_same_by_any_rule() {
    for chapter in CHAPTERS {
        for cell in chapter.cells {
            for rule in [Rule::Exact, Rule::OtherDevice, SUMS, TRAINED, CHAOTIC, COUNTS] {
                assert_eq!(compare(cell, rule, cell.accepted()), Verdict::Same, "{}", cell.name);
            }
        }
    }
}

const LOSS: (&str, &str) = ("09_training_loop", "loss");
const FIT: (&str, &str) = ("13_neural_net", "fit");

#[test]
fn a_number_may_be_off_within_the_bound_and_no_further() {
    near(LOSS, SUMS, "0.9995", "0.9996");
    different(LOSS, SUMS, "0.9995", "0.9895", "`tensor(0.9895)` in place of `tensor(0.9995)`");
    different(LOSS, SUMS, "0.9995", "NaN", "in place of");
    different(LOSS, Rule::Exact, "0.9995", "0.9996", "in place of");
    near(FIT, TRAINED, "0.305422", "0.305600");
    different(FIT, TRAINED, "0.305422", "0.405422", "is off by more than");
}

#[test]
fn chaos_has_an_end() {
    let fit = ("15_resnet", "fit");
    near(fit, CHAOTIC, "0.989205", "0.995000");
    different(fit, CHAOTIC, "0.989205", "0.960000", "is off by more than");
    near(fit, CHAOTIC, "0.179944", "0.200000");
    different(fit, CHAOTIC, "0.179944", "0.350000", "is off by more than");
    different(fit, CHAOTIC, "\n0 ", "\n1 ", "is off by more than");
    let wrong = ("13_neural_net", "interp");
    near(wrong, TRAINED_COUNTS, "35 of", "37 of");
    different(wrong, TRAINED_COUNTS, "35 of", "50 of", "is off by more than");
    let wrong = ("16_recipe", "interp");
    let count: usize =
        cell(wrong.0, wrong.1).accepted().split(' ').next().unwrap().parse().unwrap();
    let (from, more) = (format!("{count} of"), |by| format!("{} of", count + by));
    near(wrong, COUNTS, &from, &more(9));
    different(wrong, COUNTS, &from, &more(30), "is off by more than");
    different(("16_recipe", "solution_small"), CHAOTIC, "23954", "23955", "off by more than");
}

#[test]
fn text_and_counts_have_to_be_the_same() {
    different(LOSS, SUMS, "tensor", "vector", "in place of");
    different(FIT, TRAINED, "valid_loss", "other_loss", "in place of");
    let range = ("08_mini_batches", "range");
    different(range, SUMS, "12", "11", "in place of");
    let cell = cell(FIT.0, FIT.1);
    let shorter: Vec<&str> = cell.accepted().lines().skip(1).collect();
    let verdict = compare(cell, TRAINED, &shorter.join("\n"));
    assert!(matches!(verdict, Verdict::Different(_)), "{verdict:?}");
}

#[test]
fn a_fingerprint_may_be_another_one_but_no_other_text() {
    let at = ("09_training_loop", "fingerprint");
    let accepted = "74471a64499e0f27";
    let rule = Rule::OtherFingerprint;
    assert_eq!(verdict(at, rule, accepted, "979f3c0d70ee8fb6"), Verdict::Near(1.));
    different(at, rule, accepted, "NaN", "in place of");
    different(at, TRAINED, accepted, "979f3c0d70ee8fb6", "in place of");
}

#[test]
fn a_type_may_name_the_other_device() {
    let at = ("02_pixels", "im3_t_type");
    assert_eq!(verdict(at, Rule::OtherDevice, "u8, Cpu>", "u8, Cuda>"), Verdict::Same);
    different(at, Rule::OtherDevice, "u8, Cpu>", "f32, Cuda>", "in place of");
    different(at, SUMS, "u8, Cpu>", "u8, Cuda>", "in place of");
}

#[test]
fn a_time_may_be_any() {
    assert_eq!(verdict(FIT, SUMS, "00:00", "00:59"), Verdict::Same);
    assert_eq!(verdict(FIT, Rule::Exact, "00:00", "00:59"), Verdict::Same);
}

#[test]
fn the_line_of_a_plot_may_move_a_little_and_its_labels_not_at_all() {
    let plot = ("05_gradients", "plot_f");
    near(plot, SUMS, "points=\"343,60 ", "points=\"343,62 ");
    different(plot, SUMS, "points=\"343,60 ", "points=\"343,82 ", "off by more than");
    different(plot, SUMS, "\n2\n", "\n4\n", "`4` in place of `2`");
    different(plot, CHAOTIC, "image/svg+xml", "image/png", "in place of");
}

#[test]
fn pictures_are_compared_by_their_pixels() {
    let picture = |pixels: &[u8]| {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, pixels.len() as u32, 1);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.write_header().unwrap().write_image_data(pixels).unwrap();
        BASE64_STANDARD.encode(bytes)
    };
    let Rule::Near(bound) = SUMS else { panic!("no bound") };
    let compare = |a: &[u8], b: &[u8]| super::picture(&picture(a), &picture(b), &bound);
    assert_eq!(compare(&[1, 2, 3], &[1, 2, 3]), Ok(0.));
    assert_eq!(compare(&[1, 2, 3], &[1, 3, 3]), Ok(0.5));
    assert!(compare(&[1, 2, 3], &[1, 9, 3]).unwrap_err().contains("off by 7 of 255"));
    assert!(compare(&[1, 2, 3], &[1, 2]).unwrap_err().contains("a picture of 2 x 1"));
    assert!(super::picture("iVBO", &picture(&[1]), &bound).is_err());
    // The same within a table of pictures.
    let table = |pixels: &[u8]| format!("<img src=\"data:image/png;base64,{}\">", picture(pixels));
    assert_eq!(markup(&table(&[1, 2]), &table(&[1, 3]), &bound), Ok(0.5));
    assert!(markup(&table(&[1, 2]), &table(&[1, 99]), &bound).is_err());
}
