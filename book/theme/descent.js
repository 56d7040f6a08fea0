// The figure "Try it": gradient descent on the parabola x², with a learning rate and a start to drag, and the losses.
//
// Without JavaScript the text inside the figure stays as it is.
"use strict";

(() => {
    const STEPS = 20;
    // The part of the plane that the drawing shows.
    const X = 2.2;
    const Y = 4.6;
    const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [520, 330, 44, 16, 14, 52];

    /** @param {number} x */
    const f = (x) => x * x;
    /** @param {number} x */
    const gradient = (x) => 2 * x;

    /**
     * Where a point lies in a drawing that shows so much of the plane.
     * @param {number[]} point
     * @param {number[]} xs the least and the largest x
     * @param {number} most the largest y; the least is 0
     */
    const toPixel = ([x, y], [from, to], most) => [
        LEFT + ((x - from) / (to - from)) * (WIDTH - LEFT - RIGHT),
        HEIGHT - BOTTOM - (y / most) * (HEIGHT - TOP - BOTTOM),
    ];

    /**
     * The points that gradient descent visits, the start included.
     * @param {number} start
     * @param {number} rate
     */
    function descend(start, rate) {
        const xs = [start];
        for (let step = 0; step < STEPS; step++) {
            const x = xs[xs.length - 1];
            xs.push(x - rate * gradient(x));
        }
        return xs;
    }

    /**
     * What a reader should see in the picture, in words.
     * @param {number} rate
     * @param {number[]} xs
     */
    function verdict(rate, xs) {
        const end = xs[xs.length - 1];
        const loss = f(end);
        const where = `after ${STEPS} steps x is ${round(end)} and the loss ${round(loss)}`;
        if (xs[0] === 0) return `The start is the bottom, where the gradient is 0: ${where}.`;
        if (rate === 0) return `A learning rate of 0 goes nowhere: ${where}.`;
        if (loss > f(xs[0]) * (1 + 1e-9)) return `It diverges: ${where}.`;
        if (rate > 1 - 1e-9) return `It jumps to and fro for ever: ${where}.`;
        if (loss > 0.01) {
            const how = rate > 0.5 ? "It swings from side to side, and closes in slowly" : "It crawls";
            return `${how}: ${where}.`;
        }
        const how = rate > 0.5 ? "It swings from side to side, and converges" : "It converges";
        return `${how}: ${where}.`;
    }

    /** @param {number} value */
    function round(value) {
        if (Math.abs(value) >= 1000) return value.toExponential(1).replace("e+", " · 10^");
        return minus(value.toFixed(4));
    }

    /** @param {string} text */
    const minus = (text) => text.replace("-", "\u2212");

    /**
     * @param {string} name
     * @param {Record<string, string | number>} attributes
     * @param {(string | Node)[]} children
     */
    function element(name, attributes, ...children) {
        const made = document.createElementNS("http://www.w3.org/2000/svg", name);
        for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
        made.append(...children);
        return made;
    }

    /**
     * A drawing with axes.
     * @param {Element} svg
     * @param {{xs: number[], most: number, xTicks: number[], yTicks: number[], xName: string, yName: string}} axes
     * @param {{curve?: number[][], points: number[][]}} what
     */
    function draw(svg, { xs, most, xTicks, yTicks, xName, yName }, { curve = [], points }) {
        /** @param {number[]} point */
        const at = (point) => toPixel(point, xs, most).map((v) => v.toFixed(1));
        /** @param {number[][]} all @param {string} name */
        const polyline = (all, name) =>
            element("polyline", { class: name, points: all.map((point) => at(point).join(",")).join(" ") });
        const [left, bottom] = at([xs[0], 0]);
        const [right, top] = at([xs[1], most]);
        const parts = [
            element("polyline", { class: "axes", points: `${left},${top} ${left},${bottom} ${right},${bottom}` }),
            ...xTicks.map((x) =>
                element("text", { x: at([x, 0])[0], y: HEIGHT - 30, "text-anchor": "middle" }, minus(String(x)))),
            ...yTicks.map((y) => element("text", { x: LEFT - 5, y: Number(at([0, y])[1]) + 4, "text-anchor": "end" },
                Number(y.toPrecision(2)).toString())),
            element("text", { x: right, y: HEIGHT - 6, "text-anchor": "end" }, xName),
            element("text", { x: LEFT + 6, y: TOP + 9 }, yName),
        ];
        const dots = points.map((point) => {
            const [cx, cy] = at(point);
            return element("circle", { class: "visited", cx, cy, r: 4 });
        });
        dots[0]?.setAttribute("class", "visited first");
        dots[0]?.setAttribute("r", "7");
        // An inner drawing shows nothing beyond its edges.
        const inside = element("svg", { width: WIDTH, height: HEIGHT - BOTTOM + 8 },
            polyline(curve, "curve"), polyline(points, "path"), ...dots);
        svg.replaceChildren(...parts, inside);
    }

    /** @param {number[]} xs */
    function parabola(xs) {
        const curve = Array.from({ length: 121 }, (_, i) => -X + (2 * X * i) / 120).map((x) => [x, f(x)]);
        // Far outside nothing can be seen; a browser should not have to draw it either.
        const points = xs.filter((x) => Math.abs(x) < 4 * X).map((x) => [x, f(x)]);
        return { curve, points };
    }

    /**
     * A slider with its name before it, and its value behind it.
     * @param {string} id
     * @param {string} name
     * @param {Record<string, number>} range
     */
    function sliderFor(id, name, range) {
        const slider = document.createElement("input");
        const label = document.createElement("label");
        const output = document.createElement("output");
        const row = document.createElement("div");
        Object.assign(slider, { type: "range", id, ...range });
        label.htmlFor = id;
        label.textContent = name;
        output.htmlFor.add(id);
        row.className = "row";
        row.append(label, slider, output);
        return { slider, output, row };
    }

    /** @param {Element} figure */
    function build(figure) {
        const svgs = ["hill", "losses"].map((name) =>
            element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: name }));
        const [hill, losses] = svgs;
        const plots = document.createElement("div");
        plots.className = "sides";
        plots.append(...svgs);
        const text = document.createElement("p");
        text.setAttribute("aria-live", "polite");
        const rate = sliderFor(`${figure.id}-rate`, "Learning rate", { min: 0, max: 1.1, step: 0.01, value: 0.1 });
        const start = sliderFor(`${figure.id}-start`, "Start", { min: -2, max: 2, step: 0.05, value: -1.5 });

        const update = () => {
            const lr = Number(rate.slider.value);
            const xs = descend(Number(start.slider.value), lr);
            rate.output.textContent = lr.toFixed(2);
            start.output.textContent = minus(xs[0].toFixed(2));
            text.textContent = verdict(lr, xs);
            hill.setAttribute("aria-label", `Gradient descent on a parabola. ${text.textContent}`);
            draw(hill, {
                xs: [-X, X], most: Y, xTicks: [-2, -1, 0, 1, 2], yTicks: [0, 1, 2, 3, 4], xName: "x", yName: "loss",
            }, parabola(xs));
            const all = xs.map(f);
            const most = Math.max(0.1, Math.min(4 * all[0], Math.max(...all)));
            losses.setAttribute("aria-label", `The loss, from ${round(all[0])} to ${round(all[STEPS])}.`);
            // Far above nothing can be seen.
            const points = all.map((loss, step) => [step, Math.min(loss, 3 * most)]);
            draw(losses, {
                xs: [0, STEPS], most: 1.05 * most, xTicks: [0, 5, 10, 15, 20], yTicks: [0, most / 2, most],
                xName: "step", yName: "loss",
            }, { points });
        };
        for (const { slider } of [rate, start]) slider.addEventListener("input", update);

        // The start can be dragged along the parabola, too.
        /** @param {PointerEvent} event */
        const drag = (event) => {
            const box = hill.getBoundingClientRect();
            const along = ((event.clientX - box.left) / box.width) * WIDTH;
            start.slider.value = String(-X + ((along - LEFT) / (WIDTH - LEFT - RIGHT)) * 2 * X);
            update();
        };
        let dragging = false;
        hill.addEventListener("pointerdown", (event) => {
            hill.setPointerCapture(event.pointerId);
            dragging = true;
            drag(event);
        });
        hill.addEventListener("pointermove", (event) => dragging && drag(event));
        for (const end of ["pointerup", "pointercancel"]) hill.addEventListener(end, () => (dragging = false));

        figure.replaceChildren(rate.row, start.row, plots, text);
        update();
    }

    document.querySelectorAll(".descent").forEach(build);
})();
