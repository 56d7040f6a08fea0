// Drawing and training in a real browser: see page.mjs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isTooWide, open, snapshot, text } from "./page.mjs";

/** What the table of answers says of a model: the prepared digit, and the drawing only made small. */
const answers = (tab, model) =>
    tab.locator("#draw tr", { has: tab.locator("th", { hasText: model }) }).locator("td").allInnerTexts();

/** @param {{x: number, y: number, width: number, height: number}} box @returns {(at: number[]) => [number, number]} */
const pointOn = (box) => ([x, y]) => [box.x + x * box.width, box.y + y * box.height];

const waitForAnswer = (tab, digit) =>
    tab.locator("#draw .says", { hasText: `simple_net says ${digit}` }).waitFor();

for (const [width, theme] of /** @type {[number, string][]} */ ([[1280, "light"], [390, "navy"]])) {
    test(`a 7 is drawn with ${width === 390 ? "a finger" : "the mouse"}, at ${width} pixels`, async () => {
        await open("draw.html", async (tab) => {
            await drawSeven(tab, width === 390);
            for (const model of ["pixel similarity", "linear model", "simple_net"]) {
                assert.match((await answers(tab, model))[0], /^7/, model);
            }
            assert.equal(await tab.locator("#draw .steps canvas").count(), 6);
            const { width: wide, height: high } = await tab.locator("#draw-sheet").boundingBox();
            assert.ok(Math.abs(wide - high) < 1, `a pen draws where it is on a square alone: ${wide}x${high}`);
            assert.deepEqual(await tab.evaluate(looks), { features: 30, lit: true, pale: true, speak: ["blue", "orange"] });
            // Moved and inverted, the prepared digit stays what it is.
            for (const name of ["Shift", "Invert"]) {
                const before = await answers(tab, "simple_net");
                await tab.getByRole("button", { name }).click();
                await tab.waitForFunction(
                    (was) => document.querySelectorAll("#draw tr")[3].lastChild.textContent !== was, before[1]);
                assert.equal((await answers(tab, "simple_net"))[0], before[0], name);
            }
            assert.ok(!(await isTooWide(tab)));
        }, { width, theme });
    });
}

/** In the page: which features are lit, and for which digits the linear model's pixels speak. */
function looks() {
    const features = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#draw .features figure")]);
    const on = features.filter((feature) => Number(feature.lastChild.textContent) > 0);
    const opacity = (feature) => Number(feature.style.opacity);
    const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector("#draw .looks > figure canvas"));
    const { data } = canvas.getContext("2d").getImageData(0, 0, 28, 28);
    const colours = Array.from({ length: 784 }, (_, at) => Math.sign(data[4 * at] - data[4 * at + 2]));
    return {
        features: features.length,
        lit: on.length > 0 && on.every((feature) => opacity(feature) > 0.4),
        pale: on.length < 30 && features.filter((feature) => !on.includes(feature)).every((off) => opacity(off) < 0.4),
        speak: ["blue", "", "orange"].filter((name, at) => name && colours.includes(at - 1)),
    };
}

/** Draws a 7 with the mouse, or with a finger. */
async function drawSeven(tab, isFinger = false) {
    const at = pointOn(await tab.locator("#draw-sheet").boundingBox());
    const [start, ...others] = [[0.25, 0.25], [0.7, 0.25], [0.6, 0.45], [0.5, 0.65], [0.42, 0.85]].map(at);
    if (isFinger) {
        const browser = await tab.context().newCDPSession(tab);
        const touch = (type, ...places) =>
            browser.send("Input.dispatchTouchEvent", { type, touchPoints: places.map(([x, y]) => ({ x, y })) });
        await touch("touchStart", start);
        for (const place of others) await touch("touchMove", place);
        await touch("touchEnd");
    } else {
        await tab.mouse.move(...start);
        await tab.mouse.down();
        for (const place of others) await tab.mouse.move(...place, { steps: 8 });
        await tab.mouse.up();
    }
    await waitForAnswer(tab, 7);
}

test("who opens the front page has drawn a 7 soon", async () => {
    const start = Date.now();
    await open("index.html", async (tab) => {
        for (const page of ["draw", "train", "explore", "fit", "kernel", "relus"]) {
            assert.ok(await tab.locator(`main a[href="${page}.html"]`).count() > 0, page);
        }
        // It is there at once, without scrolling.
        const link = tab.locator("main").getByRole("link", { name: "Draw a 3 or a 7" });
        const box = await link.boundingBox();
        assert.ok(box.y + box.height < 844, JSON.stringify(box));
        await link.click();
        await drawSeven(tab, true);
        console.log(`from the front page to the answer: ${(Date.now() - start) / 1000} s`);
    }, { width: 390 });
});

