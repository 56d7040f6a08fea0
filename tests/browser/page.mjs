// A page of the built book in a real browser, opened from the disk: for the tests of the pages that one can touch.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before } from "node:test";
import { BOOK, launch } from "./chromium.mjs";
export { isTooWide } from "./chromium.mjs";

/** A file beside the tests. */
export const text = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
/** All lines that a cell of the book printed. */
export const snapshot = (cell) => text(`../snapshots/${cell}.snap`).trim().split("\n");

let browser;
before(async () => {
    browser = await launch();
});
after(() => browser.close());

/** Opens a page, and runs `look` on it; nothing may be said on the console. */
export async function open(page, look, { width = 1280, javaScriptEnabled = true, theme = "light" } = {}) {
    const viewport = { width, height: 900 };
    const context = await browser.newContext({ viewport, javaScriptEnabled, hasTouch: true });
    const tab = await context.newPage();
    const said = [];
    tab.on("pageerror", (error) => said.push(error.message));
    tab.on("console", (message) => said.push(message.text()));
    if (javaScriptEnabled) {
        await tab.addInitScript((name) => localStorage.setItem("mdbook-theme", name), theme);
    }
    await tab.goto(new URL(page, BOOK).href);
    await look(tab);
    if (process.env.SCREENSHOTS) {
        const name = `${page.replace(/\W/g, "_")}-${theme}-${width}`;
        await tab.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png`, fullPage: true });
    }
    await context.close();
    assert.deepEqual(said, []);
}
