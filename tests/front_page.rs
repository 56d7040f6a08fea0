//! The ladder of accuracies and the cards of the chapters on the book's first page, made from the chapters and
//! their accepted outputs.

use std::fmt::Write as _;
use std::fs;

use mdbook_literate::book::Book;
use mdbook_literate::chapter::Chapter;
use mdbook_literate::snapshots;
use regex::Regex;

/// The chapters that are a step up: which cell prints the accuracy, as which of its numbers (from the end).
const LADDER: [(&str, &str, usize, &str); 4] = [
    ("04_broadcasting", "accuracy", 1, "Compare with the average digits"),
    ("09_training_loop", "twenty_epochs", 1, "A weight for each pixel, learned"),
    ("13_neural_net", "final_accuracy", 1, "A neural net with thirty features"),
    ("16_recipe", "fit_better", 3, "A deep net, and a good recipe"),
];

/// Cards whose picture is of another chapter or cell than the first of their own; and which picture of the cell.
const PICTURES: [(&str, &str, &str, usize); 9] = [
    ("01_data", "03_pixel_similarity", "a_7", 0),
    ("04_broadcasting", "04_broadcasting", "show_ideal_digits", 1),
    ("08_mini_batches", "15_resnet", "show_batch", 4),
    ("09_training_loop", "09_training_loop", "show_change", 0),
    ("10_optimizer", "06_fitting_a_curve", "plot_losses", 0),
    ("11_learner", "13_neural_net", "plot_accuracy", 0),
    ("12_callbacks", "05_gradients", "plot_slope", 0),
    ("13_neural_net", "13_neural_net", "show_weights", 7),
    ("14_convolution", "14_convolution", "edges", 1),
];

fn accepted(book: &Book, chapter: &str, cell: &str) -> String {
    snapshots::accepted(book, chapter, cell)
        .unwrap_or_else(|| panic!("no output of {chapter}, {cell}"))
}

fn ladder(book: &Book) -> String {
    let number = Regex::new(r"\d\.\d+").unwrap();
    let mut html = String::from("<ol class=\"ladder\">\n");
    for (chapter, cell, from_end, what) in LADDER {
        let output = accepted(book, chapter, cell);
        let numbers: Vec<f64> =
            number.find_iter(&output).map(|found| found.as_str().parse().unwrap()).collect();
        // The last row of a table ends with the accuracy.
        let at = if from_end == 1 { numbers.len() - 1 } else { numbers.len() / 3 * 3 - 1 };
        let right = 100.0 * numbers[at];
        let wrong = 1000.0 - 10.0 * right;
        // 99.95 is not 100.0.
        let decimals = if right >= 99.95 { 2 } else { 1 };
        writeln!(
            html,
            "<li><a href=\"{chapter}.html\">{what}</a> <strong>{right:.decimals$}&nbsp;%</strong>\
             <span class=\"wrong\" style=\"--wrong:{wrong:.1}\">{wrong:.1} of 1000 wrong</span></li>"
        )
        .unwrap();
    }
    html + "</ol>\n"
}

/// The first pictures in an output, as elements of a page without a text of their own; drawings only if small.
fn pictures(output: &str) -> Vec<String> {
    let png = Regex::new(r"(?s)\[\[figure image/png[^\]]*\]\]\n(.*?)\n\[\[/figure\]\]").unwrap();
    let source = Regex::new(r#"src="(data:image/png;base64,[^"]+)""#).unwrap();
    let svg = Regex::new(r"(?s)<svg.*?</svg>").unwrap();
    let image = |src: &str| format!("<img class=\"pixelated\" src=\"{src}\" alt=\"\">");
    let single = png
        .captures_iter(output)
        .map(|found| image(&format!("data:image/png;base64,{}", found[1].replace('\n', ""))));
    let several = source.captures_iter(output).map(|found| image(&found[1]));
    let drawn = svg.find_iter(output).filter(|found| found.len() < 12_000);
    let drawn = drawn.map(|found| found.as_str().replacen("<svg", "<svg aria-hidden=\"true\"", 1));
    single.chain(several).chain(drawn).collect()
}

fn picture(book: &Book, chapter: &Chapter) -> String {
    let chosen = PICTURES.iter().find(|(of, ..)| *of == chapter.name);
    if let Some((_, from, cell, at)) = chosen {
        return pictures(&accepted(book, from, cell)).swap_remove(*at);
    }
    let outputs = chapter
        .cells
        .iter()
        .filter_map(|cell| snapshots::accepted(book, &chapter.name, &cell.name));
    outputs.flat_map(|output| pictures(&output)).next().unwrap_or_default()
}

/// Minutes to read it: 180 words of prose a minute, and half a minute for each cell.
fn minutes(chapter: &Chapter) -> usize {
    let mut code = false;
    let mut words = 0;
    for line in &chapter.lines {
        if line.starts_with("```") {
            code = !code;
        } else if !code {
            words += line.split_whitespace().count();
        }
    }
    (words.div_ceil(180) + chapter.cells.len() / 2).div_ceil(5) * 5
}

fn cards(book: &Book) -> String {
    let summary = fs::read_to_string("book/src/SUMMARY.md").unwrap();
    let mut html = String::from("<ol class=\"cards\">\n");
    for (path, chapter) in book.chapters().unwrap() {
        let chapter = chapter.unwrap();
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let numbered = chapter.name.starts_with(|c: char| c.is_ascii_digit());
        let line = summary.lines().find(|line| line.contains(&format!("]({file})")));
        let (Some(line), true) = (line, numbered) else { continue };
        let title = line.trim_start_matches("- [").split("](").next().unwrap();
        let page = file.replace(".md", ".html");
        writeln!(
            html,
            "<li><a href=\"{page}\"><span class=\"picture\">{}</span>\
             <span class=\"title\">{title}</span></a> <span class=\"minutes\">{} min</span></li>",
            picture(book, &chapter).replace('\n', ""),
            minutes(&chapter)
        )
        .unwrap();
    }
    html + "</ol>\n"
}

#[test]
fn the_front_page_is_made_from_the_chapters() {
    let book = Book::open("book").unwrap();
    let mut anew = Vec::new();
    for (file, html) in [("ladder", ladder(&book)), ("cards", cards(&book))] {
        let file = format!("book/front/{file}.html");
        if fs::read_to_string(&file).unwrap_or_default() != html {
            fs::write(&file, html).unwrap();
            anew.push(file);
        }
    }
    assert!(
        anew.is_empty(),
        "written anew: {}; look at the page, and run this again",
        anew.join(", ")
    );
}
