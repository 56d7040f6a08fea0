// The page with all digits of the validation set in a real browser: see page.mjs.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { isTooWide, open, snapshot, text } from "./page.mjs";

async function openDigits(tab) {
    await tab.getByRole("button", { name: "Open the digits" }).click();
    await tab.locator("#explore table tr").first().waitFor();
}

/** What Rust says, as the page has it: label, distances, and two probabilities of a 3. */
const answers = (tab) => tab.evaluate(() =>
    document.getElementById("explore").digits.map(({ label, of }) => ({ label, of: [...of] })));

const says = (tab) => tab.locator("#explore .says").innerText();
const chosen = async (tab) => Number(await tab.locator("#explore-digit").inputValue());

/** The digits that a model has wrong: which ones, and what stands below their pictures. */
const THREE = {
    pixels: ([three, seven]) => three < seven,
    linear: (of) => of[2] > 0.5,
    simple_net: (of) => of[3] > 0.5,
};
const wrongOnes = (all, model) => all
    .map(({ label, of }, index) => ({ index, label, says: THREE[model](of) ? 3 : 7 }))
    .filter(({ label, says }) => label !== says);

/** The share that a chapter's model has right, as the chapter printed it. */
const accuracy = (cell) => snapshot(cell).at(-1).split(/\s+/)[3];
const ACCURACY = { linear: accuracy("11_learner__fit"), simple_net: accuracy("13_neural_net__fit") };

test("all answers are Rust's, bit by bit, and the wrong ones of each model stand first", async () => {
    await open("explore.html", async (tab) => {
        await openDigits(tab);
        const bytes = await tab.evaluate(() => {
            const all = document.getElementById("explore").digits.flatMap(({ of }) => [...of]);
            return [...new Uint8Array(Float32Array.from(all).buffer)];
        });
        assert.equal(createHash("sha256").update(Buffer.from(bytes)).digest("hex"), text("answers.sha256").trim());

        const all = await answers(tab);
        assert.equal(all.length, 2038);
        for (const model of Object.keys(THREE)) {
            await tab.locator("#explore-model").selectOption(model);
            const wrong = wrongOnes(all, model);
            if (model in ACCURACY) assert.equal((1 - wrong.length / 2038).toFixed(6), ACCURACY[model]);
            const found = [];
            while (found.length <= wrong.length) {
                found.push(...await tab.locator("#explore [role=option]").evaluateAll((options) =>
                    options.map((option) => option.getAttribute("aria-label"))));
                await tab.getByRole("button", { name: "36 on" }).click();
            }
            const expected = wrong.map(({ index, label, says }) => `Digit ${index}: ${says}, is ${label}`);
            assert.deepEqual(found.slice(0, wrong.length), expected, model);
            assert.match(found[wrong.length], /: [37]$/, "a right one follows");
            const threes = wrong.filter(({ label }) => label === 3).length;
            assert.ok((await tab.locator("#explore").innerText()).includes(
                `has ${wrong.length} wrong: ${threes} that are a 3, and ${wrong.length - threes} that are a 7.`));
        }
    });
});

test("the digits are sorted by loss, and filtered", async () => {
    await open("explore.html#model=linear&order=loss&which=7", async (tab) => {
        await openDigits(tab);
        const all = await answers(tab);
        // The loss of a 7 is the probability of a 3.
        const sevens = all.flatMap(({ label, of }, index) => (label === 7 ? [[of[2], index]] : []));
        sevens.sort(([a], [b]) => b - a);
        const shown = () => tab.locator("#explore [role=option]").evaluateAll((options) =>
            options.map((option) => Number(option.id.split("-")[1])));
        assert.deepEqual(await shown(), sevens.slice(0, 36).map(([, index]) => index));
        await tab.locator("#explore-order").selectOption("small");
        const least = all[(await shown())[0]];
        assert.equal(least.of[2], sevens.at(-1)[0]);
        // A digit that is filtered out lifts the filter.
        await tab.locator("#explore-digit").fill("0");
        await tab.locator("#explore-digit").press("Enter");
        assert.match(await says(tab), /^Digit 0, number \d+ of 2038, is a 3\./);
        assert.equal(await tab.locator("#explore-which").inputValue(), "all");
        // What is no digit is not tried.
        await tab.locator("#explore-digit").fill("2038");
        await tab.locator("#explore-digit").press("Enter");
        assert.match(await says(tab), /^Digit 0,/);
    });
});

