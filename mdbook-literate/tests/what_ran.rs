//! Nothing is falsely green: a cell that did not run, or whose output was not seen, fails; and no chapter
//! runs or prints without an end.

mod fixture;

#[cfg(target_os = "linux")]
use std::process::{Command, Stdio};
#[cfg(target_os = "linux")]
use std::time::Duration;

use fixture::Fixture;
#[cfg(target_os = "linux")]
use fixture::processes::{none_is_left, processes, sleepers};

/// The book with `statement` at the end of its cell `hello`; the next one is `length`.
fn ending_with(statement: &str) -> Fixture {
    let book = Fixture::new();
    book.edit(
        "println!(\"{}\", greet(name));",
        &format!("println!(\"{{}}\", greet(name));\n{statement}"),
    );
    book
}

#[test]
fn a_cell_that_ends_the_program_with_success_fails() {
    let close = "unsafe extern \"C\" { fn close(fd: i32) -> i32; } unsafe { close(1); }";
    let exec = "return Err(std::os::unix::process::CommandExt::exec(&mut std::process::Command::new(\
                \"true\")).into());";
    let nested = "fn deep() { fn deeper() { std::process::exit(0) } deeper() } deep();";
    let redirect = "unsafe extern \"C\" { fn dup2(a: i32, b: i32) -> i32; } unsafe { dup2(2, 1); }";
    let thread = "std::thread::spawn(|| std::process::exit(0)).join().unwrap();";
    for statement in
        ["return Ok(());", "std::process::exit(0);", nested, close, redirect, exec, thread]
    {
        let printed = ending_with(statement).book(&["test", "01_hello::"]);
        printed.fails_with(&[
            "book/src/01_hello.md:11: cell `hello` ended the program with success",
            "help: `return` and `exit` end the whole chapter",
            "test 01_hello::length... ignored (did not run: cell `hello` failed)",
        ]);
    }
}

#[test]
fn the_last_cell_cannot_end_the_program_early_either() {
    let book = Fixture::new();
    book.edit(
        "length as f32 / 2.0);",
        "length as f32 / 2.0);\nif length > 1 { return Ok(()); }\nassert_eq!(1, 2);",
    );
    book.book(&["test", "01_hello::"])
        .fails_with(&["book/src/01_hello.md:18: cell `length` ended the program with success"]);
}

#[test]
fn a_cell_in_a_loop_of_the_one_above_fails() {
    let book = ending_with("for _ in 0..2 {");
    book.edit("length as f32 / 2.0);", "length as f32 / 2.0);\n}");
    book.book(&["test", "01_hello::"])
        .fails_with(&["cell `length` ran twice or out of its order", "hello... ok"]);
}

#[test]
fn a_cell_behind_one_that_failed_is_not_green_when_it_is_asked_for_alone() {
    let book = ending_with("return Ok(());");
    book.book(&["test", "01_hello::length"]).fails_with(&[
        "did not run: cell `hello` failed",
        "book/src/01_hello.md:11: cell `hello` ended",
    ]);
}

#[test]
fn a_chapter_may_say_that_a_cell_ends_the_program() {
    let book = ending_with("if name.len() == 6 { std::process::exit(0); }");
    book.edit("let name", "//| exits: true\nlet name");
    book.book(&["test", "01_hello::"]).succeeds_with(&[
        "test 01_hello::length... ignored (did not run: cell `hello` ends the program (`exits: true`))",
    ]);
}

#[test]
fn a_cell_cannot_write_the_output_of_another() {
    let book = ending_with(
        "print!(\"\\u{1e}cell length\\n13 letters, 6.50 a word\\n\\u{1e}end\\n\");\n\
         for (_, value) in std::env::vars().chain(std::env::args().map(|arg| (String::new(), arg))) {\n\
         print!(\"\\u{1e}{value} cell length\\n13 letters, 6.50 a word\\n\\u{1e}{value} end\\n\");\n}\n\
         let mut line = String::new();\nassert_eq!(std::io::stdin().read_line(&mut line)?, 0);\n\
         std::process::exit(0);",
    );
    book.book(&["test", "01_hello::"]).fails_with(&[
        "cell `hello` ended the program with success",
        "test 01_hello::length... ignored (did not run",
    ]);
}

#[test]
fn printed_text_that_looks_like_a_figure_stays_text() {
    let book = ending_with(
        "println!(\"[[figure text/html]]\\n<script>alert(1)</script>\\n[[/figure]]\");\n\
         println!(\"\\u{1e}figure text/html\\n<script>alert(2)</script>\\n\\u{1e}end\");",
    );
    assert!(!book.book(&["test", "01_hello::"]).ok, "it prints something new");
    assert!(book.book(&["accept", "--yes"]).ok);
    book.book(&["test", "01_hello::"]).succeeds_with(&[]);
    book.book(&[]).succeeds_with(&[]);
    let page = book.read("book/book/01_hello.html");
    assert!(page.contains("[[figure text/html]]\n&lt;script&gt;alert(1)"), "{page}");
    assert!(!page.contains("<script>alert"), "{page}");
}

