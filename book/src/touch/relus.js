// The page "A sum of ReLUs": bent lines, added up, come near to any curve.
"use strict";

(() => {
    const figure = document.getElementById("relus");
    if (!figure || figure.dataset.built) return;
    figure.dataset.built = "yes";

    const { element, node } = window.course;
    /** @type {Record<string, {name: string, f: (x: number) => number}>} */
    const CURVES = {
        wave: { name: "a wave", f: (x) => Math.sin(2 * x) },
        parabola: { name: "a parabola", f: (x) => (x * x) / 2 - 1 },
        bump: { name: "a bump", f: (x) => 1.6 * Math.exp(-3 * x * x) - 0.6 },
        stairs: { name: "two stairs", f: (x) => Math.tanh(6 * (x + 1)) / 2 + Math.tanh(6 * (x - 1)) / 2 },
    };
    const MOST = 30;
    const [FROM, TO, LOW, HIGH] = [-2, 2, -1.6, 1.6];
    const [WIDTH, HEIGHT, LEFT, BOTTOM] = [560, 320, 40, 30];

    const curve = element("select", { id: "relus-curve" },
        ...Object.entries(CURVES).map(([value, { name }]) => element("option", { value }, name)));
    const many = element("input", { id: "relus-many", type: "range", min: 1, max: MOST, step: 1 });
    const value = element("output", { for: "relus-many", class: "number" });
    const parts = element("input", { id: "relus-parts", type: "checkbox" });
    const svg = node("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", class: "plot" });
    const says = element("p", { class: "says", role: "status" });
    const rows = element("tbody");

    /**
     * So many ReLUs: each begins at its `bend`, and rises by its `weight` for each step to the right. Their sum begins at
     * the curve, and meets it at all bends.
     * @param {(x: number) => number} f
     * @param {number} count
     */
    function fitted(f, count) {
        const step = (TO - FROM) / count;
        let slope = 0;
        return Array.from({ length: count }, (_, at) => {
            const bend = FROM + at * step;
            const weight = (f(bend + step) - f(bend)) / step - slope;
            slope += weight;
            return { bend, weight };
        });
    }
    /** @param {number} x */
    const relu = (x) => Math.max(0, x);
    /** @param {number} number @param {number} digits */
    const text = (number, digits) => number.toFixed(digits).replace("-", "\u2212");

    function show() {
        const { f, name } = CURVES[curve.value];
        const count = Number(many.value);
        const relus = fitted(f, count);
        const start = f(FROM);
        /** @param {number} x */
        const sum = (x) => relus.reduce((all, { bend, weight }) => all + weight * relu(x - bend), start);
        const xs = Array.from({ length: 241 }, (_, at) => FROM + ((TO - FROM) * at) / 240);
        const far = Math.max(...xs.map((x) => Math.abs(sum(x) - f(x))));
        value.textContent = `${count}`;
        says.textContent = `${count === 1 ? "One ReLU comes" : `${count} ReLUs come`} as near as ${text(far, 3)} ` +
            `to ${name} everywhere.`;
        many.setAttribute("aria-valuetext", says.textContent);
        svg.setAttribute("aria-label", `The curve, and a line with bends. ${says.textContent}`);
        draw(xs, f, sum, parts.checked ? relus : []);
        rows.replaceChildren(...relus.map(({ bend, weight }) => element("tr", {},
            element("td", {}, text(weight, 3)),
            element("td", {}, `relu(x ${bend <= 0 ? "+" : "\u2212"} ${Math.abs(bend).toFixed(3)})`))));
        share();
    }

    /**
     * @param {number[]} xs
     * @param {(x: number) => number} f
     * @param {(x: number) => number} sum
     * @param {{bend: number, weight: number}[]} relus
     */
    function draw(xs, f, sum, relus) {
        /** @param {number} at */
        const x = (at) => LEFT + 10 + ((at - FROM) / (TO - FROM)) * (WIDTH - LEFT - 20);
        // What is far outside of the picture is drawn at its rim, and cut off.
        /** @param {number} at */
        const y = (at) => 12 + ((HIGH - Math.max(2 * LOW, Math.min(2 * HIGH, at))) / (HIGH - LOW)) * (HEIGHT - BOTTOM - 12);
        /** @param {(x: number) => number} of @param {string} name */
        const line = (of, name) => node("polyline", {
            class: name, points: xs.map((at) => `${x(at).toFixed(1)},${y(of(at)).toFixed(1)}`).join(" "),
        });
        const marks = [-1, 0, 1].flatMap((at) => [
            node("line", { class: "grid", x1: LEFT, x2: WIDTH, y1: y(at), y2: y(at) }),
            node("text", { x: LEFT - 6, y: y(at) + 4, "text-anchor": "end" }, text(at, 0)),
        ]);
        const places = [-2, -1, 0, 1, 2].map((at) =>
            node("text", { x: x(at), y: HEIGHT - 8, "text-anchor": "middle" }, text(at, 0)));
        svg.replaceChildren(
            ...marks, ...places,
            // An inner drawing shows nothing beyond its height.
            node("svg", { width: WIDTH, height: HEIGHT - BOTTOM + 6 },
                ...relus.map(({ bend, weight }) => line((at) => weight * relu(at - bend), "part")),
                line(f, "line0"), line(sum, "line1")),
            node("text", { class: "line0", x: WIDTH - 12, y: HEIGHT - BOTTOM - 26, "text-anchor": "end" }, "the curve"),
            node("text", { class: "line1", x: WIDTH - 12, y: HEIGHT - BOTTOM - 4, "text-anchor": "end" },
                "the sum of ReLUs"),
        );
    }

    /** Puts the settings into the page's address, which can be sent to somebody. */
    function share() {
        history.replaceState(null, "", `#curve=${curve.value}&relus=${many.value}&parts=${Number(parts.checked)}`);
    }

    /** Takes them from there; what is missing or makes no sense is as at first. */
    function read() {
        const all = new URLSearchParams(location.hash.slice(1));
        curve.value = (all.get("curve") ?? "") in CURVES ? all.get("curve") : "wave";
        const count = Number(all.get("relus"));
        many.value = String(Number.isInteger(count) && count >= 1 && count <= MOST ? count : 4);
        parts.checked = all.get("parts") !== "0";
        show();
    }

    for (const field of [curve, many, parts]) field.addEventListener("input", show);
    figure.replaceChildren(
        element("div", { class: "row" },
            element("label", { for: "relus-curve" }, "Curve", curve),
            element("label", { for: "relus-parts" }, "Each ReLU by itself", parts)),
        element("div", { class: "sliders" },
            element("label", { for: "relus-many" }, "ReLUs"), many, value),
        says, svg,
        element("details", {}, element("summary", {}, "All ReLUs of the sum"),
            element("div", { class: "wide rows" }, element("table", {},
                element("thead", {}, element("tr", {}, element("th", {}, "weight"), element("th", {}, "ReLU"))), rows))),
    );
    read();
    addEventListener("hashchange", () => location.hash.includes("=") && read());
})();