test("the differences from the ideal digits are the digit's own, and their means are Rust's", async () => {
    await open("explore.html#digit=1500", async (tab) => {
        await openDigits(tab);
        const found = await tab.evaluate(async () => {
            const { pixels, of } = document.getElementById("explore").digits[1500];
            const { numbers } = await window.course.models();
            const canvases =
                /** @type {HTMLCanvasElement[]} */ ([...document.querySelectorAll("#explore .compare canvas")]);
            return [0, 1].map((at) => {
                const mean = numbers.subarray(784 * at, 784 * (at + 1));
                const differences = [...pixels].map((pixel, place) => pixel / 255 - mean[place]);
                const { data } = canvases[2 + 2 * at].getContext("2d").getImageData(0, 0, 28, 28);
                // Orange has more red than blue.
                const signs = differences.filter((difference, place) => Math.abs(difference) > 0.02
                    && Math.sign(data[4 * place] - data[4 * place + 2]) !== Math.sign(difference));
                return {
                    rust: of[at].toFixed(4),
                    mean: (differences.reduce((sum, d) => sum + Math.abs(d), 0) / 784).toFixed(4),
                    wrongSigns: signs.length,
                    label: canvases[2 + 2 * at].getAttribute("aria-label"),
                };
            });
        });
        for (const [at, { rust, mean, wrongSigns, label }] of found.entries()) {
            assert.equal(mean, rust);
            assert.equal(wrongSigns, 0);
            assert.equal(label, `${rust} from the ideal ${[3, 7][at]}`);
            assert.ok((await says(tab)).includes(`${rust} from the ideal ${[3, 7][at]}`));
        }
    });
});

for (const [width, theme] of /** @type {[number, string][]} */ ([[1280, "light"], [390, "navy"]])) {
    test(`one goes through the digits with the keys alone, at ${width} pixels`, async () => {
        await open("explore.html#order=data&model=pixels", async (tab) => {
            await tab.getByRole("button", { name: "Open the digits" }).focus();
            await tab.keyboard.press("Enter");
            await tab.locator("#explore table tr").first().waitFor();
            // The button is gone; the keys go on in the list.
            const press = async (key, expected) => {
                await tab.keyboard.press(key);
                assert.equal(await chosen(tab), expected, key);
                const list = tab.getByRole("listbox", { name: "Digits" });
                assert.equal(await list.getAttribute("aria-activedescendant"), `explore-${expected}`);
                const option = tab.locator("#explore [role=option][aria-selected=true]");
                assert.match(await option.getAttribute("aria-label"), new RegExp(`^Digit ${expected}: `));
                assert.match(await says(tab), new RegExp(`^Digit ${expected}, number ${expected + 1} of 2038`));
                const seen = await option.evaluate((one) => {
                    const [inner, outer] = [one, one.parentElement].map((box) => box.getBoundingClientRect());
                    return inner.top >= outer.top && inner.bottom <= outer.bottom + 1;
                });
                assert.ok(seen, `${key} leads to a digit that can be seen`);
            };
            await press("ArrowRight", 1);
            await press("ArrowDown", 2);
            await press("ArrowLeft", 1);
            await press("PageDown", 37);
            await press("End", 2037);
            await press("ArrowRight", 2037);
            await press("PageUp", 2001);
            await press("Home", 0);
            for (let i = 1; i <= 33; i++) await press("ArrowRight", i);
            assert.equal(await tab.locator("#explore .says").getAttribute("role"), "status");
            // mdBook turns the page with these keys, too; also from a menu.
            await tab.locator("#explore-which").press("ArrowRight");
            await tab.waitForTimeout(200);
            assert.match(tab.url(), /explore\.html#/);
            assert.ok(!(await isTooWide(tab)));
        }, { width, theme });
    });
}

test("the address has the settings and the digit, and brings them back", async () => {
    let address;
    await open("explore.html", async (tab) => {
        await openDigits(tab);
        await tab.locator("#explore-model").selectOption("linear");
        await tab.locator("#explore-order").selectOption("loss");
        await tab.locator("#explore-which").selectOption("3");
        await tab.getByRole("button", { name: "Next" }).click();
        address = tab.url().split("/").at(-1);
        assert.match(address, /^explore\.html#model=linear&order=loss&which=3&digit=\d+$/);
    });
    await open(address, async (tab) => {
        const digit = address.split("digit=")[1];
        assert.equal(await says(tab), `Digit ${digit} is waiting.`);
        await openDigits(tab);
        assert.match(await says(tab), new RegExp(`^Digit ${digit}, number 2 of 1010, is a 3\\.`));
        // Another address in the same tab; a link to a heading changes nothing.
        await tab.evaluate(() => (location.hash = "digit=2000"));
        await tab.locator("#explore .says", { hasText: "Digit 2000," }).waitFor();
        await tab.evaluate(() => (location.hash = "things-to-try"));
        assert.equal(await chosen(tab), 2000);
    });
    await open("explore.html#model=toString&order=x&digit=9999", async (tab) => {
        await openDigits(tab);
        assert.equal(await tab.locator("#explore-model").inputValue(), "simple_net");
    });
});

test("nothing is loaded before the digits are opened, and without JavaScript there is a picture", async () => {
    const hasPicture = (tab) =>
        tab.locator("#explore img").evaluate((image) => image.complete && image.naturalWidth > 0);
    await open("explore.html#digit=5", async (tab) => {
        const scripts = await tab.evaluate(() => [...document.scripts].map((script) => script.src));
        assert.ok(!scripts.some((address) => /(module|models|digits)[^/]*\.js$/.test(address)));
        assert.ok(await hasPicture(tab));
    });
    await open("explore.html", async (tab) => {
        assert.ok(await hasPicture(tab));
        assert.match(await tab.locator("#explore").innerText(), /needs JavaScript/);
    }, { javaScriptEnabled: false });
});
