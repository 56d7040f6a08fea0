//! What an example looks like.

use super::*;

const MAIN: &str = "fn main() -> std::fmt::Result";

#[track_caller]
fn made(markdown: &str) -> String {
    let chapter = Chapter::parse("01_steps", "book/src/01_steps.md", markdown).unwrap();
    let example = example(&chapter, MAIN).unwrap();
    let code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
    for (number, line) in (1..).zip(example.lines()).filter(|(_, line)| code(line)) {
        let source = chapter.lines.get(number - 1).map_or("", String::as_str);
        let ours = line.contains("fn main()") || line.contains("Ok(())") || line.contains('}');
        let ours = ours || line.contains("std::env::args()");
        assert!(ours || unhidden(source).trim() == line.trim(), "{number}: {line}, {source}");
    }
    example
}

#[test]
fn an_example_reads_as_written_by_hand() {
    let markdown = "\
# Steps

A [*first*](first.md) step.

Second line.

```rust,cell=imports
use std::fmt::Write;
```

Then

more.

```rust,cell=one
//| fig-alt: A point
//|   and no line
//| fig-cap: A point,
//|   drawn.
let x = 1;

# let hidden = 2;
```

```rust,cell=two
println!(\"{x}\");
```

```rust,cell=three
//| sanitize: x
println!(\"{hidden}\");
```

<details>
<summary>Why?</summary>

{{#include why.md}}

```rust,compile_fail,E0308
# let z = 1;
let y: u8 = \"no\";
```

</details>

```rust,cell=four
let end = 1;
```

The end.
";
    let expected = "\
//! Steps
//! Made from `book/src/01_steps.md` by `cargo book tangle`: edit that, not this.

// A *first* step.
//
// Second line.

use std::fmt::Write;

fn main() -> std::fmt::Result {
    // Then
    //
    // more.
    //
    //
    //

    // A point,
    // drawn.
    let x = 1;

    let hidden = 2;

    // two

    println!(\"{x}\");

    //
    //
    // three
    println!(\"{hidden}\");

    //
    //
    // Why?
    //

    //
    // ```rust,compile_fail,E0308
    // let z = 1;
    // let y: u8 = \"no\";
    // ```
    //
    //
    //

    let end = 1;

    Ok(())
}
";
    assert_eq!(made(markdown), expected);
}

#[test]
fn a_solution_runs_when_it_is_asked_for() {
    let made = made(
        "# A\n\nText\n\n```rust,cell=a\nf();\n```\n\nSolution\n\n\
             ```rust,cell=solution_a\n//| fig-cap: G\n//| echo: false\ng();\n\nh();\n```\n",
    );
    let expected = "\
//! A
//! Made from `book/src/01_steps.md` by `cargo book tangle`: edit that, not this.
// Text
fn main() -> std::fmt::Result {
    // a
    f();

    //
    // Solution
    //

    // G
    if std::env::args().any(|arg| arg == \"solution_a\") {
        g();

        h();
    }
    Ok(())
}
";
    assert_eq!(made, expected);
}

#[test]
fn the_second_line_says_what_an_example_is_made_from() {
    let example = made("# A\n\nText\n\n```rust,cell=a\nf();\n```\n");
    assert_eq!(made_from(&example), Some("book/src/01_steps.md"));
    let example = made("# A\nB\n\nText\n\n```rust,cell=a\nf();\n```\n");
    assert!(example.starts_with("//! A (Made from `book/src/01_steps.md` by"), "{example}");
    assert_eq!(made_from(&example), Some("book/src/01_steps.md"));
    assert_eq!(made_from("//! By hand\nfn main() {}\n"), None);
}

#[test]
fn a_chapter_may_have_nothing_but_imports_or_no_cells() {
    let example = made("# A\n\nText\n\n```rust,cell=a\nuse std::fmt;\n```\n");
    assert!(example.ends_with("use std::fmt;\n\nfn main() -> std::fmt::Result {\n    Ok(())\n}\n"));
    let chapter = Chapter::parse("a", "a.md", "# A\n").unwrap();
    assert_eq!(super::example(&chapter, MAIN), None);
}

#[test]
fn what_only_a_value_in_the_text_uses_is_used_below_its_cell() {
    let markdown = "\
# Steps

Text.

```rust,cell=one
let half = 3;
```

It is {{= half }}.

```rust,cell=two
let double = 6;
println!(\"{double}\");
```

Or {{= double / 2 }}.
";
    let chapter = Chapter::parse("01_steps", "book/src/01_steps.md", markdown).unwrap();
    let example = example(&chapter, MAIN).unwrap();
    let expected = "    let half = 3;\n    let _ = half;\n\n    // It is `half`.\n";
    assert!(example.contains(expected), "{example}");
    assert_eq!(example.matches("let _").count(), 1, "{example}");
}

#[test]
fn of_code_that_is_indented_or_never_ends_no_line_is_passed_over() {
    let cell = |name: &str| format!("```rust,cell={name}\nlet a = 1;\n```\n\n");
    for (code, shown) in [
        ("    assert!(true);\n", "//     assert!(true);"),
        ("    # let hidden = 1;\n    ##[derive(Debug)]\n", "// #[derive(Debug)]"),
        ("- ```rust\n", "// - ```rust"),
    ] {
        let markdown =
            format!("# A\n\nText.\n\n{}Text.\n\n{code}\nText.\n\n{}", cell("one"), cell("two"));
        let example = made(&markdown);
        assert!(example.contains(shown), "{example}");
    }
}
