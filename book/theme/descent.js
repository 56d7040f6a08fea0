// The figure "Try it": gradient descent on the parabola x², with a learning rate to drag.
//
// Without JavaScript the text inside the figure stays as it is.
"use strict";

(() => {
    const START = -1.5;
    const STEPS = 20;
    // The part of the plane that the drawing shows.
    const X = 2.2;
    const Y = 4.6;
    const WIDTH = 520;
    const HEIGHT = 300;

    const f = (x) => x * x;
    const gradient = (x) => 2 * x;
    const toPixel = ([x, y]) => [
        ((x + X) / (2 * X)) * WIDTH,
        HEIGHT - 16 - (y / Y) * (HEIGHT - 32),
    ];

    /** The points that gradient descent visits, the start included. */
    function descend(rate) {
        const xs = [START];
        for (let step = 0; step < STEPS; step++) {
            const x = xs[xs.length - 1];
            xs.push(x - rate * gradient(x));
        }
        return xs;
    }

    /** What a reader should see in the picture, in words. */
    function verdict(rate, xs) {
        const end = xs[xs.length - 1];
        const loss = f(end);
        const where = `after ${STEPS} steps x is ${round(end)} and the loss ${round(loss)}`;
        if (rate === 0) return `A learning rate of 0 goes nowhere: ${where}.`;
        if (loss > f(START) * (1 + 1e-9)) return `It diverges: ${where}.`;
        if (rate > 1 - 1e-9) return `It jumps to and fro for ever: ${where}.`;
        if (loss > 0.01) {
            const how = rate > 0.5 ? "It swings from side to side, and closes in slowly" : "It crawls";
            return `${how}: ${where}.`;
        }
        const how = rate > 0.5 ? "It swings from side to side, and converges" : "It converges";
        return `${how}: ${where}.`;
    }

    function round(value) {
        if (Math.abs(value) >= 1000) return value.toExponential(1).replace("e+", " · 10^");
        return value.toFixed(4).replace("-", "\u2212");
    }

    function element(name, attributes) {
        const made = document.createElementNS("http://www.w3.org/2000/svg", name);
        for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
        return made;
    }

    const polyline = (points, name) =>
        element("polyline", {
            class: name,
            points: points.map((p) => toPixel(p).map((v) => v.toFixed(1)).join(",")).join(" "),
        });

    function draw(svg, xs) {
        const curve = [];
        for (let i = 0; i <= 120; i++) {
            const x = -X + (2 * X * i) / 120;
            curve.push([x, f(x)]);
        }
        // Far outside nothing can be seen; a browser should not have to draw it either.
        const seen = xs.filter((x) => Math.abs(x) < 4 * X).map((x) => [x, f(x)]);
        const dots = seen.map((point) => {
            const [cx, cy] = toPixel(point).map((v) => v.toFixed(1));
            return element("circle", { class: "visited", cx, cy, r: 4 });
        });
        svg.replaceChildren(polyline(curve, "curve"), polyline(seen, "path"), ...dots);
    }

    function build(figure) {
        const svg = element("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img" });
        const label = document.createElement("label");
        const slider = document.createElement("input");
        const value = document.createElement("output");
        const text = document.createElement("p");
        Object.assign(slider, { type: "range", min: 0, max: 1.1, step: 0.01, value: 0.1 });
        slider.id = `${figure.id}-rate`;
        label.htmlFor = slider.id;
        label.textContent = "Learning rate";
        value.htmlFor = slider.id;
        text.setAttribute("aria-live", "polite");

        const update = () => {
            const rate = Number(slider.value);
            const xs = descend(rate);
            value.textContent = rate.toFixed(2);
            text.textContent = verdict(rate, xs);
            svg.setAttribute("aria-label", `Gradient descent on a parabola. ${text.textContent}`);
            draw(svg, xs);
        };
        slider.addEventListener("input", update);
        // mdBook turns pages with the arrow keys; here they move the slider.
        slider.addEventListener("keydown", (event) => event.stopPropagation());

        const row = document.createElement("div");
        row.className = "row";
        row.append(label, slider, value);
        figure.replaceChildren(row, svg, text);
        update();
    }

    document.querySelectorAll(".descent").forEach(build);
})();
