//! The page "From fastai to Rust": what has become of each cell of the notebook.
//!
//! `book/notebook/cells.tsv` says it, in columns: the cell's number, what it does, where that is here
//! (`chapter::cell`, or `chapter#heading`, or `-` if nothing is needed), and a remark. The tables of the page are
//! made from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use mdbook_literate::book::Book;

const TABLES: &str = "book/notebook/cells.md";

struct Row {
    number: usize,
    does: String,
    here: String,
    remark: String,
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string("book/notebook/cells.tsv").unwrap();
    let row = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let [number, does, here, remark] = fields[..] else { panic!("four columns: {line}") };
        let [does, here, remark] = [does, here, remark].map(String::from);
        Row { number: number.parse().unwrap(), does, here, remark }
    };
    text.lines().skip(1).map(row).collect()
}

/// The chapter that a row belongs to: its own, or that of the row before.
fn chapter(row: &Row) -> Option<&str> {
    (row.here != "-").then(|| row.here.split(['#', ':']).next().unwrap())
}

/// The titles of the chapters, with their numbers.
fn titles() -> BTreeMap<String, String> {
    let summary = fs::read_to_string("book/src/SUMMARY.md").unwrap();
    let lines = summary.lines().filter_map(|line| line.strip_prefix("- [")?.split_once("]("));
    lines
        .enumerate()
        .map(|(at, (title, file))| {
            (file.trim_end_matches(".md)").to_string(), format!("{}. {title}", at + 1))
        })
        .collect()
}

fn tables(rows: &[Row]) -> String {
    let titles = titles();
    let mut text = String::new();
    let mut last = None;
    for row in rows {
        let of = chapter(row).or(last).unwrap_or("01_data");
        if last != Some(of) {
            let (title, end) = (&titles[of], if last.is_some() { "\n" } else { "" });
            let _ = writeln!(text, "{end}### [{title}]({of}.md)\n");
            text.push_str("| cell | in the notebook | here | |\n| ---: | --- | --- | --- |\n");
        }
        last = Some(of);
        let here = match row.here.split_once("::") {
            Some((chapter, cell)) => format!("[`{cell}`]({chapter}.md#cell-{cell})"),
            None => match row.here.split_once('#') {
                Some((chapter, heading)) => format!("[text]({chapter}.md#{heading})"),
                None => "not needed".to_string(),
            },
        };
        let _ = writeln!(text, "| {} | {} | {here} | {} |", row.number, row.does, row.remark);
    }
    text
}

#[test]
fn each_of_the_notebooks_cells_has_a_row() {
    let numbers: Vec<usize> = rows().iter().map(|row| row.number).collect();
    assert_eq!(numbers, Vec::from_iter(1..=144));
    for row in rows() {
        assert!(!row.does.is_empty(), "cell {}: say what it does", row.number);
    }
}

#[test]
fn what_a_row_names_is_in_the_book() {
    let book = Book::open("book").unwrap();
    let mut there = BTreeSet::new();
    for (_, chapter) in book.chapters().unwrap() {
        let chapter = chapter.unwrap();
        there.extend(chapter.cells.iter().map(|cell| format!("{}::{}", chapter.name, cell.name)));
    }
    for row in rows() {
        // Links to headings are checked where the book is built, as all links are.
        if row.here.contains("::") {
            assert!(there.contains(&row.here), "cell {}: no `{}`", row.number, row.here);
        } else if row.here == "-" {
            let said = !row.remark.is_empty() || row.does.contains("switched off");
            assert!(said, "cell {}: say why nothing is needed", row.number);
        }
    }
}

/// Writes the tables anew if they are not, so that all there is to do is to look and commit.
#[test]
fn the_tables_are_made_from_the_list() {
    let tables = tables(&rows());
    if fs::read_to_string(TABLES).unwrap_or_default() != tables {
        fs::write(TABLES, tables).unwrap();
        panic!("{TABLES} was out of step with cells.tsv. It has been written anew; run this again");
    }
}
