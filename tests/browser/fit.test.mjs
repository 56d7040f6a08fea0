// Fitting a curve by hand in a real browser: see page.mjs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isTooWide, open, snapshot, text } from "./page.mjs";

const says = (tab) => tab.locator("#fit .says").innerText();
const loss = async (tab) => Number((await says(tab)).match(/^Loss ([\d.]+)/)[1]);
const press = (tab, name) => tab.getByRole("button", { name, exact: true }).click();
const cell = (name) => snapshot(`06_fitting_a_curve__${name}`);

/** What the chapter printed of a step: its loss with two decimals, and the parameters with three. */
function printed(step) {
    const line = cell("many_steps").find((of) => of.startsWith(`step ${String(step).padStart(4)}:`));
    const [, loss, a, b, c] = line.match(/loss +(\S+)  a, b, c = \[(\S+), (\S+), (\S+)\]/);
    return `Loss ${loss}${step > 0 ? ` after ${step} steps` : ""}: a = ${a}, b = ${b}, c = ${c}.`;
}
const plain = async (tab) => (await says(tab)).replaceAll("\u2212", "-");

test("the measurements and the start are the chapter's", async () => {
    await open("fit.html", async (tab) => {
        const found = await tab.evaluate(() => {
            const { speed, start } = document.getElementById("fit");
            return [speed, start].map((all) => all.map((number) => Math.fround(number)));
        });
        const { speed, params } = JSON.parse(text("../pytorch/roller_coaster.json"));
        assert.deepEqual(found, [speed, params]);
        const numbers = (name) => cell(name).join(" ").match(/tensor\((.*)\)/)[1].match(/-?\d+\.\d+/g);
        assert.deepEqual(found.map((all) => all.map((number) => number.toFixed(4))),
            [numbers("speed"), numbers("params")]);
    });
});

for (const [width, theme] of /** @type {[number, string][]} */ ([[1280, "light"], [390, "navy"]])) {
    test(`steps and a run come to the chapter's losses, at ${width} pixels`, async () => {
        await open("fit.html", async (tab) => {
            assert.equal(await plain(tab), printed(0));
            for (const expected of cell("ten_steps").slice(-10)) {
                await press(tab, "One step");
                assert.equal((await loss(tab)).toFixed(2), Number(expected).toFixed(2));
            }
            assert.equal(await plain(tab), printed(10));
            await press(tab, "Run");
            await tab.locator("#fit .says", { hasText: "after 5010 steps" }).waitFor();
            assert.match(await plain(tab), /^Loss 657\.5/);
            await press(tab, "The chapter's start");
            assert.equal(await plain(tab), printed(0));
            // A run can be stopped.
            await press(tab, "Run");
            await press(tab, "Stop");
            const stopped = await says(tab);
            await tab.waitForTimeout(100);
            assert.equal(await says(tab), stopped);
            assert.ok(!(await isTooWide(tab)));
        }, { width, theme });
    });
}

test("a curve is fitted with the keys alone, and shared by the address", async () => {
    let address;
    await open("fit.html#a=0.74&b=-14.2&c=69&lr=1e-4", async (tab) => {
        const before = await loss(tab);
        const curve = () => tab.locator("#fit polyline").getAttribute("points");
        const points = await curve();
        await tab.getByRole("slider", { name: "a", exact: true }).focus();
        await tab.keyboard.press("ArrowRight");
        const slider = tab.locator("#fit-a");
        assert.match(await slider.getAttribute("aria-valuetext"), /^0\.745, loss \d+\.\d\d$/);
        assert.ok((await loss(tab)) < before);
        assert.notEqual(await curve(), points);
        assert.match(await tab.locator("#fit svg").first().getAttribute("aria-label"), /a loss of \d/);
        // mdBook turns the page with these keys, too; also from a menu.
        await tab.locator("#fit-lr").press("ArrowRight");
        await tab.waitForTimeout(200);
        assert.match(tab.url(), /fit\.html/);
        await tab.locator("#fit-lr").selectOption("1e-4");
        address = tab.url().split("/").at(-1);
        assert.equal(address, "fit.html#a=0.745&b=-14.2&c=69&lr=1e-4");
        await press(tab, "Run");
        await tab.locator("#fit .says", { hasText: "It diverges." }).waitFor();
    });
    await open(address, async (tab) => {
        assert.match(await plain(tab), /a = 0\.745, b = -14\.200, c = 69\.000\.$/);
        assert.equal(await tab.locator("#fit-lr").inputValue(), "1e-4");
        await tab.evaluate(() => (location.hash = "things-to-try"));
        assert.match(await plain(tab), /a = 0\.745/);
    });
    await open("fit.html#a=x&b=1e400&lr=7", async (tab) => assert.equal(await plain(tab), printed(0)));
});

test("without JavaScript there is a picture of the curve", async () => {
    await open("fit.html", async (tab) => {
        const picture = tab.locator("#fit img");
        assert.ok(await picture.evaluate((image) => image.complete && image.naturalWidth > 0));
        assert.match(await tab.locator("#fit").innerText(), /needs JavaScript/);
    }, { javaScriptEnabled: false });
});
