// The page "Draw a 3 or a 7": a sheet to draw on, the steps to a digit of MNIST's kind, and what the models say.
"use strict";

(() => {
    const figure = document.getElementById("draw");
    if (!figure || figure.dataset.built) return;
    figure.dataset.built = "yes";

    const { said, row, button, element, paint, paintSigned } = window.course;
    /** The sheet has four rows and columns for each of a digit's 28. */
    const SIDE = 112;
    const CELL = SIDE / 28;
    const RADIUS = 4.5;
    const STEPS = ["made small", "against its paper", "its ink", "cropped", "20 pixels long", "centred"];
    /** Where the numbers of the models lie: two mean images, then the linear model, then the net. */
    const LINEAR = 2 * 784;
    const NET = LINEAR + 785;
    /** A 7, for those who would rather not draw. */
    const SEVEN = [[28, 30], [80, 28], [70, 52], [58, 74], [50, 96]];

    let ink = new Uint8Array(SIDE * SIDE);
    let inverted = false;
    let corner = 0;
    let course = null;
    let waiting = false;
    /** The pen of the keyboard: its place, and whether it is down. */
    const pen = { x: 56, y: 28, down: false, shown: false };

    const sheet = element("canvas", {
        id: "draw-sheet", width: SIDE, height: SIDE, tabindex: 0, role: "application",
        "aria-label": "Sheet to draw on. The arrow keys move the pen, the space bar puts it down and lifts it.",
    });
    const says = element("p", { class: "says", "aria-live": "polite" },
        "Draw with mouse, finger or pen; or with the arrow keys, once the space bar has put the pen down.");
    const steps = element("div", { class: "steps" });
    const answers = element("table");
    const linear = element("canvas", { width: 28, height: 28, role: "img", "aria-label": "Weight times pixel" });
    const features = element("div", { class: "features" });

    /** A disc of ink with a soft edge. */
    function dot(x, y) {
        const reach = Math.ceil(RADIUS);
        for (let row = Math.floor(y) - reach; row <= y + reach; row++) {
            for (let column = Math.floor(x) - reach; column <= x + reach; column++) {
                if (row < 0 || column < 0 || row >= SIDE || column >= SIDE) continue;
                const left = RADIUS + 0.5 - Math.hypot(column + 0.5 - x, row + 0.5 - y);
                const strength = Math.round(255 * Math.max(0, Math.min(1, left)));
                const at = row * SIDE + column;
                ink[at] = Math.max(ink[at], strength);
            }
        }
    }

    /** @param {number[]} from @param {number[]} to */
    function line([x, y], [toX, toY]) {
        const many = Math.max(1, Math.ceil(Math.hypot(toX - x, toY - y)));
        for (let i = 0; i <= many; i++) dot(x + ((toX - x) * i) / many, y + ((toY - y) * i) / many);
        changed();
    }

    /** Ink and paper as a program would get them: large numbers are ink, unless somebody has inverted the drawing. */
    const pixels = () => (inverted ? ink.map((value) => 255 - value) : ink);

    function showSheet() {
        paint(sheet, { width: SIDE, height: SIDE, pixels: pixels() });
        if (!pen.shown) return;
        const context = sheet.getContext("2d");
        context.strokeStyle = pen.down ? "#d65e00" : "#0072b2";
        context.lineWidth = 1.5;
        context.beginPath();
        context.arc(pen.x, pen.y, RADIUS + 1, 0, 2 * Math.PI);
        context.stroke();
    }

    /** Shows the drawing at once, and the answers with the next picture on the screen. */
    function changed() {
        showSheet();
        if (waiting) return;
        waiting = true;
        requestAnimationFrame(() => {
            waiting = false;
            answer().catch(failed);
        });
    }

    function failed(error) {
        says.textContent = `This does not work here: ${error.message}`;
    }

    /** @type {Promise<any> | null} */
    let opening = null;
    const opened = () => (opening ??= window.course.models());
    const nearer = ([three, seven]) =>
        `${three < seven ? 3 : 7} (${three.toFixed(3)} from a 3, ${seven.toFixed(3)} from a 7)`;

    async function answer() {
        course = await opened();
        const all = course.prepare(pixels(), SIDE);
        const small = all[0];
        const prepared = all.length > 1 ? all.at(-1) : null;
        steps.replaceChildren(...all.map((step, at) => {
            const canvas = element("canvas", { role: "img", "aria-label": STEPS[at] });
            paint(canvas, step);
            return element("figure", {}, canvas, element("figcaption", {}, STEPS[at]));
        }));
        if (!prepared) {
            says.textContent = "The sheet is empty.";
            answers.replaceChildren();
            features.replaceChildren();
            return;
        }
        const of = course.answers(prepared.pixels);
        const plain = course.answers(small.pixels);
        const rows = [
            ["pixel similarity", nearer(of), nearer(plain)],
            ["linear model", said(of[2]), said(plain[2])],
            ["simple_net", said(of[3]), said(plain[3])],
        ];
        answers.replaceChildren(
            row("th", ["", "prepared as MNIST was", "only made small"]),
            ...rows.map((cells) => row("td", cells)),
        );
        says.textContent = `simple_net says ${said(of[3])}, the linear model ${said(of[2])}, ` +
            `pixel similarity ${of[0] < of[1] ? 3 : 7}.`;
        showWeights(prepared.pixels, of.slice(4));
    }

    /** What speaks for a 3 in the linear model, and which features of the net are on. */
    function showWeights(pixels, on) {
        const { numbers } = course;
        const products = Float32Array.from(pixels, (pixel, at) => (numbers[LINEAR + at] * pixel) / 255);
        paintSigned(linear, products, Math.max(...products.map(Math.abs)));
        const most = Math.max(...on) || 1;
        if (features.childElementCount !== on.length) {
            features.replaceChildren(...Array.from(on, (_, feature) => {
                const canvas = element("canvas");
                const weights = numbers.subarray(NET + 784 * feature, NET + 784 * (feature + 1));
                paintSigned(canvas, weights, 0.3);
                return element("figure", {}, canvas, element("figcaption"));
            }));
        }
        const boxes = /** @type {HTMLElement[]} */ ([...features.children]);
        boxes.forEach((box, feature) => {
            box.style.opacity = String(on[feature] > 0 ? 0.4 + (0.6 * on[feature]) / most : 0.15);
            box.lastChild.textContent = on[feature].toFixed(1);
        });
    }

    /** Pushes the drawing into a corner, the next one with each press. */
    function shift() {
        const rows = [];
        const columns = [];
        ink.forEach((value, at) => value > 0 && (rows.push(Math.floor(at / SIDE)), columns.push(at % SIDE)));
        if (rows.length === 0) return;
        const extent = (places) => places.reduce(([a, b], p) => [Math.min(a, p), Math.max(b, p)], [SIDE, 0]);
        const [[top, bottom], [left, right]] = [extent(rows), extent(columns)];
        const down = [0, 0, SIDE - 1 - bottom + top, SIDE - 1 - bottom + top][corner] - top;
        const along = [0, SIDE - 1 - right + left, SIDE - 1 - right + left, 0][corner] - left;
        corner = (corner + 1) % 4;
        const moved = new Uint8Array(SIDE * SIDE);
        rows.forEach((r, i) => (moved[(r + down) * SIDE + columns[i] + along] = ink[r * SIDE + columns[i]]));
        ink = moved;
        changed();
    }

    function clear() {
        ink.fill(0);
        corner = 0;
        changed();
    }

    function example() {
        ink.fill(0);
        SEVEN.slice(1).forEach((to, at) => line(SEVEN[at], to));
    }

    const place = (event) => {
        const box = sheet.getBoundingClientRect();
        return [event.clientX - box.left, event.clientY - box.top].map((at) => (at * SIDE) / box.width);
    };
    let last = null;
    sheet.addEventListener("pointerdown", (event) => {
        sheet.setPointerCapture(event.pointerId);
        pen.shown = false;
        last = place(event);
        line(last, last);
    });
    sheet.addEventListener("pointermove", (event) => {
        if (!last) return;
        // All places since the last event, so that a quick stroke stays round.
        const events = event.getCoalescedEvents?.() ?? [];
        for (const at of (events.length ? events : [event]).map(place)) {
            line(last, at);
            last = at;
        }
    });
    for (const end of ["pointerup", "pointercancel"]) sheet.addEventListener(end, () => (last = null));

    const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    sheet.addEventListener("keydown", (event) => {
        const move = KEYS[event.key];
        if (!move && event.key !== " ") return;
        // mdBook turns pages with the arrow keys, and the space bar scrolls.
        event.preventDefault();
        event.stopPropagation();
        pen.shown = true;
        const from = [pen.x, pen.y];
        if (move) {
            const within = (at) => Math.max(0, Math.min(SIDE, at));
            [pen.x, pen.y] = from.map((at, axis) => within(at + CELL * move[axis]));
        } else {
            pen.down = !pen.down;
        }
        if (pen.down) line(from, [pen.x, pen.y]);
        else showSheet();
    });
    sheet.addEventListener("blur", () => {
        Object.assign(pen, { shown: false, down: false });
        showSheet();
    });

    const invert = button("Invert", () => {
        inverted = !inverted;
        invert.setAttribute("aria-pressed", String(inverted));
        changed();
    });
    figure.replaceChildren(
        element("div", { class: "desk" },
            sheet,
            element("div", { class: "beside" },
                element("div", { class: "row" },
                    button("Clear", clear), button("Shift", shift), invert, button("A 7 as an example", example)),
                says,
                element("div", { class: "wide" }, answers))),
        element("h3", {}, "From the drawing to a digit"),
        steps,
        element("h3", {}, "What the models look at"),
        element("div", { class: "looks" },
            element("figure", {}, linear, element("figcaption", {}, "linear model: weight times pixel")),
            features),
    );
    showSheet();
    // For the tests: what the page computes with.
    figure.course = opened;
})();
