//! How the chapters are written. That the numbers in their text were printed is a setting of the book's own.

use mdbook_literate::book::Book;

/// Wider code scrolls sideways beside the sidebar of a page.
#[test]
fn code_fits_into_84_columns() {
    let book = Book::open("book").unwrap();
    let mut wrong = Vec::new();
    for (_, chapter) in book.chapters().unwrap() {
        let chapter = chapter.unwrap();
        let mut rust = false;
        for (number, line) in (1..).zip(&chapter.lines) {
            let hidden = line.starts_with("//|") || line.starts_with("# ");
            match line.strip_prefix("```") {
                Some(info) => rust = info.starts_with("rust"),
                None if rust && !hidden && line.chars().count() > 84 => {
                    wrong.push(format!("{}:{number}: {line}", chapter.file));
                }
                None => {}
            }
        }
    }
    assert!(wrong.is_empty(), "wider than 84 columns:\n{}", wrong.join("\n"));
}

#[test]
fn each_figure_has_a_caption() {
    let book = Book::open("book").unwrap();
    let mut wrong = Vec::new();
    for (_, chapter) in book.chapters().unwrap() {
        let chapter = chapter.unwrap();
        for cell in &chapter.cells {
            let code = chapter.lines[cell.open..].iter().take_while(|line| line.starts_with("//|"));
            let of = |key: &str| code.clone().filter(|line| line.contains(key)).count();
            if of("//| fig-alt:") != of("//| fig-cap:") {
                wrong.push(format!("{}:{}: cell `{}`", chapter.file, cell.open, cell.name));
            }
        }
    }
    assert!(wrong.is_empty(), "a `fig-cap` for each `fig-alt`, please:\n{}", wrong.join("\n"));
}
