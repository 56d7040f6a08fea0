// The page "Train it here": settings, a training in a worker, and what it comes to.
"use strict";

(() => {
    const figure = document.getElementById("train");
    if (!figure || figure.dataset.built) return;
    figure.dataset.built = "yes";

    const { element, node, paint, paintSigned } = window.course;
    /** The models, with the settings of their chapters. */
    const MODELS = {
        by_hand: { number: 2, name: "the loop by hand", lr: 1, epochs: 21 },
        linear: { number: 0, name: "the linear model", lr: 1, epochs: 10 },
        simple_net: { number: 1, name: "simple_net", lr: 0.1, epochs: 40 },
    };
    const BOOK = { batch: 256, seed: 42 };
    const HEAD = ["epoch", "train_loss", "valid_loss", "batch_accuracy"];
    /** The chapter's own loop works out the accuracy and nothing else. */
    const HEAD_BY_HAND = ["epoch", "accuracy"];
    /** The fingerprint that its chapter prints; that of the other models is that of the weights which the pages load. */
    const BY_HAND = "74471a64499e0f27";

    const number = (id, min, max, step) =>
        element("input", { id: `train-${id}`, type: "number", min, max, step, required: "" });
    const fields = {
        model: element("select", { id: "train-model" },
            ...Object.entries(MODELS).map(([id, { name }]) => element("option", { value: id }, name))),
        lr: number("lr", 0, 1e30, "any"),
        batch: number("batch", 1, 12396, 1),
        epochs: number("epochs", 1, 1000, 1),
        seed: number("seed", 0, 4294967295, 1),
    };
    const LABELS = { model: "Model", lr: "Learning rate", batch: "Batch size", epochs: "Epochs", seed: "Seed" };

    const button = (text, onclick, type = "button") => {
        const made = element("button", { type }, text);
        if (onclick) made.addEventListener("click", onclick);
        return made;
    };
    const start = button("Train", null, "submit");
    const stop = button("Stop", () => end("Stopped. What it has learned so far stands below."));
    const book = button("The book's settings", () => fill({ model: fields.model.value }));
    const progress = element("progress", { max: 1, value: 0, "aria-label": "How much of the training is done" });
    const status = element("p", { class: "says", role: "status" });
    const losses = node("svg");
    const accuracies = node("svg");
    const weights = element("div", { class: "features" });
    const worst = element("div", { class: "steps" });
    const table = element("tbody");
    const head = element("tr", {}, ...HEAD.map((name) => element("th", { scope: "col" }, name)));
    const print = element("output", { id: "train-fingerprint" });

    let worker = null;
    let run = null;

    /** The settings in the form, with the model's number. */
    function settings() {
        const of = { id: fields.model.value };
        for (const name of ["lr", "batch", "epochs", "seed"]) of[name] = Number(fields[name].value);
        return { ...of, model: MODELS[of.id].number };
    }

    /** Puts settings into the form; what is missing is the book's. */
    function fill(given) {
        const model = (given.model ?? "") in MODELS ? given.model : "linear";
        const values = { ...BOOK, lr: MODELS[model].lr, epochs: MODELS[model].epochs, ...given, model };
        for (const [name, field] of Object.entries(fields)) field.value = values[name];
        share();
    }

    /** Puts the settings into the page's address, which can be sent to somebody. */
    function share() {
        const all = Object.entries(fields).map(([name, field]) => `${name}=${field.value}`);
        history.replaceState(null, "", `#${all.join("&")}`);
    }

    function isBook({ id, lr, batch, epochs, seed }) {
        return lr === MODELS[id].lr && epochs === MODELS[id].epochs && batch === BOOK.batch && seed === BOOK.seed;
    }

    async function train() {
        share();
        end("Loading the course's code and its digits, 4 MB in all …");
        const mine = { ...settings(), batches: [], valid: [], accuracy: [], ended: false };
        run = mine;
        table.replaceChildren();
        head.replaceChildren(...(mine.id === "by_hand" ? HEAD_BY_HAND : HEAD)
            .map((name) => element("th", { scope: "col" }, name)));
        worst.replaceChildren();
        weights.replaceChildren();
        print.textContent = "";
        progress.value = 0;
        draw();
        running(true);
        try {
            const made = await window.course.train({ settings: mine }, (message) => run === mine && heard(message));
            if (run === mine && !mine.ended) worker = made;
            else made.terminate();
        } catch (error) {
            if (run === mine) end(error.message);
        }
    }

    const hear = {
        start: () => (status.textContent = "It trains."),
        batches({ where: [epoch, batch, batches], losses: some }) {
            run.batches.push(...some);
            run.perEpoch = batches;
            progress.value = (epoch + batch / batches) / run.epochs;
            draw();
        },
        row({ row }) {
            const [epoch, accuracy] = [row[0], row.at(-1)];
            if (row.length > 2) run.valid.push(Number(row[2]));
            run.accuracy.push(Number(accuracy));
            const line = element("tr", {}, ...row.map((cell) => element("td", {}, cell)));
            table.append(line);
            // Within its box alone, where the browser can.
            line.scrollIntoView(/** @type {ScrollIntoViewOptions} */ ({ block: "nearest", container: "nearest" }));
            status.textContent = `Epoch ${epoch} is done: accuracy ${accuracy}.`;
            draw();
        },
        weights: ({ weights: numbers }) => showWeights(numbers),
        end({ trained, milliseconds }) {
            progress.value = 1;
            print.textContent = trained.fingerprint;
            showWorst(trained.worst);
            // The sigmoid keeps the loss below 1, whatever happens; what tells is that all answers are the same. So they
            // are at the beginning, too: in each epoch all threes come first, and then all sevens.
            const lost = run.accuracy.at(-1) < 0.6
                ? " It says nearly the same of all digits: it has diverged, or has hardly begun. "
                    + "Try a smaller learning rate, or more epochs." : "";
            end(`Done in ${(milliseconds / 1000).toFixed(1)} seconds.${lost}`);
            compare(run, trained.fingerprint).catch(() => {});
        },
        error: ({ message }) => end(`The training has ended early. ${message}`),
    };
    const heard = (message) => hear[message.kind](message);

    /** With the book's settings, the weights must be the book's, to the last bit. */
    async function compare(of, fingerprint) {
        if (!isBook(of)) return;
        const expected = of.id === "by_hand" ? BY_HAND
            : (await window.course.models()).fingerprints[of.id === "linear" ? "linear" : "net"];
        const same = expected === fingerprint;
        if (of !== run) return;
        status.textContent += same
            ? " The weights are those of the chapter, to the last bit."
            : " But the weights are not those of the chapter: please report which browser this is.";
    }

    function end(text) {
        if (run) run.ended = true;
        worker?.terminate();
        worker = null;
        running(false);
        status.textContent = text;
    }

    function running(now) {
        start.disabled = now;
        stop.disabled = !now;
        book.disabled = now;
    }

    function showWeights(numbers) {
        const outputs = numbers.length / 784;
        if (weights.childElementCount !== outputs) {
            weights.replaceChildren(...Array.from({ length: outputs }, () => element("canvas")));
            weights.classList.toggle("single", outputs === 1);
        }
        const canvases = /** @type {HTMLCanvasElement[]} */ ([...weights.children]);
        canvases.forEach((canvas, output) => {
            const of = numbers.subarray(784 * output, 784 * (output + 1));
            paintSigned(canvas, of, of.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0));
        });
    }

    function showWorst(all) {
        worst.replaceChildren(...all.map(({ three, pixels }) => {
            const actual = pixels[784] === 1 ? 3 : 7;
            const text = `${three > 0.5 ? 3 : 7}, is ${actual} (${(actual === 3 ? 1 - three : three).toFixed(2)})`;
            const canvas = element("canvas", { role: "img", "aria-label": `A digit: ${text}` });
            paint(canvas, { width: 28, height: 28, pixels: pixels.subarray(0, 784) });
            return element("figure", {}, canvas, element("figcaption", {}, text));
        }));
    }

    /** Lines over the epochs, each a list of points (epoch, value). */
    function plot(svg, title, lines, [low, high]) {
        const [width, height, left, bottom] = [420, 250, 54, 34];
        svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
        svg.setAttribute("role", "img");
        const epochs = run?.epochs ?? (Number(fields.epochs.value) || 1);
        const x = (epoch) => left + (epoch / epochs) * (width - left - 12);
        const y = (value) => 12 + ((high - value) / (high - low || 1)) * (height - bottom - 12);
        const parts = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => {
            const value = low + share * (high - low);
            return [
                node("line", { class: "grid", x1: left, x2: width - 12, y1: y(value), y2: y(value) }),
                node("text", { x: left - 4, y: y(value) + 4, "text-anchor": "end" }, value.toPrecision(2)),
            ];
        });
        parts.push(node("text", { x: left, y: height - 8 }, "0"));
        parts.push(node("text", { x: width - 12, y: height - 8, "text-anchor": "end" }, `${epochs} ${epochs === 1 ? "epoch" : "epochs"}`));
        // The names stand where no line ends.
        const names = lines[0].points.at(-1)?.[1] > (low + high) / 2 ? height - bottom - 28 : 28;
        lines.forEach(({ name, points }, at) => {
            const place = ([epoch, value]) => `${x(epoch).toFixed(1)},${y(Math.min(high, value)).toFixed(1)}`;
            parts.push(node("polyline", { class: `line${at}`, points: points.map(place).join(" ") }));
            const label = { class: `line${at}`, x: width - 16, y: names + 19 * at, "text-anchor": "end" };
            parts.push(node("text", label, name));
        });
        const last = lines.map(({ name, points }) => `${name} ${points.at(-1)?.[1].toFixed(4) ?? "not yet"}`);
        svg.setAttribute("aria-label", `${title}: ${last.join(", ")}`);
        svg.replaceChildren(...parts);
    }

    function draw() {
        const { batches = [], valid = [], accuracy = [], perEpoch = 1 } = run ?? {};
        // As many points as the eye can tell apart.
        const every = Math.max(1, Math.floor(batches.length / 400));
        const train = batches.map((loss, at) => [(at + 1) / perEpoch, loss])
            .filter((_, at) => at % every === 0 || at === batches.length - 1);
        const most = Math.max(0.1, ...train.map(([, loss]) => loss), ...valid);
        const perEpochs = (values) => values.map((value, at) => [at + 1, value]);
        plot(losses, "Loss", [
            { name: "train_loss", points: train },
            ...(run?.id === "by_hand" ? [] : [{ name: "valid_loss", points: perEpochs(valid) }]),
        ], [0, most]);
        const least = Math.min(0.9, ...accuracy);
        plot(accuracies, "Accuracy", [{ name: "batch_accuracy", points: perEpochs(accuracy) }], [least, 1]);
    }

    const form = element("form", { class: "row" },
        ...Object.entries(fields).map(([name, field]) =>
            element("label", { for: field.id }, LABELS[name], field)),
        start, stop, book);
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        train();
    });
    form.addEventListener("change", (event) => {
        // Another model begins with its chapter's settings.
        if (event.target === fields.model) fill({ model: fields.model.value });
        else share();
    });
    const titled = (text, ...children) => element("section", {}, element("h3", {}, text), ...children);
    figure.replaceChildren(
        form, progress, status,
        element("p", { class: "print" }, "Fingerprint of the weights: ", print),
        element("div", { class: "curves" }, losses, accuracies),
        titled("The table", element("div", { class: "wide rows" }, element("table", {},
            element("thead", {}, head), table))),
        titled("The weights", weights),
        titled("The worst digits of the validation set", worst),
    );
    running(false);
    // A link of a chapter names its model before the page's own settings come.
    fill(Object.fromEntries(new URLSearchParams(location.hash.slice(1) || location.search)));
    draw();
    addEventListener("hashchange", () => {
        const given = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
        if (given.model) fill(given);
    });
})();
