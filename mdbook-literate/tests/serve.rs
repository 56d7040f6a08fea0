//! `cargo book serve`: who may run something, how a run is told, and that it ends.

mod fixture;

use std::fs;

use fixture::served::{Headers, PAGE, Served};
use fixture::{FILE, Fixture, until};
use serde_json::{Value, json};

/// The texts of these events, and how the run ended.
fn printed(events: &[Value]) -> (Vec<String>, String) {
    let texts = events.iter().filter(|event| event["event"] == "text");
    let texts = texts.map(|event| event["text"].as_str().unwrap().to_string()).collect();
    (texts, events.last().unwrap()["how"].as_str().unwrap().to_string())
}

#[test]
fn the_server_adds_the_script_and_the_pages_have_nothing_of_it() {
    let served = Served::new(&[]);
    for path in ["", PAGE] {
        let answer = served.get(path);
        assert_eq!(answer.status, 200);
        for header in
            ["no-store", "nosniff", "x-frame-options: sameorigin", "referrer-policy: same-origin"]
        {
            assert!(answer.head.contains(header), "{}", answer.head);
        }
        assert!(!answer.head.contains("access-control"), "{}", answer.head);
        let page = answer.text();
        assert!(page.contains(".literate/serve.js\"") && page.contains("greet(name)"), "{page}");
    }
    let moved = served.send("GET /{token}", &[("Host", "localhost:{port}")], "");
    assert!(moved.head.contains(&format!("location: /{}/\r\n", served.token)));
    for path in [
        "../book.toml",
        "%2e%2e/%2e%2e/book.toml",
        "..%2f..%2fbook.toml",
        "/etc/passwd",
        "none.html",
    ] {
        assert_eq!(served.get(path).status, 404, "{path}");
    }
    let built: Vec<_> =
        served.book.files(&["debug"]).into_keys().filter(|f| f.ends_with(PAGE)).collect();
    assert!(!built.is_empty());
    for page in built {
        assert!(!served.book.read(&page).contains("serve.js"), "{page}");
    }
}

