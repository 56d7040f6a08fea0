// The page "Draw a 3 or a 7": a sheet to draw on, the steps to a digit of MNIST's kind, and what the models say.
"use strict";

(() => {
    const figure = document.getElementById("draw");
    if (!figure || figure.dataset.built) return;
    figure.dataset.built = "yes";

    const { said, row, button, element, paint, paintSigned } = window.course;
    /** The prepared digit on the sheet, if there is ink; and the reader's own, with what they are. */
    let prepared = null;
    const mine = [];
    let worker = null;
    /** Whether the net has learned on. */
    let learned = false;
    let showsTen = false;
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

    /** The numbers of the chapters' models. */
    let chapters = null;
    /** @type {Promise<any> | null} */
    let opening = null;
    const opened = () => (opening ??= window.course.models().then((made) => {
        chapters = made.numbers;
        return made;
    }));
    const nearer = ([three, seven]) =>
        `${three < seven ? 3 : 7} (${three.toFixed(3)} from a 3, ${seven.toFixed(3)} from a 7)`;

    async function answer() {
        course = await opened();
        const all = course.prepare(pixels(), SIDE);
        const small = all[0];
        prepared = all.length > 1 ? all.at(-1) : null;
        steps.replaceChildren(...all.map((step, at) => {
            const canvas = element("canvas", { role: "img", "aria-label": STEPS[at] });
            paint(canvas, step);
            return element("figure", {}, canvas, element("figcaption", {}, STEPS[at]));
        }));
        showMine();
        await showTen();
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
            [learned ? "simple_net, learned on" : "simple_net", said(of[3]), said(plain[3])],
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

    /** What the net for ten digits says. */
    async function showTen() {
        ten.replaceChildren();
        if (!showsTen || !prepared) return;
        await (openedTen.promise ??= window.course.openTenDigits(course));
        const sure = [...course.tenDigits(prepared.pixels)];
        const best = sure.indexOf(Math.max(...sure));
        ten.replaceChildren(
            element("p", { class: "says" }, `The net for ten digits says ${best} (${(100 * sure[best]).toFixed(1)}%).`),
            element("div", { class: "shares", role: "list" }, ...sure.map((share, digit) => {
                const text = `${(100 * share).toFixed(1)}%`;
                return element("div", { role: "listitem", "aria-label": `${digit}: ${text}` },
                    element("span", {}, text),
                    element("i", { style: `height: ${Math.max(1, 60 * share)}px` }),
                    element("b", {}, String(digit)));
            })));
    }
    const openedTen = { promise: null };

    /** The drawings that the net can learn from, and what can be done now. */
    function showMine() {
        const busy = worker !== null;
        for (const add of [isThree, isSeven]) add.disabled = busy || !prepared;
        learn.disabled = busy || mine.length === 0;
        stop.disabled = !busy;
        reset.disabled = busy || !learned;
        own.replaceChildren(...mine.map(({ pixels, three }, at) => {
            const canvas = element("canvas");
            paint(canvas, { width: 28, height: 28, pixels });
            const name = three ? "3" : "7";
            const remove = button("", () => {
                mine.splice(at, 1);
                showMine();
            });
            remove.setAttribute("aria-label", `Your ${name}, number ${at + 1}: remove it`);
            remove.disabled = busy;
            remove.append(canvas, element("span", {}, `a ${name}, remove`));
            return remove;
        }));
    }

    /** Adds the digit on the sheet to the reader's own. */
    function add(three) {
        mine.push({ pixels: prepared.pixels, three });
        showMine();
        learnSays.textContent = `${mine.length} of your drawings ${mine.length === 1 ? "is" : "are"} there. ` +
            "Draw another one, or let the net learn on.";
    }

    async function learnOn() {
        const done = (text) => {
            worker?.terminate();
            worker = null;
            learnSays.textContent = text;
            showMine();
        };
        learnSays.textContent = "Loading the digits of the course, and then it learns on …";
        progress.value = 0;
        worker = { terminate() {} };
        showMine();
        const drawings = [...mine];
        const mineNow = worker;
        try {
            const bytes = new Uint8Array(course.numbers.slice().buffer);
            const made = await window.course.train({ models: bytes, drawings }, (message) => {
                if (worker !== made) return;
                if (message.kind === "batches") {
                    const [epoch, batch, batches] = message.where;
                    progress.value = (epoch + batch / batches) / 2;
                } else if (message.kind === "error") {
                    done(`The net could not learn on. ${message.message}`);
                } else if (message.kind === "end") {
                    progress.value = 1;
                    use(message.trained.numbers, true);
                    done(whatChanged(message.trained, drawings));
                }
            });
            if (worker === mineNow) worker = made;
            else made.terminate();
        } catch (error) {
            done(error.message);
        }
        showMine();
    }

    /** What has changed, in a sentence or two. */
    function whatChanged({ accuracies, sure }, drawings) {
        const right = (when) => sure.filter((of, at) => (of[when] > 0.5) === drawings[at].three).length;
        const many = drawings.length === 1 ? "your drawing" : `your ${drawings.length} drawings`;
        const [was, is] = accuracies.map((accuracy) => accuracy.toFixed(4));
        const flat = right(1) === drawings.length ? "" : " Where it is sure of itself, the sigmoid is flat, and it " +
            "learns little: let it learn once more, or draw another one.";
        return `It had ${right(0)} of ${many} right before, and has ${right(1)} now. ` +
            `Of the validation set it had ${was} right, and has ${is} now.${flat}`;
    }

    /** Puts other models in the place of the page's. */
    function use(numbers, isLearned) {
        course.openModels(new Uint8Array(numbers.slice().buffer));
        course.numbers = numbers;
        learned = isLearned;
        features.replaceChildren();
        changed();
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

    const isThree = button("It is a 3", () => add(true));
    const isSeven = button("It is a 7", () => add(false));
    const learn = button("Train on mine", learnOn);
    const stop = button("Stop", () => {
        worker.terminate();
        worker = null;
        learnSays.textContent = "Stopped. The net is what it was.";
        showMine();
    });
    const reset = button("The chapter's net again", () => {
        use(chapters, false);
        learnSays.textContent = "The net has the chapter's weights again.";
        showMine();
    });
    const own = element("div", { class: "own" });
    const progress = element("progress", { max: 1, value: 0, "aria-label": "How much of the training is done" });
    const learnSays = element("p", { class: "says", role: "status" },
        "Draw a digit, say what it is, and the net can learn from it, among the digits of the course.");
    const ten = element("div", { class: "ten" });
    const tenDigits = button("All ten digits", () => {
        showsTen = !showsTen;
        tenDigits.setAttribute("aria-pressed", String(showsTen));
        changed();
    });
    tenDigits.setAttribute("aria-pressed", "false");

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
                    button("Clear", clear), button("Shift", shift), invert, button("A 7 as an example", example),
                    tenDigits),
                says,
                element("div", { class: "wide" }, answers),
                ten)),
        element("h3", {}, "From the drawing to a digit"),
        steps,
        element("h3", {}, "What the models look at"),
        element("div", { class: "looks" },
            element("figure", {}, linear, element("figcaption", {}, "linear model: weight times pixel")),
            features),
    );
    figure.append(
        element("h3", {}, "Train on mine"),
        element("div", { class: "row" }, isThree, isSeven, learn, stop, reset),
        progress, learnSays, own,
    );
    showMine();
    showSheet();
    // For the tests: what the page computes with.
    figure.course = opened;
})();