test("the net learns from the reader's own drawings, says what has changed, and forgets them again", async () => {
    const timeout = 120_000;
    await open("draw.html", async (tab) => {
        const press = (name) => tab.getByRole("button", { name, exact: true }).click();
        const says = tab.locator("#draw [role=status]");
        const learn = tab.getByRole("button", { name: "Train on mine" });
        assert.ok(await learn.isDisabled());
        await drawSeven(tab);
        const numbers = () => tab.evaluate(async () => [...(await document.getElementById("draw").course()).numbers]);
        const before = await numbers();
        for (let times = 0; times < 3; times++) await press("It is a 7");
        await tab.getByRole("button", { name: /number 2: remove/ }).click();
        assert.equal(await tab.locator("#draw .own button").count(), 2);
        await learn.click();
        await press("Stop");
        await says.filter({ hasText: "Stopped." }).waitFor();
        await learn.click();
        await says.filter({ hasText: "It had 2 of your 2 drawings right before, and has 2 now." }).waitFor({ timeout });
        const accuracy = snapshot("13_neural_net__fit").at(-1).split(/\s+/)[3];
        assert.match(await says.innerText(), new RegExp(`it had ${Number(accuracy).toFixed(4)} right, and has 0\\.9\\d{3} now`));
        await tab.locator("#draw th", { hasText: "simple_net, learned on" }).waitFor();
        // The net has changed, and nothing before it.
        const after = await numbers();
        assert.deepEqual(after.slice(0, 2 * 784 + 785), before.slice(0, 2 * 784 + 785));
        assert.notDeepEqual(after, before);
        // Now the 7 that somebody insists is a 3.
        await press("It is a 3");
        await learn.click();
        await says.filter({ hasText: /^It had 2 of your 3 drawings right before, .* the sigmoid is flat/ }).waitFor({ timeout });
        await press("The chapter's net again");
        await tab.locator("#draw th", { hasText: "learned on" }).waitFor({ state: "detached" });
        assert.deepEqual(await numbers(), before);
        assert.ok(!(await isTooWide(tab)));
    }, { width: 390, theme: "navy" });
});

test("the net for ten digits is asked, and loaded, when its button is pressed", async () => {
    await open("draw.html", async (tab) => {
        await drawSeven(tab);
        const loaded = () => tab.evaluate(() => [...document.scripts].some((script) => script.src.includes("ten_digits")));
        assert.ok(!(await loaded()));
        await tab.getByRole("button", { name: "All ten digits" }).click();
        await tab.locator("#draw .ten", { hasText: /^The net for ten digits says 7/ }).waitFor();
        // Ten columns, each with its share, its bar and its digit one below the other.
        const columns = await tab.locator("#draw .shares > div").evaluateAll((all) => all.map((column) => {
            const [outer, ...inner] = [column, ...column.children].map((box) => box.getBoundingClientRect());
            return inner.every(({ left, right }) => left >= outer.left - 1 && right <= outer.right + 1)
                && inner[0].bottom <= inner[1].top + 1 && inner[1].bottom <= inner[2].top + 1;
        }));
        assert.deepEqual(columns, Array(10).fill(true));
        assert.ok(!(await isTooWide(tab)));
    }, { width: 390 });
});

test("the training chapters lead to their models", async () => {
    for (const [chapter, model] of [["09_training_loop", "by_hand"], ["11_learner", "linear"], ["13_neural_net", "simple_net"]]) {
        await open(`${chapter}.html`, async (tab) => {
            await tab.locator("main").getByRole("link", { name: "Train it here" }).first().click();
            await tab.locator("#train-model").waitFor();
            assert.equal(await tab.locator("#train-model").inputValue(), model);
        });
    }
});

test("a 7 is drawn with the keys alone, and cleared", async () => {
    await open("draw.html", async (tab) => {
        await tab.locator("#draw-sheet").focus();
        const press = async (keys) => {
            for (const [key, times] of keys) for (let i = 0; i < times; i++) await tab.keyboard.press(key);
        };
        await press([["ArrowLeft", 7], [" ", 1], ["ArrowRight", 13]]);
        for (let i = 0; i < 8; i++) await press([["ArrowDown", 2], ["ArrowLeft", 1]]);
        await waitForAnswer(tab, 7);
        // mdBook turns the page with these keys, too.
        assert.match(tab.url(), /draw\.html/);
        await tab.getByRole("button", { name: "Clear" }).click();
        await tab.locator("#draw .says", { hasText: "The sheet is empty." }).waitFor();
    });
});

