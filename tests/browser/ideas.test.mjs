// The kernel to edit, and the sum of ReLUs, in a real browser: see page.mjs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isTooWide, open } from "./page.mjs";

const kernelSays = async (tab) => (await tab.locator("#kernel .says").innerText()).replaceAll("\u2212", "-");
const weight = (tab, place) => tab.getByRole("spinbutton", { name: `Weight, ${place}`, exact: true });

test("the digits beside the kernel are those of the validation set", async () => {
    let kept;
    await open("kernel.html", async (tab) => {
        kept = await tab.evaluate(() => Object.entries(document.getElementById("kernel").pixels)
            .map(([index, pixels]) => [Number(index), [...pixels]]));
    });
    await open("explore.html", async (tab) => {
        const found = await tab.evaluate(async (all) => {
            const course = await window.course.digits();
            return all.map(([index]) => [index, [...course.digit(index).slice(0, 784)]]);
        }, kept);
        assert.deepEqual(kept, found);
    });
});

for (const [width, theme] of /** @type {[number, string][]} */ ([[1280, "light"], [390, "navy"]])) {
    test(`a kernel is edited, and the window moved, with the keys alone, at ${width} pixels`, async () => {
        await open("kernel.html", async (tab) => {
            // Row 8 is the upper edge of the bar: ink below, and none above.
            const sum = async () => Number((await kernelSays(tab)).match(/add up to (\S+)\.$/)[1]);
            const { pixels } = await tab.evaluate(() => ({
                pixels: [...document.getElementById("kernel").pixels[1020]].map((pixel) => pixel / 255),
            }));
            const pixel = (row, column) => pixels[28 * row + column];
            const edge = (row, column) => [-1, 0, 1].reduce((all, by) =>
                all + pixel(row + 1, column + by) - pixel(row - 1, column + by), 0);
            assert.equal(await kernelSays(tab), `Row 8, column 12: the nine products add up to ${edge(8, 12).toFixed(2)}.`);
            await tab.locator("#kernel canvas").first().focus();
            await tab.keyboard.press("ArrowDown");
            await tab.keyboard.press("ArrowRight");
            assert.equal(await sum(), Number(edge(9, 13).toFixed(2)));
            // mdBook turns the page with these keys, too.
            assert.match(tab.url(), /kernel\.html#kernel=-1,-1,-1,0,0,0,1,1,1&digit=1020&row=9&column=13$/);
            const painted = () => tab.locator("#kernel canvas").last().evaluate((/** @type {HTMLCanvasElement} */ canvas) =>
                canvas.toDataURL());
            const before = await painted();
            // Typed as people do: after "-" and "-1." there is no number yet.
            await weight(tab, "middle").press("Control+a");
            await weight(tab, "middle").pressSequentially("-1.5");
            assert.equal(await sum(), Number((edge(9, 13) - 1.5 * pixel(9, 13)).toFixed(2)));
            assert.match(tab.url(), /#kernel=-1,-1,-1,0,-1\.5,0,1,1,1&/);
            assert.notEqual(await painted(), before);
            assert.equal(await tab.locator("#kernel-preset").inputValue(), "");
            await tab.locator("#kernel-preset").selectOption("upper and lower edges");
            await tab.getByRole("button", { name: "Turn the kernel" }).click();
            assert.equal(await tab.locator("#kernel-preset").inputValue(), "left and right edges");
            assert.ok(!(await isTooWide(tab)));
        }, { width, theme });
    });

    test(`more ReLUs come nearer to the curve, at ${width} pixels`, async () => {
        await open("relus.html", async (tab) => {
            const far = async () => Number((await tab.locator("#relus .says").innerText()).match(/as near as (\S+) to/)[1]);
            const slider = tab.locator("#relus-many");
            assert.equal(await tab.locator("#relus polyline").count(), 4 + 2);
            await slider.focus();
            const distances = [await far()];
            for (let presses = 0; presses < 12; presses++) await tab.keyboard.press("ArrowRight");
            distances.push(await far());
            await tab.keyboard.press("End");
            distances.push(await far());
            // Twice as many bends are four times as near.
            assert.ok(distances[0] > 4 * distances[1] && distances[1] > 2 * distances[2], distances.join(" "));
            assert.match(await slider.getAttribute("aria-valuetext"), /^30 ReLUs come as near as/);
            // The sum of the table is the curve at its end.
            await tab.locator("#relus summary").click();
            const all = await tab.locator("#relus tbody tr").allInnerTexts();
            const terms = all.map((line) => line.replaceAll("\u2212", "-").match(/^(\S+)\s+relu\(x (.) (\S+)\)$/).slice(1));
            const sum = terms.reduce((total, [by, sign, bend]) =>
                total + Number(by) * (2 - (sign === "+" ? -1 : 1) * Number(bend)), Math.sin(-4));
            assert.ok(Math.abs(sum - Math.sin(4)) < 0.05, `${sum}`);
            await tab.locator("#relus-curve").selectOption("stairs");
            assert.match(tab.url(), /relus\.html#curve=stairs&relus=30&parts=1$/);
            assert.ok(!(await isTooWide(tab)));
        }, { width, theme });
    });
}

test("a kernel and a sum are shared by the address, and what makes no sense is not taken", async () => {
    await open("kernel.html#kernel=0,0,0,0,1,0,0,0,0&digit=0&row=3&column=4", async (tab) => {
        assert.equal(await tab.locator("#kernel-preset").inputValue(), "the digit itself");
        assert.equal(await tab.locator("#kernel-digit").inputValue(), "0");
        assert.match(await kernelSays(tab), /^Row 3, column 4:/);
    });
    for (const kernel of ["1,2,3", "1,2,x,0,0,0,0,0,0", "99,0,0,0,0,0,0,0,0"]) {
        await open(`kernel.html#kernel=${kernel}&digit=5&row=99`, async (tab) => {
            assert.equal(await tab.locator("#kernel-preset").inputValue(), "upper and lower edges");
            assert.match(await kernelSays(tab), /^Row 8, column 12:/);
        });
    }
    await open("relus.html#curve=bump&relus=7&parts=0", async (tab) => {
        assert.match(await tab.locator("#relus .says").innerText(), /^7 ReLUs come as near as \S+ to a bump/);
        assert.equal(await tab.locator("#relus polyline").count(), 2);
    });
});

test("without JavaScript there are pictures of both", async () => {
    for (const name of ["kernel", "relus"]) {
        await open(`${name}.html`, async (tab) => {
            const picture = tab.locator(`#${name} img`);
            assert.ok(await picture.evaluate((/** @type {HTMLImageElement} */ image) => image.complete && image.naturalWidth > 0));
            assert.match(await tab.locator(`#${name}`).innerText(), /needs JavaScript/);
        }, { javaScriptEnabled: false });
    }
});
