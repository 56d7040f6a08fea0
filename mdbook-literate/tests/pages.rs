//! What a cell prints or holds is text on its page, whatever it is.

mod fixture;

use fixture::Fixture;

#[test]
fn printed_includes_stay_as_they_were_printed() {
    let book = Fixture::new();
    book.write("book/src/secret.txt", "a secret of the disk\n");
    book.edit(
        "let length",
        "//| fig-alt: none\nlet open = \"{\".repeat(2);\nprintln!(\"{open}#include secret.txt}}}}\");\n\
         println!(\"{open} #include secret.txt }}}}, \\\\{open}#title Other}}}}, {open}\\n#include secret.txt}}}}\");\n\
         println!(\"```\\n</code></pre><script>alert(1)</script> $x$\");\nlet length",
    );
    book.edit("//| fig-alt: none\n", "");
    assert!(!book.book(&["test", "01_hello::"]).ok, "it prints something new");
    assert!(book.book(&["accept", "--yes"]).ok);
    book.book(&["test"]).succeeds_with(&[]);
    book.book(&[]).succeeds_with(&[]);
    let page = book.read("book/book/01_hello.html");
    assert!(
        page.contains(
            "<pre class=\"cell-text\">{{#include secret.txt}}\n\
             {{ #include secret.txt }}, \\{{#title Other}}, {{\n#include secret.txt}}\n\
             ```\n&lt;/code&gt;&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt; $x$\n13 letters"
        ),
        "{page}"
    );
    assert!(!page.contains("a secret of the disk") && page.contains("<title>Hello - "), "{page}");
}

#[test]
fn code_with_fences_and_includes_stays_code() {
    let book = Fixture::new();
    book.write("book/src/secret.txt", "a secret of the disk\n");
    book.edit(
        "```rust,cell=hello\nlet name = \"reader\";\nprintln!(\"{}\", greet(name));\n```",
        "````rust,cell=hello\nlet name = \"reader\";\nprintln!(\"{}\", greet(name));\n\
         let text = \"\n```\n<script>alert(1)</script>\n```\n\";\n\
         let text = text.len() + \"{{#include secret.txt}} {{ #title Other}}\".len();\n````",
    );
    book.book(&["test", "01_hello::"]).succeeds_with(&[]);
    book.book(&[]).succeeds_with(&[]);
    let page = book.read("book/book/01_hello.html");
    let code =
        page.split("<code class=\"language-rust").nth(2).unwrap().split("</code>").next().unwrap();
    assert!(code.contains("```\n&lt;script&gt;alert(1)&lt;/script&gt;\n```\n"), "{code}");
    assert!(code.contains("{{#include secret.txt}} {{ #title Other}}"), "{code}");
    assert!(!page.contains("a secret of the disk"), "{page}");
}

#[test]
fn progress_and_colours_are_shown_as_in_a_terminal() {
    let book = Fixture::new();
    book.edit(
        "let length",
        "for i in 0..3 { print!(\"\\r{}%\", i * 50); }\nprintln!();\n\
         println!(\"\\x1b[31mred\\x1b[0m\\nnul \\x00\");\nlet length",
    );
    assert!(!book.book(&["test", "01_hello::"]).ok, "it prints something new");
    book.book(&["accept", "--yes"]).succeeds_with(&["+ 100%\n", "+ red\n", "+ nul\n"]);
    book.book(&["test", "01_hello::"]).succeeds_with(&[]);
    book.book(&[]).succeeds_with(&[]);
    let page = book.read("book/book/01_hello.html");
    assert!(page.contains("<pre class=\"cell-text\">100%\nred\nnul\n13 letters"), "{page}");
}
