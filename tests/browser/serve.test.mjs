// `cargo book serve` in a real browser: a small book is written, served and used as a reader does. Run
// `cargo build -p mdbook-literate` first; CARGO_BOOK names the program if it is not target/debug/cargo-book.
// SCREENSHOTS names a folder for pictures of the page.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { isTooWide, launch } from "./chromium.mjs";

const COMMAND = process.env.CARGO_BOOK ?? new URL("../../target/debug/cargo-book", import.meta.url).pathname;
const CHAPTER = `# Hello

A book needs a greeting.

\`\`\`rust,cell=imports
use greeting::greet;
\`\`\`

The library knows one:

\`\`\`rust,cell=hello
let name = "reader";
println!("{}", greet(name));
\`\`\`

It has a length.

\`\`\`rust,cell=length
let length = greet(name).len();
println!("{length} letters");
\`\`\`

And a dot.

\`\`\`rust,cell=dot
//| fig-alt: a dot
greeting::dot();
\`\`\`
`;
const FILES = {
    "Cargo.toml": '[package]\nname = "greeting"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n',
    "src/lib.rs": `pub fn greet(name: &str) -> String { format!("Hello, {name}") }
pub fn dot() {
    let secret = std::env::var("MDBOOK_LITERATE").unwrap();
    println!("\\u{1e}{secret} figure image/svg+xml\\n<svg viewBox='0 0 9 9' width='40'>\\
        <circle cx='4' cy='4' r='4' fill='currentColor'/></svg>\\n\\u{1e}{secret} end");
}
`,
    "book/book.toml": `[book]
title = "Fixture"
[rust]
edition = "2024"
[preprocessor.literate]
before = ["links"]
[output.html]
additional-css = ["theme/literate.css"]
[output.html.playground]
runnable = false
`,
    "book/theme/literate.css": readFileSync(
        new URL("../../mdbook-literate/assets/literate.css", import.meta.url),
        "utf8",
    ),
    "book/src/SUMMARY.md": "# Summary\n\n- [Hello](hello.md)\n",
    "book/src/hello.md": CHAPTER,
    "tests/snapshots/hello__imports.snap": "---\nsource: x\n---\n\n",
    "tests/snapshots/hello__hello.snap": "---\nsource: x\n---\nHello, reader\n",
    "tests/snapshots/hello__length.snap": "---\nsource: x\n---\n13 letters\n",
};

const folder = mkdtempSync(join(tmpdir(), "serve-"));
let browser, server, address;

/** Writes a file of the book. */
function write(path, text) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
}

