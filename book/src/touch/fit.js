// The page "Fit a curve": the roller coaster of chapter 6, with sliders for its three parameters, and steps.
"use strict";

(() => {
    const figure = document.getElementById("fit");
    if (!figure || figure.dataset.built) return;
    figure.dataset.built = "yes";

    const { button, element, node } = window.course;
    /** The chapter's measurements, one a second, and its first parameters. */
    const SPEED = [
        74.468246, 59.649353, 45.889652, 26.370937, 21.413107, 19.422453, 12.589902, 10.729362, 3.7550797, -0.8723688,
        -0.29256904, 3.4119635, 4.992627, 10.312778, 15.432775, 26.267075, 31.75832, 42.00037, 57.59773, 66.822716,
    ];
    const START = { a: -0.7658386, b: -0.75062233, c: 1.3525478 };
    /** Each parameter: what it is multiplied by, and the range of its slider. */
    const PARAMS = {
        a: { factor: (t) => t * t, min: -1, max: 1.5, step: 0.005 },
        b: { factor: (t) => t, min: -20, max: 5, step: 0.1 },
        c: { factor: () => 1, min: -20, max: 100, step: 0.5 },
    };
    const NAMES = Object.keys(PARAMS);
    const RATES = ["1e-6", "1e-5", "3e-5", "1e-4"];
    /** As many steps as the chapter takes when it looks closer. */
    const RUN = 5000;
    const [WIDTH, HEIGHT, LEFT, BOTTOM, LOW, HIGH] = [560, 300, 40, 34, -60, 100];

    let params = { ...START };
    let steps = 0;
    let running = false;

    const rate = element("select", { id: "fit-lr" }, ...RATES.map((of) => element("option", { value: of }, of)));
    const sliders = {};
    const values = {};
    const slopes = {};
    for (const name of NAMES) {
        const { min, max, step } = PARAMS[name];
        sliders[name] = element("input", {
            id: `fit-${name}`, type: "range", min, max, step,
            oninput: () => {
                params[name] = Number(sliders[name].value);
                steps = 0;
                stopped();
            },
        });
        values[name] = element("output", { for: `fit-${name}`, class: "number" });
        slopes[name] = element("span", { class: "number" });
    }
    const svg = node("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "plot" });
    const says = element("p", { class: "says", role: "status" });

    const predict = (t) => NAMES.reduce((sum, name) => sum + params[name] * PARAMS[name].factor(t), 0);
    const mean = (of) => SPEED.reduce((sum, speed, t) => sum + of(predict(t) - speed, t), 0) / SPEED.length;
    const mse = () => mean((error) => error ** 2);
    /** How much the loss grows with a parameter: the derivative of the mean squared error. */
    const gradient = (name) => mean((error, t) => 2 * error * PARAMS[name].factor(t));

    function step() {
        const by = NAMES.map((name) => Number(rate.value) * gradient(name));
        NAMES.forEach((name, at) => (params[name] -= by[at]));
        steps += 1;
    }

    /** A number with a minus that screen readers say, and no more digits than fit. */
    const text = (value, digits) => {
        const short = Math.abs(value) < 1e6 ? value.toFixed(digits) : value.toExponential(1);
        return short.replace("-", "\u2212");
    };

    function show() {
        for (const name of NAMES) {
            sliders[name].value = params[name];
            values[name].textContent = text(params[name], 3);
            sliders[name].setAttribute("aria-valuetext", `${text(params[name], 3)}, loss ${text(mse(), 2)}`);
            slopes[name].textContent = text(gradient(name), 1);
        }
        draw();
        const many = ["", " after 1 step"][steps] ?? ` after ${steps} steps`;
        says.textContent = `Loss ${text(mse(), 2)}${many}: ` +
            `a = ${text(params.a, 3)}, b = ${text(params.b, 3)}, c = ${text(params.c, 3)}.`;
    }

    function draw() {
        const x = (t) => LEFT + 12 + (t / 19) * (WIDTH - LEFT - 30);
        const y = (speed) => 16 + ((HIGH - speed) / (HIGH - LOW)) * (HEIGHT - BOTTOM - 24);
        const parts = [];
        for (let speed = LOW; speed <= HIGH; speed += 40) {
            parts.push(node("line", { class: "grid", x1: LEFT, x2: WIDTH, y1: y(speed), y2: y(speed) }));
            parts.push(node("text", { x: LEFT - 6, y: y(speed) + 4, "text-anchor": "end" }, text(speed, 0)));
        }
        for (let t = 0; t < 20; t += 5) {
            parts.push(node("text", { x: x(t), y: HEIGHT - 12, "text-anchor": "middle" }, `${t}`));
        }
        parts.push(node("text", { x: x(19), y: HEIGHT - 12, "text-anchor": "end" }, "time (s)"));
        const middle = { x: x(9.5), y: 34, "text-anchor": "middle" };
        parts.push(node("text", { ...middle, class: "line0" }, "measured speed"));
        parts.push(node("text", { ...middle, class: "line1", dy: "1.3em" }, "a t² + b t + c"));
        // What is far outside of the picture is drawn at its rim, and cut off.
        const inside = (speed) => Math.max(2 * LOW - HIGH, Math.min(2 * HIGH - LOW, speed));
        const curve = Array.from({ length: 96 }, (_, at) => at / 5)
            .map((t) => `${x(t).toFixed(1)},${y(inside(predict(t))).toFixed(1)}`);
        // An inner drawing shows nothing beyond its height.
        parts.push(node("svg", { width: WIDTH, height: HEIGHT - BOTTOM },
            ...SPEED.map((speed, t) => node("circle", { cx: x(t), cy: y(speed), r: 4 })),
            node("polyline", { class: "line1", points: curve.join(" ") })));
        svg.setAttribute("aria-label",
            `Measured speeds in the shape of a U, and a curve with a loss of ${text(mse(), 2)}.`);
        svg.replaceChildren(...parts);
    }

    /** Ends a run, and shows where things stand. */
    function stopped() {
        setRunning(false);
        show();
        share();
    }

    function setRunning(now) {
        running = now;
        run.textContent = now ? "Stop" : "Run";
        // While it runs, a screen reader would not come to an end.
        says.setAttribute("aria-live", now ? "off" : "polite");
    }

    const diverged = () => !(mse() < 1e12);

    /** Takes steps, a few with each picture on the screen. */
    function frame(left) {
        if (!running) return;
        for (let i = 0; i < 20 && left > 0 && !diverged(); i++, left--) step();
        if (diverged()) {
            stopped();
            says.textContent += " It diverges. Try a smaller learning rate, from the start.";
        } else if (left === 0) {
            stopped();
        } else {
            show();
            requestAnimationFrame(() => frame(left));
        }
    }

    const one = button("One step", () => {
        step();
        stopped();
    });
    const run = button("Run", () => {
        if (running) {
            stopped();
            return;
        }
        setRunning(true);
        frame(RUN);
    });
    const again = button("The chapter's start", () => {
        params = { ...START };
        rate.value = "1e-5";
        steps = 0;
        stopped();
    });

    /** Puts the parameters and the learning rate into the page's address, which can be sent to somebody. */
    function share() {
        const all = NAMES.map((name) => `${name}=${Number(params[name].toPrecision(8))}`);
        history.replaceState(null, "", `#${all.join("&")}&lr=${rate.value}`);
    }

    /** Takes them from there; what is missing or makes no sense is the chapter's. */
    function read() {
        const all = new URLSearchParams(location.hash.slice(1));
        for (const name of NAMES) {
            const value = Number(all.get(name) ?? NaN);
            params[name] = Number.isFinite(value) && Math.abs(value) < 1e6 ? value : START[name];
        }
        rate.value = RATES.includes(all.get("lr")) ? all.get("lr") : "1e-5";
        steps = 0;
    }

    rate.addEventListener("change", stopped);
    figure.replaceChildren(
        element("div", { class: "sliders" },
            element("span"), element("span"), element("span", { class: "number" }, "value"),
            element("span", { class: "number" }, "gradient"),
            ...NAMES.flatMap((name) => [
                element("label", { for: `fit-${name}` }, name), sliders[name], values[name], slopes[name],
            ])),
        element("div", { class: "row" },
            element("label", { for: "fit-lr" }, "Learning rate", rate), one, run, again),
        says, svg,
    );
    read();
    setRunning(false);
    show();
    addEventListener("hashchange", () => {
        // A link to a heading has no settings.
        if (!/[abc]=|lr=/.test(location.hash)) return;
        read();
        stopped();
    });
    // For the tests: the chapter's numbers.
    Object.assign(figure, { speed: SPEED, start: Object.values(START) });
})();
