// What a reader without a mouse, or with weak eyes, needs of the built book. As in book.test.mjs: run
// `cargo book` first.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { after, before, test } from "node:test";
import { BOOK, launch } from "./chromium.mjs";

let browser;
before(async () => {
    browser = await launch("--allow-file-access-from-files");
});
after(() => browser.close());

async function open(page, { theme = "light", width = 1280 }, look) {
    const context = await browser.newContext({ viewport: { width, height: 900 } });
    const tab = await context.newPage();
    await tab.addInitScript((name) => localStorage.setItem("mdbook-theme", name), theme);
    await tab.goto(new URL(page, BOOK).href);
    const result = await look(tab);
    await context.close();
    return result;
}

/** In the page: text whose colour and ground are too close to each other, as WCAG measures it. */
function tooPale() {
    const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
    const numbers = (colour) => {
        const pen = canvas.getContext("2d", { willReadFrequently: true });
        pen.clearRect(0, 0, 1, 1);
        pen.fillStyle = colour;
        pen.fillRect(0, 0, 1, 1);
        const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
        return [r, g, b, a / 255];
    };
    const over = (top, below) => top.slice(0, 3).map((v, i) => v * top[3] + below[i] * (1 - top[3]));
    const light = (rgb) => {
        const [r, g, b] = rgb.map((v) => {
            v /= 255;
            return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (element) => {
        const layers = [];
        for (let e = element; e; e = e.parentElement) {
            const colour = numbers(getComputedStyle(e).backgroundColor);
            if (colour[3] > 0) layers.push(colour);
            if (colour[3] === 1) break;
        }
        return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
    };
    const seen = new Map();
    const what =
        "main p, main li, main a, main code, main code span, main th, main td, main figcaption, main summary, " +
        "main h2, main label, main output, main .cell-text, .sidebar a, .icon-button, .menu-title, .mobile-nav-chapters, main button";
    for (const element of document.querySelectorAll(what)) {
        // Tables of pixels have grounds of their own, on purpose.
        if (!element.checkVisibility() || element.closest("table.pixels, table.confusion, svg, .descent")) continue;
        const below = ground(element);
        const colour = over(numbers(getComputedStyle(element).color), below);
        const [a, b] = [light(colour), light(below)].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        if (ratio < 4.5) {
            const name = `${element.localName}.${element.className || element.parentElement.className}`;
            seen.set(name, `${name} ${ratio.toFixed(2)}`);
        }
    }
    return [...seen.values()];
}

for (const theme of ["light", "rust", "coal", "navy", "ayu"]) {
    test(`in ${theme}, text, links, comments and icons can be read`, async () => {
        for (const page of ["introduction.html", "07_mnist_loss.html", "11_learner.html", "results.html", "train.html", "fit.html"]) {
            const pale = await open(page, { theme }, (tab) => tab.evaluate(tooPale));
            assert.deepEqual(pale, [], page);
        }
    });
}

test("the first stop of the Tab key skips to the text, and the sidebar's toggle is one, too", async () => {
    await open("02_pixels.html", {}, async (tab) => {
        await tab.keyboard.press("Tab");
        assert.equal(await tab.evaluate(() => document.activeElement.className), "skip-link");
        const stops = new Set();
        for (let i = 0; i < 60; i++) {
            await tab.keyboard.press("Tab");
            stops.add(await tab.evaluate(() => document.activeElement.id));
        }
        assert.ok(stops.has("mdbook-sidebar-toggle"), [...stops].join(" "));
        const shown = () => tab.evaluate(() => 
            /** @type {HTMLInputElement} */ (document.getElementById("mdbook-sidebar-toggle-anchor")).checked);
        const before = await shown();
        await tab.locator("#mdbook-sidebar-toggle").press("Enter");
        assert.notEqual(await shown(), before);
    });
});

test("arrow keys in a table that scrolls do not turn the page", async () => {
    await open("02_pixels.html", { width: 390 }, async (tab) => {
        await tab.locator(".cell-html").first().focus();
        await tab.keyboard.press("ArrowRight");
        await tab.waitForTimeout(200);
        assert.match(tab.url(), /02_pixels\.html/);
    });
});

test("only what scrolls is a stop of the Tab key", async () => {
    for (const page of ["02_pixels.html", "13_neural_net.html"]) {
        for (const width of [1280, 390]) {
            const wrong = await open(page, { width }, (tab) =>
                tab.evaluate(() =>
                    /** @type {HTMLElement[]} */ ([...document.querySelectorAll("main *:not(button, input, a, summary)")])
                        .filter((box) => {
                            const scrolls = box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX === "auto";
                            return (box.tabIndex === 0) !== scrolls;
                        })
                        .map((box) => box.className || box.localName),
                ),
            );
            assert.deepEqual(wrong, [], `${page}, ${width}`);
        }
    }
});

test("previous and next say their names", async () => {
    await open("09_training_loop.html", {}, async (tab) => {
        assert.match(await tab.locator(".nav-wrapper .previous").innerText(), /Mini-batches/);
        assert.match(await tab.locator(".nav-wrapper .next").innerText(), /An optimizer/);
    });
});

test("the rows of a long training are folded, and a button shows them", async () => {
    await open("13_neural_net.html", {}, async (tab) => {
        const output = tab.locator("#cell-fit pre.cell-text");
        assert.ok((await output.innerText()).split("\n").length < 15);
        await output.locator("button").click();
        assert.ok((await output.innerText()).split("\n").length > 40);
    });
});

test("remarks about PyTorch can be switched off, for all pages", async () => {
    await open("04_broadcasting.html", {}, async (tab) => {
        const remark = tab.locator("aside.pytorch").first();
        assert.ok(await remark.isVisible());
        await tab.locator(".pytorch-switch button").click();
        assert.ok(!(await remark.isVisible()));
        await tab.reload();
        assert.ok(!(await remark.isVisible()));
    });
});

test("on paper, answers are open", async () => {
    await open("02_pixels.html", {}, async (tab) => {
        await tab.evaluate(() => dispatchEvent(new Event("beforeprint")));
        assert.equal(await tab.locator("main details:not([open])").count(), 0);
        await tab.evaluate(() => dispatchEvent(new Event("afterprint")));
        assert.ok((await tab.locator("main details:not([open])").count()) > 0);
    });
});

test("what stands in a cell is found, and nothing that searches is loaded before", async () => {
    const index = readdirSync(BOOK).find((name) => /^searchindex.*\.js$/.test(name));
    const text = readFileSync(new URL(index, BOOK), "utf8");
    for (const word of ["contiguous", "concat_along", "pytorch_weight"]) {
        assert.ok(text.includes(word), word);
    }
    const results = (tab) =>
        tab.locator("#mdbook-searchresults-header", { hasText: /^[1-9]\d* search results? for 'contiguous'/ }).waitFor();
    await open("14_convolution.html", {}, async (tab) => {
        const loaded = () => tab.evaluate(() =>
            [...document.scripts].filter(({ src }) => /search|elasticlunr|mark-/.test(src)).length);
        assert.equal(await loaded(), 0);
        await tab.keyboard.press("s");
        await tab.locator("#mdbook-searchbar").pressSequentially("contiguous");
        await results(tab);
        assert.equal(await loaded(), 4);
        // A result leads to its page, where the word is marked.
        await tab.locator("#mdbook-searchresults a").first().click();
        await tab.locator("mark", { hasText: "contiguous" }).first().waitFor();
    });
    await open("03_pixel_similarity.html", {}, async (tab) => {
        await tab.locator("#mdbook-search-toggle").click();
        await tab.locator("#mdbook-searchbar").fill("contiguous");
        await tab.locator("#mdbook-searchbar").press("s");
        await tab.locator("#mdbook-searchbar").press("Backspace");
        await results(tab);
    });
    await open("03_pixel_similarity.html?search=contiguous", {}, results);
});

test("plots and drawings have text of 12 pixels, on a phone of 10", async () => {
    for (const [width, least] of [[1280, 11.5], [390, 10]]) {
        for (const page of ["05_gradients.html", "06_fitting_a_curve.html", "14_convolution.html"]) {
            const small = await open(page, { width }, (tab) =>
                tab.evaluate((least) => {
                    const found = [];
                    for (const text of document.querySelectorAll(".cell-output svg text, .drawing svg text")) {
                        const svg = text.closest("svg");
                        const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
                        const size = parseFloat(getComputedStyle(text).fontSize) * scale;
                        if (!(size >= least)) found.push(size.toFixed(1));
                    }
                    return [...new Set(found)];
                }, least),
            );
            assert.deepEqual(small, [], `${page}, ${width}`);
        }
    }
});