before(async () => {
    for (const [path, text] of Object.entries(FILES)) write(path, text);
    const env = { ...process.env, CARGO_TARGET_DIR: join(folder, "target") };
    server = spawn(COMMAND, ["serve", "--port", "0", "--author"], { cwd: folder, env });
    server.stderr.pipe(process.stderr);
    for await (const line of createInterface(server.stdout)) {
        address = /http:\S+/.exec(line)[0];
        break;
    }
    browser = await launch();
});
after(async () => {
    await browser?.close();
    server?.kill();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

/** Opens the page as a reader who was never there. */
async function open(use, { width = 1280, theme = "light" } = {}) {
    const context = await browser.newContext({ viewport: { width, height: 1000 } });
    const tab = await context.newPage();
    const errors = [];
    tab.on("pageerror", (error) => errors.push(error.message));
    await tab.addInitScript((name) => localStorage.setItem("mdbook-theme", name), theme);
    await tab.goto(address + "hello.html");
    await tab.locator("#cell-dot .literate-bar").waitFor();
    await use(tab, {
        code: (cell) => tab.locator(`#cell-${cell} textarea`),
        output: (cell) => tab.locator(`#cell-${cell} .cell-output`),
        status: (cell) => tab.locator(`#cell-${cell} .literate-status`),
        error: (cell) => tab.locator(`#cell-${cell} .literate-error`),
        press: (cell, name) => tab.locator(`#cell-${cell}`).getByText(name, { exact: true }).click(),
    });
    await context.close();
    assert.deepEqual(errors, []);
}

/** Waits until a text is what it should be. */
async function says(locator, expected) {
    const text = async () => ((await locator.count()) ? await locator.first().innerText() : "");
    for (let tries = 0; tries < 600; tries++) {
        const now = (await text()).trim();
        if (expected instanceof RegExp ? expected.test(now) : now === expected) return;
        await new Promise((go) => void setTimeout(go, 50));
    }
    assert.fail(`"${await text()}" instead of ${expected}`);
}

test("a cell is changed, run, broken, mended and reset with the keyboard", async () => {
    await open(async (tab, { code, output, status, error, press }) => {
        await says(output("hello"), "Hello, reader");
        await code("hello").focus();
        await tab.keyboard.press("Control+Home");
        await tab.keyboard.press("End");
        await tab.keyboard.press("ArrowLeft");
        await tab.keyboard.press("ArrowLeft");
        await tab.keyboard.type(" of books");
        await tab.keyboard.press("Shift+Enter");
        await says(output("hello"), "Hello, reader of books");
        await says(status("hello"), /^done in \d/);
        await says(output("length"), "13 letters");
        const isStale = () => tab.locator("#cell-length.literate-stale").count();
        assert.equal(await isStale(), 1, "it is from before the change");
        await press("length", "Run");
        await says(output("length"), "22 letters");
        assert.equal(await isStale(), 0);
        await press("length", "Reset");
        await says(output("length"), "13 letters");
        assert.equal(await tab.evaluate(() => document.activeElement.closest(".cell")?.id), "cell-length", "the keys go on there");
        await code("hello").focus();
        assert.match(tab.url(), /hello\.html$/, "the arrows turn no page");
        assert.equal(await tab.evaluate(() => document.activeElement.localName), "textarea");

        await tab.keyboard.press("Control+End");
        await tab.keyboard.press("Enter");
        await tab.keyboard.type("let n: u8 = name;");
        await tab.keyboard.press("Shift+Enter");
        await says(error("hello").locator("pre"), /^error\[E0308\]: mismatched types\n +--> cell `hello`, line 3/);
        await says(status("hello"), "failed");
        assert.equal(await code("hello").getAttribute("aria-invalid"), "true");
        const place = await tab.evaluate(() => {
            const box = (selector) => document.querySelector(selector).getBoundingClientRect();
            const [area, line] = [box("#cell-hello textarea"), box("#cell-hello .literate-line")];
            return { above: line.top - area.top, height: line.height, all: area.height };
        });
        const padding = (place.all - 3 * place.height) / 2;
        assert.ok(Math.abs(place.above - padding - 2 * place.height) < 2, `the third line: ${JSON.stringify(place)}`);
        await press("hello", "line 3");
        assert.equal(await tab.evaluate(() => getSelection().toString()), "let n: u8 = name;");
        await tab.keyboard.press("Delete");
        assert.equal(await code("hello").getAttribute("aria-invalid"), null);
        await tab.keyboard.press("Shift+Enter");
        await says(output("hello"), "Hello, reader of books");
        assert.equal(await error("hello").count(), 0);

        // An unchanged cell that prints what the book shows has nothing to reset.
        await press("hello", "Reset");
        await press("hello", "Run");
        await says(status("hello"), /^done in/);
        assert.equal(await tab.getByText("Reset", { exact: true }).filter({ visible: true }).count(), 0);
        assert.equal(await code("hello").inputValue(), 'let name = "reader";\nprintln!("{}", greet(name));');
        await says(output("hello"), "Hello, reader");
    });
});

test("a panic marks its line, and what was printed before stays", async () => {
    await open(async (tab, { code, output, error, press }) => {
        await code("length").fill('println!("before");\n\npanic!("no more");');
        await press("length", "Run");
        await says(error("length").locator("pre"), /panicked at cell `length`, line 3, column 1:\nno more/);
        await says(output("length"), /^before\n/);
        assert.equal(await tab.locator("#cell-length .literate-line").isVisible(), true);
    });
});

test("an endless loop prints while it runs, and a button stops it", async () => {
    await open(async (tab, { code, output, status, press }) => {
        // Slow enough that the three lines come one by one.
        const wait = "std::thread::sleep(std::time::Duration::from_millis(300));";
        await code("hello").fill(`let name = "x";\nfor n in 0.. {\n    if n < 3 { println!("{n}"); ${wait} }\n}`);
        await press("hello", "Run");
        await says(output("hello"), "0\n1\n2");
        await says(status("hello"), "runs…");
        await press("hello", "Stop");
        await says(status("hello"), /^stopped after/);
        await says(tab.locator("#cell-hello .literate-button").first(), "Run");
        // And once more, with the keyboard.
        await code("hello").press("Control+Enter");
        await says(status("hello"), "runs…");
        await code("hello").press("Escape");
        await says(status("hello"), /^stopped after/);
    });
});

test("changes are there after the page is loaded again, until they are reset", async () => {
    await open(async (tab, { code }) => {
        await code("hello").fill('let name = "kept";');
        await tab.reload();
        await tab.locator("#cell-dot .literate-bar").waitFor();
        assert.equal(await code("hello").inputValue(), 'let name = "kept";');
        await tab.getByText("Reset all").click();
        await tab.reload();
        await tab.locator("#cell-dot .literate-bar").waitFor();
        assert.match(await code("hello").inputValue(), /reader/);
        assert.equal(await tab.getByText("Reset all").isVisible(), false);
    });
});

test("a figure is drawn, a missing output is told and accepted, and the page shows it by itself", async () => {
    await open(async (tab, { output, status, press }) => {
        await says(output("dot"), /cell `dot` has no accepted output/);
        await press("dot", "Run");
        await output("dot").locator("svg").waitFor();
        await says(status("dot"), "This is not the accepted output.");
        await press("dot", "Accept");
        await tab.waitForFunction(() => document.querySelector("#cell-dot .cell-output:not([role]) svg"));
        assert.match(readFileSync(join(folder, "tests/snapshots/hello__dot.snap"), "utf8"), /circle/);
    });
});

test("a changed chapter is on the page without a hand, and the cursor stays", async () => {
    await open(async (tab, { code }) => {
        await code("length").focus();
        write("book/src/hello.md", CHAPTER.replace("needs a greeting", "wants a greeting"));
        await tab.waitForFunction(() => document.querySelector("main")?.innerText.includes("wants a greeting"));
        await tab.locator("#cell-dot .literate-bar").waitFor();
        await tab.waitForFunction(() => document.activeElement?.localName === "textarea");
    });
});

test("everything has a name, and the page fits in every width and theme", async () => {
    for (const theme of ["light", "navy"]) {
        for (const width of [1280, 390]) {
            await open(
                async (tab, { code, status, press }) => {
                    await code("length").fill("let length = greet(name).len();\nlet n: u8 = length;\n");
                    await press("length", "Run");
                    await says(status("length"), "failed");
                    assert.ok(!(await isTooWide(tab)), `${theme}, ${width} pixels`);
                    const found = await tab.evaluate(() => ({
                        unnamed: document.querySelectorAll(
                            ".literate-button:not([aria-label]), textarea:not([aria-label]), [role=log]:not([aria-label])",
                        ).length,
                        // The field lies exactly over the letters.
                        apart: [...document.querySelectorAll(".literate-edit")].filter((edit) => {
                            const [code, area] = ["code", "textarea"].map((name) => edit.querySelector(name));
                            const [a, b] = [code.getBoundingClientRect(), area.getBoundingClientRect()];
                            return Math.abs(a.height - b.height) > 1 || a.top !== b.top || a.left !== b.left;
                        }).length,
                    }));
                    assert.deepEqual(found, { unnamed: 0, apart: 0 }, `${theme}, ${width} pixels`);
                    if (process.env.SCREENSHOTS) {
                        await tab.screenshot({ path: join(process.env.SCREENSHOTS, `${theme}-${width}.png`) });
                    }
                },
                { theme, width },
            );
        }
    }
});