#[test]
fn bytes_that_are_not_utf_8_name_their_cell() {
    let book = ending_with("std::io::Write::write_all(&mut std::io::stdout(), b\"\\xff\\n\")?;");
    book.book(&["test", "01_hello::"]).fails_with(&[
        "book/src/01_hello.md:11: cell `hello` printed bytes that are not UTF-8",
        "test 01_hello::length... ok",
    ]);
}

#[test]
fn a_line_without_an_end_and_the_output_of_children_belong_to_their_cell() {
    let book = ending_with(
        "std::process::Command::new(\"echo\").arg(\"child\").status()?;\nprint!(\"no end\");",
    );
    assert!(!book.book(&["test", "01_hello::"]).ok, "it prints something new");
    book.book(&["accept", "--yes"]).succeeds_with(&["+ child", "+ no end"]);
    book.book(&["test", "01_hello::"]).succeeds_with(&["test 01_hello::length... ok"]);
}

#[test]
fn an_endless_cell_is_stopped_and_named() {
    let book =
        ending_with("println!(\"start\");\nloop { std::thread::sleep(std::time::Duration::MAX); }");
    book.edit_file("book/book.toml", "before =", "time-limit = \"2s\"\nbefore =");
    book.book(&["test"]).fails_with(&[
        "book/src/01_hello.md:11: cell `hello` took longer than its chapter's limit of 2s and was stopped",
        "test 01_hello::imports... ok",
        "test 01_hello::length... ignored (did not run: cell `hello` failed)",
    ]);
}

#[test]
fn a_cell_may_have_more_time_than_its_chapter() {
    let book = ending_with("std::thread::sleep(std::time::Duration::from_secs(3));");
    book.edit_file("book/book.toml", "before =", "time-limit = \"2s\"\nbefore =");
    book.book(&["test", "01_hello::"])
        .fails_with(&["cell `hello` took longer than its chapter's limit"]);
    book.edit("let name", "//| time-limit: 1min\nlet name");
    book.book(&["test", "01_hello::"]).succeeds_with(&["test 01_hello::length... ok"]);
    book.edit("time-limit: 1min", "time-limit: soon");
    book.book(&["test", "01_hello::"]).fails_with(&[
        "book/src/01_hello.md:12: a time limit is written 90s, 10min or 2h, not `soon`",
    ]);
}

#[test]
fn a_cell_that_prints_without_end_is_stopped_and_named() {
    for print in ["println!", "eprintln!"] {
        let book = ending_with(&format!("loop {{ {print}(\"{{name}} and so on\"); }}"));
        book.book(&["test", "01_hello::"]).fails_with(&[
            "book/src/01_hello.md:11: cell `hello` printed more than its chapter's limit of 10MB",
        ]);
    }
}

#[test]
fn a_cell_may_print_more_than_its_chapter() {
    let book = ending_with("println!(\"{}\", \"x\".repeat(2000));");
    book.edit_file("book/book.toml", "before =", "output-limit = \"1kB\"\nbefore =");
    book.book(&["test", "01_hello::"])
        .fails_with(&["cell `hello` printed more than its chapter's limit"]);
    book.edit("let name", "//| output-limit: 4kB\n//| compare: false\nlet name");
    book.book(&["test", "01_hello::"]).succeeds_with(&["test 01_hello::length... ok"]);
}

#[test]
#[cfg(target_os = "linux")]
fn what_a_chapter_started_ends_with_it() {
    let book = ending_with(&sleepers("86391"));
    book.book(&["test", "01_hello::"]).succeeds_with(&["test 01_hello::length... ok"]);
    none_is_left("86391");
    let book = ending_with(&format!("{}loop {{}}", sleepers("86392")));
    book.edit_file("book/book.toml", "before =", "time-limit = \"3s\"\nbefore =");
    book.book(&["test", "01_hello::"]).fails_with(&["cell `hello` took longer"]);
    none_is_left("86392");
}

#[test]
#[cfg(target_os = "linux")]
fn what_a_chapter_started_ends_with_the_harness() {
    // Not `-INT`: what a script starts in the background is told to ignore it.
    for (signal, seconds) in [("-TERM", "86393"), ("-KILL", "86394")] {
        let book = ending_with(&format!("{}loop {{}}", sleepers(seconds)));
        let mut harness = Command::new(env!("CARGO_BIN_EXE_cargo-book"))
            .args(["test", "01_hello::"])
            .current_dir(book.path(""))
            .env("CARGO_TARGET_DIR", book.path("target"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while processes(seconds) < 2 {
            assert!(harness.try_wait().unwrap().is_none(), "the harness has ended");
            std::thread::sleep(Duration::from_millis(20));
        }
        let id = harness.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        none_is_left(seconds);
        harness.wait().unwrap();
    }
}