/// The cell writes a file: whatever is refused must not have run it.
#[test]
fn no_other_site_can_run_anything() {
    let served = Served::new(&[]);
    let code = "std::fs::write(\"ran\", \"\")?;";
    let body = json!({ "page": PAGE, "cell": "hello", "edits": { "hello": code } }).to_string();
    let (host, origin) = (("Host", "127.0.0.1:{port}"), ("Origin", "http://127.0.0.1:{port}"));
    let json = ("Content-Type", "application/json");
    let run = "POST /{token}/.literate/run";
    let refused: &[(&str, Headers<'_>, u16)] = &[
        // DNS rebinding, and another server of this machine.
        (
            run,
            &[("Host", "evil.example:{port}"), ("Origin", "http://evil.example:{port}"), json],
            421,
        ),
        (run, &[("Host", "localhost"), origin, json], 421),
        (run, &[origin, json], 421),
        // Another site, a frame in a sandbox, a program without a browser, another port.
        (run, &[host, ("Origin", "https://evil.example"), json], 403),
        (run, &[host, ("Origin", "null"), json], 403),
        (run, &[host, json], 403),
        (run, &[host, ("Origin", "http://127.0.0.1:1"), json], 403),
        (run, &[host, ("Origin", "http://localhost:{port}"), json], 403),
        (run, &[host, origin, json, ("Sec-Fetch-Site", "same-site")], 403),
        // A form.
        (run, &[host, origin, ("Content-Type", "text/plain")], 415),
        (run, &[host, origin], 415),
        // Without the token, by a guess, by its beginning.
        ("POST /.literate/run", &[host, origin, json], 403),
        ("POST /0123456789abcdef0123456789abcdef/.literate/run", &[host, origin, json], 403),
        ("GET /", &[host], 403),
        // What a browser asks before a script of another site may send JSON.
        ("OPTIONS /{token}/.literate/run", &[host, ("Origin", "https://evil.example")], 405),
        ("GET /{token}/.literate/run", &[host], 404),
    ];
    for (request, headers, status) in refused {
        let answer = served.send(request, headers, &body);
        assert_eq!(answer.status, *status, "{request} {headers:?}: {}", answer.head);
        assert!(!answer.head.contains("access-control-allow"), "{}", answer.head);
    }
    let long =
        served.post("run", json!({ "page": PAGE, "edits": { "hello": "x".repeat(3_000_000) } }));
    assert_eq!(long.status, 413);
    assert!(!served.book.path("ran").exists());
    // With all that is asked for, it runs.
    let own = served.send(run, &[host, origin, json, ("Sec-Fetch-Site", "same-origin")], &body);
    assert_eq!(printed(&own.events()).1, "done");
    assert!(served.book.path("ran").exists());
}

/// The cell goes on only when the test has seen its first line.
#[test]
fn output_comes_as_it_is_printed() {
    let served = Served::new(&[]);
    let wait = "println!(\"first\");\nwhile !std::path::Path::new(\"seen\").exists() {}\nlet name = \"x\";\n\
                print!(\"second\");\nlet s = std::env::var(\"MDBOOK_LITERATE\")?;\n\
                println!(\"\\n\\u{1e}{s} figure text/html\\n<p>3</p>\\n\\u{1e}{s} end\");";
    let body = json!({ "page": PAGE, "edits": { "hello": wait } });
    let mut answer = served.post("run", body);
    assert_eq!(answer.next("text")["text"], "first");
    fs::write(served.book.path("seen"), "").unwrap();
    let rest = answer.events();
    assert_eq!(
        printed(&rest),
        (vec!["\nsecond".into(), "8 letters, 4.00 a word".into()], "done".into())
    );
    let figure = rest.iter().find(|event| event["event"] == "figure").unwrap();
    assert!(figure["html"].as_str().unwrap().contains("<p>3</p>"), "{figure}");
    assert_eq!((&figure["cell"], &figure["block"]), (&json!("hello"), &json!(1)));
}

#[test]
fn what_is_wrong_is_told_with_the_line_in_its_cell() {
    let served = Served::new(&[]);
    let error = |cell: &str, code: &str| {
        let event = served.run(cell, code).next("error");
        (
            event["cell"].clone(),
            event["at"]["line"].clone(),
            event["text"].as_str().unwrap().to_string(),
        )
    };
    let name = "let name = \"x\";\n";
    let (cell, line, text) = error("hello", &format!("{name}\nlet n: u8 = name;"));
    assert_eq!((cell, line), (json!("hello"), json!(3)));
    assert!(
        text.contains("--> cell `hello`, line 3, column 13") && text.contains("E0308"),
        "{text}"
    );
    let (cell, line, text) = error("hello", &format!("{name}\n\nassert_eq!(1, 2);"));
    assert_eq!((cell, line), (json!("hello"), json!(4)));
    assert!(text.starts_with("cell `hello` panicked\n") && text.contains("left: 1"), "{text}");
    let (cell, line, text) = error("length", "let n: u8 = name.parse()?;");
    assert_eq!((cell, line), (json!("length"), json!(null)));
    assert!(text.contains("returned an error") && text.contains("InvalidDigit"), "{text}");
    let (cell, ..) = error("length", "let n = {");
    assert_eq!(cell, json!("length"));
    // The cell below has a `name` no longer: no matter to one that is run up to here.
    let events = served.run("hello", "println!(\"alone\");").events();
    assert_eq!(printed(&events), (vec!["alone".into()], "done".into()));
    let missing = served.post("run", json!({ "page": PAGE, "edits": { "gone": "" } }));
    assert_eq!(missing.status, 409);
    assert_eq!(served.post("run", json!({ "page": "none.html" })).status, 404);
    assert_eq!(served.post("run", json!("x")).status, 400);
}

#[test]
fn limits_are_those_of_the_engine() {
    let book = Fixture::empty();
    book.package("");
    book.book_at("book", "time-limit = \"2s\"\noutput-limit = \"1kB\"");
    let served = Served::start(book, &[]);
    let told =
        |code: &str| served.run("hello", code).next("error")["text"].as_str().unwrap().to_string();
    let text = told("loop { std::thread::sleep(std::time::Duration::MAX); }");
    assert!(text.contains("took longer than its chapter's limit of 2s"), "{text}");
    let text = told("loop { println!(\"and so on\"); }");
    assert!(text.contains("printed more than its chapter's limit of 1kB"), "{text}");
}

#[test]
fn a_new_run_of_a_page_ends_the_one_before() {
    let served = Served::new(&[]);
    assert_eq!(served.post("prepare", json!({ "page": PAGE })).text(), "true");
    let mut first = served.run("hello", "println!(\"first\");\nloop {}");
    first.next("text");
    let second = served.run("hello", "println!(\"second\");");
    assert_eq!(first.next("end")["how"], "stopped");
    assert_eq!(printed(&second.events()), (vec!["second".into()], "done".into()));
    // All at once: each ends, and the last with its output.
    let all: Vec<_> = (0..6).map(|n| served.run("hello", &format!("println!(\"{n}\");"))).collect();
    let ends: Vec<_> = all.into_iter().map(|answer| printed(&answer.events())).collect();
    assert_eq!(ends[5], (vec!["5".into()], "done".into()), "{ends:?}");
}

#[cfg(target_os = "linux")]
mod ends {
    use super::*;
    use fixture::processes::{none_is_left, processes, sleepers};
    use std::process::Command;

    /// A page in a run that never ends and has started two other programs.
    fn endless(served: &Served, seconds: &str) -> fixture::served::Answer {
        let mut run =
            served.run("hello", &format!("{}println!(\"on\");\nloop {{}}", sleepers(seconds)));
        assert_eq!(run.next("text")["text"], "on");
        run
    }

    #[test]
    fn the_button_ends_a_program_and_all_that_it_started() {
        let served = Served::new(&[]);
        let mut run =
            served.run("hello", &format!("{}println!(\"on\");\nloop {{}}", sleepers("86381")));
        let id = run.next("run")["id"].clone();
        run.next("text");
        assert_eq!(served.post("stop", json!({ "run": 999 })).text(), "false");
        assert_eq!(served.post("stop", json!({ "run": id })).text(), "true");
        assert_eq!(run.next("end")["how"], "stopped");
        none_is_left("86381");
    }

    /// A page whose program is compiled without end, and a part of the compiler's command line.
    fn compiling(served: &Served) -> (fixture::served::Answer, String) {
        let run = served.run("hello", "const X: () = loop {}; X");
        let compiler = served.book.path("target/literate").display().to_string();
        until(|| processes(&compiler) > 0);
        (run, compiler)
    }

    #[test]
    fn the_button_ends_the_compiler() {
        let served = Served::new(&[]);
        let (mut run, compiler) = compiling(&served);
        let id = run.next("run")["id"].clone();
        served.post("stop", json!({ "run": id }));
        assert_eq!(run.next("end")["how"], "stopped");
        none_is_left(&compiler);
    }

    #[test]
    fn a_page_that_is_closed_ends_its_run_and_its_compiler() {
        let served = Served::new(&[]);
        drop(endless(&served, "86382"));
        none_is_left("86382");
        let (run, compiler) = compiling(&served);
        drop(run);
        none_is_left(&compiler);
    }

    #[test]
    fn a_server_that_is_ended_ends_all_runs() {
        for (signal, seconds) in [("-TERM", "86383"), ("-KILL", "86384")] {
            let mut served = Served::new(&[]);
            let _run = endless(&served, seconds);
            let id = served.server.id().to_string();
            assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
            none_is_left(seconds);
            served.server.wait().unwrap();
        }
        let mut served = Served::new(&[]);
        let (_run, compiler) = compiling(&served);
        served.server.kill().unwrap();
        none_is_left(&compiler);
    }
}

#[test]
fn a_change_of_the_book_is_on_its_page_and_a_mistake_closes_no_other() {
    let served = Served::new(&[]);
    let page = || served.get(PAGE).text();
    assert!(page().contains("cell `hello` has no accepted output\n  help: "), "{}", page());
    let version = served.version();
    let snap = "---\nsource: x\n---\nHello, snapshot\n";
    served.book.write("tests/snapshots/01_hello__hello.snap", snap);
    let version = served.wait_for_change(&version);
    assert!(page().contains("<pre class=\"cell-text\">Hello, snapshot</pre>"), "{}", page());
    served.book.edit_file(FILE, "cell=length", "cell=hello");
    let version = served.wait_for_change(&version);
    assert!(
        page().contains("literate-problem") && page().contains("is already on line 11"),
        "{}",
        page()
    );
    assert_eq!(served.get("print.html").status, 200);
    assert_eq!(served.post("run", json!({ "page": PAGE })).status, 404);
    served.book.edit_file(FILE, "cell=hello\nlet length", "cell=length\nlet length");
    served.wait_for_change(&version);
    // A book that cannot be read at all leaves the pages as they were.
    served.book.edit_file("book/book.toml", "before =", "befor =");
    let problem = || served.get(".literate/state?page=01_hello.html").text();
    until(|| !problem().contains("\"problem\":null"));
    assert!(problem().contains("unknown field `befor`"), "{}", problem());
    assert_eq!(printed(&served.post("run", json!({ "page": PAGE })).events()).1, "done");
}

#[test]
fn a_change_of_the_library_is_in_the_next_run() {
    let served = Served::new(&[]);
    let text = |events: &[Value]| printed(events).0.concat();
    let run = || served.post("run", json!({ "page": PAGE, "cell": "hello" })).events();
    assert_eq!(text(&run()), "Hello, reader");
    served.book.edit_file("src/lib.rs", "Hello", "Good day");
    until(|| text(&run()) == "Good day, reader");
    served.book.edit_file("src/lib.rs", "{ format", "format");
    until(|| printed(&run()).1 != "done");
    assert!(
        run()
            .iter()
            .any(|event| event["text"].as_str().is_some_and(|t| t.contains("does not build")))
    );
    served.book.edit_file("src/lib.rs", "format", "{ format");
    until(|| printed(&run()).1 == "done");
}

#[test]
fn only_an_author_accepts_and_only_what_the_book_printed() {
    let reader = Served::new(&[]);
    assert_eq!(reader.post("accept", json!({ "page": PAGE, "cell": "hello" })).status, 403);

    let served = Served::new(&["--author"]);
    let accept = |cell: &str| served.post("accept", json!({ "page": PAGE, "cell": cell })).status;
    assert_eq!(accept("hello"), 409, "nothing has run");
    served.run("hello", "let name = \"x\";\nprintln!(\"changed\");").events();
    assert_eq!(accept("hello"), 409, "that is not the book's code");
    let run = || served.post("run", json!({ "page": PAGE })).events();
    let changed = |events: &[Value]| {
        let changed = events.iter().filter(|event| event["event"] == "changed");
        changed.map(|event| event["cell"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(changed(&run()), ["imports", "hello", "length"]);
    for cell in ["imports", "hello", "length"] {
        assert_eq!(accept(cell), 200);
    }
    let text = served.book.read("tests/snapshots/01_hello__hello.snap");
    let (code, text) = text.split_once("info: ").unwrap().1.split_once('\n').unwrap();
    let expected = "---\nHello, reader\n";
    assert!(text == expected && code.starts_with("code "), "{text}");
    assert!(changed(&run()).is_empty());
    served.book.book(&["tangle"]);
    served.book.book(&["test", "01_hello::"]).succeeds_with(&["test 01_hello::hello... ok"]);
}
