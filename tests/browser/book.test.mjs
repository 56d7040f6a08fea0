// The built book in a real browser: run `cargo book` first, then `npm install && npm test` in this
// folder. Needs Chromium; CHROMIUM names it if it is not /usr/bin/chromium.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { BOOK, isTooWide, launch } from "./chromium.mjs";

const SOURCES = new URL("../../book/src/", import.meta.url);
const PAGES = readdirSync(SOURCES)
    .filter((name) => name.endsWith(".md") && name !== "SUMMARY.md")
    .map((name) => name.replace(".md", ".html"));

let browser;
before(async () => {
    browser = await launch();
});
after(() => browser.close());

/** Opens a page of the book, and runs `look` on it. */
async function open(page, { theme = "light", width = 1280, javaScriptEnabled = true }, look) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, javaScriptEnabled });
    const tab = await context.newPage();
    const errors = [];
    tab.on("pageerror", (error) => errors.push(error.message));
    if (javaScriptEnabled) {
        await tab.addInitScript((name) => localStorage.setItem("mdbook-theme", name), theme);
    }
    await tab.goto(new URL(page, BOOK).href);
    await look(tab);
    await context.close();
    assert.deepEqual(errors, []);
}

for (const page of PAGES) {
    test(`${page} fits the screen, and every picture has a text`, async () => {
        for (const theme of ["light", "navy"]) {
            for (const width of [1280, 390]) {
                await open(page, { theme, width }, async (tab) => {
                    // Answers and solutions, too.
                    await tab.evaluate(() => {
                        for (const details of document.querySelectorAll("details")) details.open = true;
                    });
                    assert.ok(!(await isTooWide(tab)), `${theme}, ${width} pixels`);
                    const found = await tab.evaluate(() => ({
                        // The picture of a card says nothing that its link does not.
                        noText: [...document.querySelectorAll("main img")].filter((i) => !i.getAttribute("alt") && !i.closest(".cards a"))
                            .length,
                        noLabel: [...document.querySelectorAll("main .cell-output svg, main figure svg")].filter(
                            (svg) => !svg.closest("[aria-label]")?.getAttribute("aria-label"),
                        ).length,
                        // What reaches beyond the screen, and has no box of its own to scroll in.
                        clipped: [...document.querySelectorAll("main img, main svg")].filter((picture) => {
                            let box = picture;
                            while (box.localName !== "main" && getComputedStyle(box).overflowX !== "auto") {
                                box = box.parentElement;
                            }
                            return box.localName === "main" && picture.getBoundingClientRect().right > window.innerWidth;
                        }).length,
                        empty: /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".cell-output")]).filter(
                            (output) => !output.innerText.trim() && !output.querySelector("img, svg"),
                        ).length,
                    }));
                    const none = { noText: 0, noLabel: 0, clipped: 0, empty: 0 };
                    assert.deepEqual(found, none, `${theme}, ${width} pixels`);
                });
            }
        }
    });
}

/** Moves the keyboard's focus to the slider, as a reader without a mouse does. */
async function focusSlider(tab) {
    await tab.locator("#try-it a").first().focus();
    for (let presses = 0; presses < 10; presses++) {
        await tab.keyboard.press("Tab");
        if (await tab.evaluate(() => document.activeElement.id === "descent-rate")) return;
    }
    assert.fail("the slider cannot be reached with the Tab key");
}

test("the learning rate can be set with the keyboard alone", async () => {
    await open("05_gradients.html", {}, async (tab) => {
        const says = () => tab.locator("#descent p").innerText();
        const rate = () => tab.locator("#descent output").first().innerText();
        assert.equal(await rate(), "0.10");
        assert.match(await says(), /^It converges: after 20 steps x is −0\.0173/);
        const picture = await tab.locator("#descent .hill").innerHTML();

        await focusSlider(tab);
        for (let i = 0; i < 8; i++) await tab.keyboard.press("ArrowLeft");
        assert.equal(await rate(), "0.02");
        assert.match(await says(), /^It crawls: /);
        assert.notEqual(await tab.locator("#descent .hill").innerHTML(), picture);

        await tab.keyboard.press("Home");
        assert.match(await says(), /^A learning rate of 0 goes nowhere/);
        await tab.keyboard.press("End");
        assert.equal(await rate(), "1.10");
        assert.match(await says(), /^It diverges: /);
        for (let i = 0; i < 10; i++) await tab.keyboard.press("ArrowLeft");
        assert.equal(await rate(), "1.00");
        assert.match(await says(), /^It jumps to and fro for ever/);
        for (let i = 0; i < 20; i++) await tab.keyboard.press("ArrowLeft");
        assert.match(await says(), /^It swings from side to side, and converges/);
        // mdBook turns the page with these keys, too.
        assert.match(tab.url(), /05_gradients\.html/);
    });
});

test("the start of the descent is dragged, or set with the keys, and the losses follow", async () => {
    await open("05_gradients.html", {}, async (tab) => {
        const start = () => tab.locator("#descent output").nth(1).innerText();
        const says = () => tab.locator("#descent p").innerText();
        const losses = () => tab.locator("#descent .losses").getAttribute("aria-label");
        assert.equal(await start(), "\u22121.50");
        assert.match(await losses(), /^The loss, from 2\.2500 to 0\.000\d\.$/);
        await tab.locator("#descent .hill").scrollIntoViewIfNeeded();
        const box = await tab.locator("#descent .hill").boundingBox();
        await tab.mouse.move(box.x + 0.2 * box.width, box.y + 0.4 * box.height);
        await tab.mouse.down();
        await tab.mouse.move(box.x + 0.75 * box.width, box.y + 0.4 * box.height, { steps: 4 });
        await tab.mouse.up();
        assert.match(await start(), /^1\.[01]/);
        await tab.mouse.move(box.x + 0.3 * box.width, box.y);
        assert.match(await start(), /^1\.[01]/);
        await tab.locator("#descent-start").focus();
        await tab.keyboard.press("End");
        assert.equal(await start(), "2.00");
        assert.match(await losses(), /^The loss, from 4\.0000/);
        // 40 steps of 0.05 to the left is the bottom.
        for (let i = 0; i < 40; i++) await tab.keyboard.press("ArrowLeft");
        assert.match(await says(), /^The start is the bottom/);
        // Axes, with numbers.
        assert.match(await tab.locator("#descent .hill").innerHTML(), />loss<.*/);
        assert.equal(await tab.locator("#descent .hill text").count(), 12);
    });
});

test("without JavaScript there is a text in the figure's place", async () => {
    await open("05_gradients.html", { javaScriptEnabled: false }, async (tab) => {
        assert.match(await tab.locator("#descent").innerText(), /needs JavaScript.*diverges/s);
        assert.equal(await tab.locator("#descent input").count(), 0);
    });
});
