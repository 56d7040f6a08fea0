//! The chapters of the book: each cell is a test of its own.
mdbook_literate::test_book!("book");