test("about each digit of the validation set the page says what Rust says, bit by bit", async () => {
    await open("draw.html", async (tab) => {
        // The page's own module with the models, and one with the digits.
        const hash = await tab.evaluate(async () => {
            const course = await document.getElementById("draw").course();
            const script = document.createElement("script");
            script.src = "touch/digits.js";
            await new Promise((/** @type {(value?: any) => void} */ loaded) => {
                script.onload = loaded;
                document.head.append(script);
            });
            const bytes = Uint8Array.from(atob(window.courseFiles.digits), (c) => c.charCodeAt(0));
            course.openDigits(bytes);
            const all = new Float32Array(2038 * 34);
            for (let index = 0; index < 2038; index++) {
                all.set(course.answers(course.digit(index).subarray(0, 784)), 34 * index);
            }
            // A page from the disk has no `crypto.subtle`.
            return Array.from(new Uint8Array(all.buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
        });
        const { createHash } = await import("node:crypto");
        const found = createHash("sha256").update(Buffer.from(hash, "hex")).digest("hex");
        assert.equal(found, text("answers.sha256").trim());
    });
});

/** The rows of the table, as the chapter's snapshot has them. */
const rows = (tab) => tab.locator("#train tbody tr").allInnerTexts()
    .then((all) => all.map((row) => row.trim().split(/\s+/).join(" ")));

/** The table that a chapter printed, without the times. */
const table = (chapter) => snapshot(`${chapter}__fit`).filter((line) => /^\d+ /.test(line))
    .map((line) => line.split(/\s+/).slice(0, 4).join(" "));

/** The accuracies after the first epoch of chapter 9, and after its twenty more. */
const byHand = () => [...snapshot("09_training_loop__one_epoch").slice(-1), ...snapshot("09_training_loop__twenty_epochs").slice(-2)]
    .flatMap((line) => line.trim().split(/\s+/)).map((accuracy, epoch) => `${epoch} ${accuracy}`);

for (const [model, chapter, timeout] of /** @type {[string, string, number][]} */ ([["by_hand", "09_training_loop", 60_000], ["linear", "11_learner", 60_000], ["simple_net", "13_neural_net", 500_000]])) {
    test(`${model} ends at the table of the book and at its fingerprint`, { timeout }, async () => {
        await open(`train.html#model=${model}`, async (tab) => {
            const start = Date.now();
            await tab.getByRole("button", { name: "Train", exact: true }).click();
            const done = tab.locator("#train .says", { hasText: /^Done/ });
            await done.waitFor({ timeout });
            console.log(`${model}: ${(Date.now() - start) / 1000} s in all; ${await done.innerText()}`);
            assert.deepEqual(await rows(tab), model === "by_hand" ? byHand() : table(chapter));
            const fingerprint = await tab.locator("#train-fingerprint").innerText();
            assert.equal(fingerprint, snapshot(`${chapter}__fingerprint`).at(-1));
            await tab.locator("#train .says", { hasText: "to the last bit" }).waitFor();
            assert.equal(await tab.locator("#train .steps canvas").count(), 9);
            assert.equal(await tab.locator("#train .features canvas").count(), model === "simple_net" ? 30 : 1);
            const curves = await tab.locator("#train svg").evaluateAll((all) => all.map((svg) => svg.getAttribute("aria-label")));
            assert.match(curves[0], /^Loss: train_loss 0\.0\d+/);
            assert.match(curves[1], /^Accuracy: batch_accuracy 0\.9\d+/);
            assert.ok(!(await isTooWide(tab)));
        }, { width: model === "linear" ? 390 : 1280, theme: model === "linear" ? "navy" : "light" });
    });
}

test("a training is stopped, one that diverges says so, and settings are shared by the address", async () => {
    await open("train.html#model=simple_net&lr=0.2&batch=64&epochs=500&seed=7", async (tab) => {
        const value = (id) => tab.locator(`#train-${id}`).inputValue();
        assert.deepEqual(await Promise.all(["model", "lr", "batch", "epochs", "seed"].map(value)),
            ["simple_net", "0.2", "64", "500", "7"]);
        const train = tab.getByRole("button", { name: "Train", exact: true });
        await train.click();
        await tab.locator("#train progress").evaluate((/** @type {HTMLProgressElement} */ bar) => new Promise((/** @type {(value?: any) => void} */ resolve) => {
            const look = () => (bar.value > 0 ? resolve() : setTimeout(look, 20));
            look();
        }));
        await tab.getByRole("button", { name: "Stop" }).click();
        await tab.locator("#train .says", { hasText: "Stopped" }).waitFor();
        assert.ok(await train.isEnabled());

        await tab.locator("#train-model").selectOption("linear");
        await tab.locator("#train-lr").fill("1e9");
        await tab.locator("#train-epochs").fill("3");
        await train.click();
        await tab.locator("#train .says", { hasText: "diverged" }).waitFor();
        assert.match(tab.url(), /#model=linear&lr=1e9&batch=256&epochs=3&seed=42$/);
        // What makes no sense is not tried.
        await tab.locator("#train-batch").fill("0");
        await train.click();
        assert.ok(await tab.locator("#train-batch").evaluate((/** @type {HTMLInputElement} */ field) => !field.checkValidity()));
    });
});

test("nothing is loaded before it is asked for, and without JavaScript there is a picture", async () => {
    for (const page of ["draw.html", "train.html"]) {
        await open(page, async (tab) => {
            const scripts = await tab.evaluate(() => [...document.scripts].map((script) => script.src));
            assert.ok(!scripts.some((address) => /(module|models|ideals|digits)[^/]*\.js$/.test(address)), page);
        });
        await open(page, async (tab) => {
            const picture = tab.locator(".touch img");
            assert.ok(await picture.evaluate((/** @type {HTMLImageElement} */ image) => image.complete && image.naturalWidth > 0), page);
            assert.match(await tab.locator(".touch").innerText(), /needs JavaScript/);
        }, { javaScriptEnabled: false });
    }
});
