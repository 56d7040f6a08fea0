// The page "The digits": each digit of the validation set, how far it is from the ideal ones, and what the models say.
"use strict";

(() => {
    const figure = document.getElementById("explore");
    if (!figure || figure.dataset.built) return;
    figure.dataset.built = "yes";

    const { said, row, button, element, paint, paintSigned } = window.course;
    /** How many digits the validation set has, and how many of them are shown at a time. */
    const ALL = 2038;
    const SHOWN = 36;
    /** The models. Of what Rust answers about a digit: what they say, whether that is a 3, and the loss for a label. */
    const MODELS = {
        pixels: {
            name: "pixel similarity",
            says: ([three, seven]) => `${three < seven ? 3 : 7} (${Math.abs(three - seven).toFixed(3)} nearer)`,
            isThree: ([three, seven]) => three < seven,
            // It has no loss in the course: how much farther from its own ideal digit than from the other.
            loss: ([three, seven], label) => (label === 3 ? three - seven : seven - three),
        },
        linear: probability("the linear model", 2),
        simple_net: probability("simple_net", 3),
    };
    const ORDERS = {
        wrong: "the wrong ones first",
        loss: "largest loss first",
        small: "smallest loss first",
        data: "as in the data",
    };
    const WHICH = { all: "3 and 7", 3: "only 3", 7: "only 7" };

    let course = null;
    /** Each digit: its pixels, its label, and Rust's answers. */
    const digits = [];
    /** The numbers of the digits, in the order that is chosen, and the one that is looked at. */
    let order = [];
    let current = 0;

    /** A model that gives a probability of a 3; the loss is the course's `mnist_loss`. */
    function probability(name, at) {
        return {
            name,
            says: (answers) => said(answers[at]),
            isThree: (answers) => answers[at] > 0.5,
            loss: (answers, label) => (label === 3 ? 1 - answers[at] : answers[at]),
        };
    }

    const select = (id, options) => {
        const of = Object.entries(options).map(([value, text]) => element("option", { value }, text));
        return element("select", { id: `explore-${id}` }, ...of);
    };
    const names = Object.entries(MODELS).map(([id, { name }]) => [id, name]);
    const fields = {
        model: select("model", Object.fromEntries(names)),
        order: select("order", ORDERS),
        which: select("which", WHICH),
        digit: element("input", { id: "explore-digit", type: "number", min: 0, max: ALL - 1, step: 1, required: "" }),
    };
    const LABELS = { model: "Model", order: "Order", which: "Which", digit: "Digit" };
    const opens = button("Open the digits", () => open().catch(failed));
    const progress = element("progress", { max: ALL, value: 0, "aria-label": "How many digits the models have seen" });
    const says = element("p", { class: "says", role: "status" });
    const counts = element("p", { "aria-live": "polite" });
    const list = element("div", {
        class: "thumbs", role: "listbox", tabindex: 0,
        "aria-label": "Digits. The arrow keys, Page Up and Page Down, Home and End choose one.",
    });
    const looks = element("div", { class: "compare" });
    const answers = element("table");

    const model = () => MODELS[fields.model.value];
    const isWrong = ({ label, of }, by = model()) => by.isThree(of) !== (label === 3);
    const loss = ({ label, of }, by = model()) => by.loss(of, label);

    function failed(error) {
        opens.disabled = false;
        says.textContent = `This does not work here: ${error.message}`;
    }

    /** Lets the browser show what has changed. */
    const shown = () => new Promise((resolve) => void setTimeout(resolve, 20));

    async function open() {
        opens.disabled = true;
        says.textContent = "Loading the course's code and its digits, 4 MB in all …";
        course = await window.course.digits(() => {
            says.textContent = "Unpacking the digits …";
            return shown();
        });
        says.textContent = "The models look at each of them …";
        opens.replaceWith(progress);
        let last = performance.now();
        for (let index = 0; index < ALL; index++) {
            const all = course.digit(index);
            const pixels = all.subarray(0, 784);
            digits[index] = { index, pixels, label: all[784] === 1 ? 3 : 7, of: course.answers(pixels) };
            if (performance.now() - last < 50) continue;
            progress.value = index;
            await shown();
            last = performance.now();
        }
        build();
    }

    /** The settings in the page's address; what is missing or makes no sense is left out. */
    function given() {
        const all = new URLSearchParams(location.hash.slice(1));
        const found = {};
        for (const [name, options] of Object.entries({ model: MODELS, order: ORDERS, which: WHICH })) {
            if (Object.hasOwn(options, all.get(name) ?? "")) found[name] = all.get(name);
        }
        const digit = all.get("digit");
        if (/^\d+$/.test(digit ?? "") && Number(digit) < ALL) found.digit = Number(digit);
        return found;
    }

    function fill({ model = "simple_net", order = "wrong", which = "all" }) {
        Object.assign(fields.model, { value: model });
        Object.assign(fields.order, { value: order });
        Object.assign(fields.which, { value: which });
    }

    function share() {
        const all = Object.entries(fields).map(([name, field]) => `${name}=${field.value}`);
        history.replaceState(null, "", `#${all.join("&")}`);
    }

    /** Sorts by the settings, and goes to a digit: the first, if none is named. */
    function sort(digit) {
        const which = fields.which.value;
        const some = digits.filter(({ label }) => which === "all" || label === Number(which));
        const by = {
            wrong: (a, b) => Number(isWrong(b)) - Number(isWrong(a)),
            loss: (a, b) => loss(b) - loss(a),
            small: (a, b) => loss(a) - loss(b),
            data: () => 0,
        }[fields.order.value];
        order = some.sort(by).map(({ index }) => index);
        const wrong = some.filter((one) => isWrong(one));
        const threes = wrong.filter(({ label }) => label === 3).length;
        counts.textContent = `Of these ${some.length} digits, ${model().name} has ${wrong.length} wrong: ` +
            `${threes} that are a 3, and ${wrong.length - threes} that are a 7.`;
        go(digit ?? order[0]);
    }

    /** Looks at a digit. One that is filtered out lifts the filter. */
    function go(digit) {
        if (!order.includes(digit)) {
            fields.which.value = "all";
            sort(digit);
            return;
        }
        current = digit;
        fields.digit.value = digit;
        showList();
        showDigit();
        share();
    }

    /** Goes so many places on in the order, or back. */
    function move(by) {
        const to = order.indexOf(current) + by;
        go(order[Math.max(0, Math.min(order.length - 1, to))]);
    }

    /** The part of the order in which the digit is. */
    function showList() {
        const first = Math.floor(order.indexOf(current) / SHOWN) * SHOWN;
        const now = order.slice(first, first + SHOWN);
        list.replaceChildren(...now.map((index) => {
            const one = digits[index];
            const is = one.label;
            const other = 10 - is;
            const text = isWrong(one) ? `${other}, is ${is}` : `${is}`;
            const canvas = element("canvas");
            paint(canvas, { width: 28, height: 28, pixels: one.pixels });
            return element("div", {
                id: `explore-${index}`, role: "option", class: isWrong(one) ? "wrong" : "right",
                "aria-selected": index === current, "aria-label": `Digit ${index}: ${text}`,
                onclick: () => go(index),
            }, canvas, element("span", {}, text));
        }));
        list.setAttribute("aria-activedescendant", `explore-${current}`);
        // On a phone the list scrolls.
        /** @type {HTMLElement} */
        const chosen = list.querySelector("[aria-selected=true]");
        const top = chosen.offsetTop - list.offsetTop;
        const bottom = top + chosen.offsetHeight;
        if (top < list.scrollTop || bottom > list.scrollTop + list.clientHeight) list.scrollTop = top - 40;
    }

    function showDigit() {
        const { label, of, pixels } = digits[current];
        const picture = (text, draw) => {
            const canvas = element("canvas", { role: "img", "aria-label": text });
            draw(canvas);
            return element("figure", {}, canvas, element("figcaption", {}, text));
        };
        const ink = Float32Array.from(pixels, (pixel) => pixel / 255);
        // The models' numbers begin with the two mean images.
        const ideals = [3, 7].flatMap((digit, at) => {
            const mean = course.numbers.subarray(784 * at, 784 * (at + 1));
            const difference = ink.map((value, place) => value - mean[place]);
            const grey = Uint8Array.from(mean, (value) => Math.round(255 * value));
            return [
                picture(`the ideal ${digit}`, (canvas) => paint(canvas, { width: 28, height: 28, pixels: grey })),
                picture(`${of[at].toFixed(4)} from the ideal ${digit}`, (canvas) => paintSigned(canvas, difference, 1)),
            ];
        });
        const digit = picture(`digit ${current}, a ${label}`, (canvas) =>
            paint(canvas, { width: 28, height: 28, pixels }));
        looks.replaceChildren(digit, ...ideals);
        answers.replaceChildren(
            row("th", ["", "says", "right?", "loss"]),
            ...Object.values(MODELS).map((by) => row("td", [
                by.name, by.says(of), isWrong(digits[current], by) ? "wrong" : "right",
                loss(digits[current], by).toFixed(4),
            ])),
        );
        const each = Object.values(MODELS).map((by) => `${by.name} says ${by.says(of)}`);
        const place = order.indexOf(current) + 1;
        says.textContent = `Digit ${current}, number ${place} of ${order.length}, is a ${label}. ` +
            `It is ${of[0].toFixed(4)} from the ideal 3 and ${of[1].toFixed(4)} from the ideal 7. ` +
            `${each.join(", ").replace("p", "P")}.`;
    }

    function build() {
        const form = element("form", { class: "row", onsubmit: (event) => event.preventDefault() },
            ...Object.entries(fields).map(([name, field]) =>
                element("label", { for: field.id }, LABELS[name], field)));
        for (const field of Object.values(fields)) {
            field.addEventListener("change", () => {
                if (field !== fields.digit) sort();
                else if (field.checkValidity()) go(Number(field.value));
                else field.reportValidity();
            });
        }
        list.addEventListener("keydown", (event) => {
            const keys = {
                ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1,
                PageUp: -SHOWN, PageDown: SHOWN, Home: -ALL, End: ALL,
            };
            if (!Object.hasOwn(keys, event.key) || event.ctrlKey || event.altKey || event.metaKey) return;
            event.preventDefault();
            // mdBook turns pages with the arrow keys.
            event.stopPropagation();
            move(keys[event.key]);
        });
        const { digit, ...settings } = given();
        fill(settings);
        figure.replaceChildren(
            form, counts, list,
            element("div", { class: "row" },
                button(`${SHOWN} back`, () => move(-SHOWN)), button("Back", () => move(-1)),
                button("Next", () => move(1)), button(`${SHOWN} on`, () => move(SHOWN))),
            says, element("div", { class: "wide" }, answers),
            element("h3", {}, "How far from ideal?"), looks,
        );
        sort(digit);
        // The button is gone: those who pressed it go on here.
        if (document.activeElement === document.body) list.focus({ preventScroll: true });
        addEventListener("hashchange", () => {
            const { digit, ...settings } = given();
            // A link to a heading has no settings.
            if (digit === undefined && Object.keys(settings).length === 0) return;
            fill(settings);
            sort(digit);
        });
    }

    const picture = figure.querySelector("img");
    const { digit } = given();
    says.textContent = digit === undefined
        ? "That loads the course's code and its digits, 4 MB in all." : `Digit ${digit} is waiting.`;
    figure.replaceChildren(opens, says, picture);
    // For the tests: what the page has found out.
    figure.digits = digits;
})();
