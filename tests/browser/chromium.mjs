// The browser of the tests, and the book that they open in it: run `cargo book` first. Needs Chromium; CHROMIUM names it
// if it is not /usr/bin/chromium.
import { chromium } from "playwright-core";

export const BOOK = new URL("../../target/book/", import.meta.url);

/** Starts it, with `more` options than all tests need. */
export const launch = (...more) => chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", ...more],
});

/** Is something wider than the screen, or than mdBook's column, which scrolls by itself? */
export const isTooWide = (tab) => tab.evaluate(() =>
    [document.documentElement, document.getElementById("mdbook-content")].some((box) => box.scrollWidth > box.clientWidth));
