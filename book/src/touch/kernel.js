// The page "A kernel by hand": nine weights to edit, a digit, and what the convolution makes of it.
"use strict";

(() => {
    const figure = document.getElementById("kernel");
    if (!figure || figure.dataset.built) return;
    figure.dataset.built = "yes";

    const { button, element, paint, paintSigned } = window.course;
    const SIDE = 28;
    /** The largest weight. */
    const MOST = 9;
    /** Two digits of the validation set by number, in base64; (n) stands for n times an A, which is 0. */
    const DIGITS = {
        1020: { name: "a 7", pixels:
            "(269)BicSUlJSUmJg9f+/v7/hg(17)l/f3+/f39/drGxp/A/sY(17)BjHYRSREJCQN(4)qP6M(32)Nu7eCg(31)G" +
            "39l(32)DLq5(33)CS/aI(31)Bd+PQx(32)uP2j(32)G/LwPQ(31)IP+fw(31)BT38UM(31)Co/pk(32)V7v5m(32" +
            ")rf2pBQ(30)MurkIQ(30)DNv9bw(31)HH9/Wk(31)Dr/egp(32)qoEQ(58)==" },
        0: { name: "a 3", pixels:
            "(196)CU2W/v7+/ks(25)Da/9/uDPz+T2okE(22)Jr93kUZAAAghOS4(22)BB7bQ(7)Ci0RE(22)BMX(8)ov0u(33" +
            ")KP+Lg(32)Wy0RE(31)DA/Zg(31)CJ/v1F(29)CCe+/797ecV(25)G/+/v7o5+7+/os9(22)CN8aVcAAAaXNr+zw" +
            "(22)DTI(8)gqtwT(33)Iv9RQ(32)CL/UU(33)y9(34)lPp1(23)tMw(5)zpPfI(24)ovHQ0NHQ8f2pSg(23)CTe/" +
            "f3+/d6JD(125)==" },
    };
    /** Kernels to begin with: those of the chapter first. */
    const KERNELS = {
        "upper and lower edges": [-1, -1, -1, 0, 0, 0, 1, 1, 1],
        "left and right edges": [-1, 0, 1, -1, 0, 1, -1, 0, 1],
        "edges of all sides": [-1, -1, -1, -1, 8, -1, -1, -1, -1],
        "the digit itself": [0, 0, 0, 0, 1, 0, 0, 0, 0],
        "a mean: blurred": Array(9).fill(0.11),
        "moved to the right": [0, 0, 0, 1, 0, 0, 0, 0, 0],
    };
    const PLACES = ["upper left", "upper", "upper right", "left", "middle", "right", "lower left", "lower",
        "lower right"];

    /** @param {string} text @returns {Uint8Array} */
    const unpack = (text) => {
        const bytes = atob(text.replace(/\((\d+)\)/g, (_, many) => "A".repeat(Number(many))));
        return Uint8Array.from(bytes, (c) => c.charCodeAt(0));
    };
    /** @type {Record<string, Uint8Array>} */
    const pixels = {};
    for (const [index, digit] of Object.entries(DIGITS)) pixels[index] = unpack(digit.pixels);

    /** Where the window is: its middle. */
    let [row, column] = [8, 12];

    const digit = element("select", { id: "kernel-digit" },
        ...Object.entries(DIGITS).map(([value, { name }]) => element("option", { value }, name)));
    digit.value = "1020";
    const preset = element("select", { id: "kernel-preset" },
        element("option", { value: "" }, "your own"),
        ...Object.keys(KERNELS).map((name) => element("option", { value: name }, name)));
    const weights = PLACES.map((place) => element("input", {
        type: "number", step: "0.5", min: -MOST, max: MOST, required: "", "aria-label": `Weight, ${place}`,
    }));
    const window28 = element("canvas", {
        tabindex: 0, role: "application",
        "aria-label": "The digit. The arrow keys move the window of 3 by 3 pixels.",
    });
    const found = element("canvas", { role: "img" });
    const says = element("p", { class: "says", role: "status" });
    const table = element("table", { class: "window" });

    /** A pixel from 0 to 1; beyond the edge all is 0. @param {number} r @param {number} c */
    const pixel = (r, c) => (r < 0 || c < 0 || r >= SIDE || c >= SIDE ? 0 : pixels[digit.value][r * SIDE + c] / 255);
    /** The weights as they stand in the fields; what is half typed counts as 0. */
    const kernel = () => weights.map((field) => Math.max(-MOST, Math.min(MOST, Number(field.value) || 0)));
    /** The nine products around a pixel. @param {number} r @param {number} c @param {number[]} of */
    const products = (r, c, of) =>
        of.map((weight, at) => weight * pixel(r + Math.floor(at / 3) - 1, c + (at % 3) - 1));
    /** @param {number[]} numbers */
    const sum = (numbers) => numbers.reduce((all, number) => all + number, 0);
    /** @param {number} value */
    const text = (value) => value.toFixed(2).replace(/^-0\.00$/, "0.00").replace("-", "\u2212");

    function show() {
        const of = kernel();
        const result = Float32Array.from({ length: SIDE * SIDE }, (_, at) =>
            sum(products(Math.floor(at / SIDE), at % SIDE, of)));
        const most = result.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
        paintSigned(found, result, most);
        found.setAttribute("aria-label", `The result: numbers from ${text(Math.min(...result))} to ` +
            `${text(Math.max(...result))}.`);
        showWindow(of);
    }

    /** @param {number[]} of */
    function showWindow(of) {
        paint(window28, { width: SIDE, height: SIDE, pixels: pixels[digit.value] });
        for (const canvas of [window28, found]) {
            // Of the digit the nine pixels, of the result the one that comes of them.
            const wide = canvas === window28 ? 1 : 0;
            const context = canvas.getContext("2d");
            context.fillStyle = "rgb(240 180 0 / 55%)";
            context.fillRect(column - wide, row - wide, 1 + 2 * wide, 1 + 2 * wide);
        }
        const nine = products(row, column, of);
        table.replaceChildren(...[0, 3, 6].map((from) => element("tr", {}, ...[0, 1, 2].map((by) => {
            const at = from + by;
            const value = pixel(row + Math.floor(at / 3) - 1, column + by - 1);
            return element("td", {}, `${text(value)} · ${text(of[at])}`);
        }))));
        says.textContent = `Row ${row}, column ${column}: the nine products add up to ${text(sum(nine))}.`;
    }

    /** @param {number} r @param {number} c */
    function move(r, c) {
        const within = (/** @type {number} */ at) => Math.max(0, Math.min(SIDE - 1, at));
        [row, column] = [within(r), within(c)];
        show();
        share();
    }

    /** @param {number[]} of */
    function fill(of) {
        of.forEach((weight, at) => (weights[at].value = String(weight)));
        changed();
    }

    /** Shows what the fields say. They stay as they are: somebody may be about to type "-1" or "0.5". */
    function changed() {
        const of = kernel().join();
        preset.value = Object.keys(KERNELS).find((known) => KERNELS[known].join() === of) ?? "";
        show();
    }

    /** Puts everything into the page's address, which can be sent to somebody. */
    function share() {
        const all = `kernel=${kernel().join(",")}&digit=${digit.value}&row=${row}&column=${column}`;
        history.replaceState(null, "", `#${all}`);
    }

    /** Takes it from there; what is missing or makes no sense is as at first. */
    function read() {
        const all = new URLSearchParams(location.hash.slice(1));
        const place = (/** @type {string} */ name, /** @type {number} */ otherwise) => {
            const at = Number(all.get(name) ?? NaN);
            return Number.isInteger(at) && at >= 0 && at < SIDE ? at : otherwise;
        };
        [row, column] = [place("row", 8), place("column", 12)];
        digit.value = (all.get("digit") ?? "") in DIGITS ? all.get("digit") : "1020";
        const of = (all.get("kernel") ?? "").split(",").map(Number);
        const isKernel = of.length === 9 && of.every((weight) => Number.isFinite(weight) && Math.abs(weight) <= MOST);
        fill(isKernel ? of : KERNELS["upper and lower edges"]);
    }

    const KEYS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    window28.addEventListener("keydown", (event) => {
        const by = KEYS[event.key];
        if (!by) return;
        // mdBook turns pages with the arrow keys.
        event.preventDefault();
        event.stopPropagation();
        move(row + by[0], column + by[1]);
    });
    /** @param {PointerEvent} event */
    const point = (event) => {
        const box = window28.getBoundingClientRect();
        move(Math.floor(((event.clientY - box.top) / box.height) * SIDE),
            Math.floor(((event.clientX - box.left) / box.width) * SIDE));
    };
    let pressed = false;
    window28.addEventListener("pointerdown", (event) => {
        pressed = true;
        window28.setPointerCapture(event.pointerId);
        point(event);
    });
    window28.addEventListener("pointermove", (event) => (pressed || event.pointerType === "mouse") && point(event));
    for (const end of ["pointerup", "pointercancel"]) window28.addEventListener(end, () => (pressed = false));

    digit.addEventListener("change", () => move(row, column));
    preset.addEventListener("change", () => {
        if (preset.value) fill(KERNELS[preset.value]);
        share();
    });
    for (const field of weights) {
        field.addEventListener("input", () => {
            changed();
            share();
        });
    }
    const turn = button("Turn the kernel", () => {
        const of = kernel();
        fill([2, 5, 8, 1, 4, 7, 0, 3, 6].map((at) => of[at]));
        share();
    });
    figure.replaceChildren(
        element("div", { class: "row" },
            element("label", { for: "kernel-digit" }, "Digit", digit),
            element("label", { for: "kernel-preset" }, "Kernel", preset), turn),
        element("div", { class: "looks kernel" },
            element("figure", {}, window28, element("figcaption", {}, "the digit, and the window")),
            element("figure", {}, element("div", { class: "nine" }, ...weights),
                element("figcaption", {}, "the kernel: change it")),
            element("figure", {}, found, element("figcaption", {}, "the result"))),
        says,
        element("div", { class: "wide" }, table),
    );
    read();
    addEventListener("hashchange", () => location.hash.includes("=") && read());
    // For the tests: the digits by their numbers.
    figure.pixels = pixels;
})();
