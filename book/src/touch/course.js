// The course's Rust in a page: loads the module and what it needs, and calls its functions (web/src/exports.rs).
//
// Files travel as scripts that hold base64, so that a page opened from a disk finds them, too.
"use strict";

window.course ??= (() => {
    const FOLDER = new URL(".", /** @type {HTMLScriptElement} */ (document.currentScript).src);
    const loading = new Map();

    /**
     * @typedef {{model: number, lr: number, batch: number, epochs: number, seed: number}} Settings
     * @typedef {{pixels: Uint8Array, three: boolean}} Drawing
     */

    /** Where the scripts put their base64, by name. */
    window.courseFiles ??= {};

    /**
     * The bytes of a file, loaded when first asked for.
     * @param {"module" | "ideals" | "models" | "ten_digits" | "digits"} name
     * @returns {Promise<Uint8Array<ArrayBuffer>>}
     */
    function file(name) {
        if (!loading.has(name)) {
            loading.set(name, new Promise((resolve, reject) => {
                const script = document.createElement("script");
                script.src = new URL(`${name}.js`, FOLDER).href;
                script.onload = () => {
                    const text = atob(window.courseFiles[name]);
                    delete window.courseFiles[name];
                    resolve(Uint8Array.from(text, (c) => c.charCodeAt(0)));
                };
                script.onerror = () => {
                    loading.delete(name);
                    reject(new Error(`${script.src} cannot be loaded: is this page online?`));
                };
                document.head.append(script);
            }));
        }
        return loading.get(name);
    }

    /**
     * An instance of the module. This function is also the source of a worker: it uses nothing around it.
     * @param {WebAssembly.Module} module
     * @param {(what: number, bytes: Uint8Array) => void} told is called with what a training tells
     */
    async function open(module, told = () => {}) {
        const text = (bytes) => new TextDecoder().decode(bytes);
        const bytesAt = (at, len) => new Uint8Array(rust.memory.buffer, at, len).slice();
        const tell = (what, at, len) => told(what, bytesAt(at, len));
        /** @type {any} */
        const rust = (await WebAssembly.instantiate(module, { course: { tell } })).exports;

        /** Calls a function that can fail; what it has to say. */
        function call(name, ...numbers) {
            const ok = rust[name](...numbers);
            const output = bytesAt(rust.course_output(), rust.course_output_len());
            if (ok !== 1) throw new Error(text(output));
            return output;
        }
        function send(bytes) {
            const at = rust.course_alloc(bytes.length);
            new Uint8Array(rust.memory.buffer, at, bytes.length).set(bytes);
            return at;
        }
        function callWith(name, bytes, ...numbers) {
            const at = send(bytes);
            const output = call(name, at, ...numbers);
            rust.course_free(at, bytes.length);
            return output;
        }
        const floats = (bytes) => new Float32Array(bytes.buffer);
        return {
            /** The course's data. The module keeps it. */
            openDigits: (bytes) => void call("course_open_digits", send(bytes), bytes.length),
            /** The chapters' models; their fingerprints. */
            openModels(bytes) {
                const [linear, net] = text(callWith("course_open_models", bytes, bytes.length)).split(" ");
                return { linear, net };
            },
            /** The steps from a drawing to a digit: the first is the drawing made small, the last the digit. */
            prepare(pixels, side) {
                const output = callWith("course_prepare", pixels, side);
                const steps = [];
                for (let at = 0; at < output.length;) {
                    const [width, height] = [0, 2].map((o) => output[at + o] + 256 * output[at + o + 1]);
                    steps.push({ width, height, pixels: output.slice(at + 4, at + 4 + width * height) });
                    at += 4 + width * height;
                }
                return steps;
            },
            /** What the models say about 784 pixels: distances to 3 and 7, two probabilities of a 3, 30 features. */
            answers: (pixels) => floats(callWith("course_answers", pixels)),
            /** The net for ten digits. */
            openTenDigits: (bytes) => void callWith("course_open_ten_digits", bytes, bytes.length),
            /** How sure it is of each digit. */
            tenDigits: (pixels) => floats(callWith("course_ten_digits", pixels)),
            /** Lets the net learn on, with drawings: what has come of it, and all numbers of the models now. */
            learnOn(drawings) {
                const bytes = new Uint8Array(785 * drawings.length);
                drawings.forEach(({ pixels, three }, at) => {
                    bytes.set(pixels, 785 * at);
                    bytes[785 * at + 784] = Number(three);
                });
                const said = floats(callWith("course_learn_on", bytes, drawings.length));
                const sure = drawings.map((_, at) => [said[2 + 2 * at], said[3 + 2 * at]]);
                return { accuracies: [said[0], said[1]], sure, numbers: said.slice(2 + 2 * drawings.length) };
            },
            /** A digit of the validation set: 784 pixels, and its label, 1 for a three. */
            digit: (index) => call("course_digit", index),
            /** Trains; the fingerprint, and the worst digits with the probability of a 3. */
            train({ model, lr, batch, epochs, seed }) {
                const lines = text(call("course_train", model, lr, batch, epochs, seed)).split("\n");
                const worst = lines.slice(1).map((line) => {
                    const [index, three] = line.split(" ").map(Number);
                    return { index, three, pixels: this.digit(index) };
                });
                return { fingerprint: lines[0], worst };
            },
        };
    }

    /** What a worker does: it trains, and posts how far it is. A source, too; `open` stands before it. */
    function work() {
        onmessage = async ({ data: { module, digits, settings, models, drawings } }) => {
            const [BATCH, ROW, WEIGHTS] = [0, 1, 2];
            let losses = [];
            let posted = 0;
            let where = [0, 0, 1];
            const flush = () => {
                posted = performance.now();
                postMessage({ kind: "batches", where, losses });
                losses = [];
            };
            try {
                const course = await open(module, (what, bytes) => {
                    if (what === BATCH) {
                        const [epoch, batch, batches, loss] = new Float32Array(bytes.buffer);
                        losses.push(loss);
                        where = [epoch, batch, batches];
                        if (performance.now() - posted > 50) flush();
                    } else if (what === ROW) {
                        flush();
                        postMessage({ kind: "row", row: new TextDecoder().decode(bytes).split(" ") });
                    } else if (what === WEIGHTS) {
                        postMessage({ kind: "weights", weights: new Float32Array(bytes.buffer) });
                    }
                });
                course.openDigits(digits);
                const start = performance.now();
                postMessage({ kind: "start" });
                if (models) course.openModels(models);
                const trained = drawings ? course.learnOn(drawings) : course.train(settings);
                postMessage({ kind: "end", trained, milliseconds: performance.now() - start });
            } catch (error) {
                postMessage({ kind: "error", message: error.message });
            }
        };
    }

    /** @type {Promise<WebAssembly.Module> | null} */
    let module = null;
    const compiled = () => (module ??= file("module").then((bytes) => WebAssembly.compile(bytes)));

    /**
     * A training in a worker, with settings of a training from the start, or with models that learn on from drawings;
     * `terminate()` of what this returns stops it.
     * @param {{settings: Settings} | {models: Uint8Array, drawings: Drawing[]}} what
     * @param {(message: any) => void} heard
     */
    async function train(what, heard) {
        const [code, digits] = await Promise.all([compiled(), file("digits")]);
        const source = `"use strict";\n${open}\n(${work})();`;
        // A page from a disk may not load a worker from there, but one that it holds itself.
        const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
        const worker = new Worker(address);
        URL.revokeObjectURL(address);
        worker.onmessage = ({ data }) => heard(data);
        worker.onerror = (event) => heard({ kind: "error", message: event.message });
        worker.postMessage({ module: code, digits, ...what });
        return worker;
    }

    /** An instance with the chapters' models, for this page; also their numbers, and their fingerprints. */
    async function models() {
        const [code, ideals, others] = await Promise.all([compiled(), file("ideals"), file("models")]);
        const course = await open(code);
        const bytes = new Uint8Array([...ideals, ...others]);
        const fingerprints = course.openModels(bytes);
        return { ...course, fingerprints, numbers: new Float32Array(bytes.buffer) };
    }

    /** Opens the net for ten digits in an instance. */
    const openTenDigits = async (course) => course.openTenDigits(await file("ten_digits"));

    /** The same with the course's digits. Unpacking them takes a moment, in which the page stands still. */
    async function digits(ready = () => {}) {
        const [course, bytes] = await Promise.all([models(), file("digits")]);
        await ready();
        course.openDigits(bytes);
        return course;
    }

    /** What a model says that is so sure of a 3. */
    function said(three) {
        const percent = (share) => `${(100 * share).toFixed(1)}%`;
        return three > 0.5 ? `3 (${percent(three)})` : `7 (${percent(1 - three)})`;
    }

    /** A row of a table; its first cell is the row's head. */
    function row(kind, [first, ...others]) {
        const head = element("th", { scope: "row" }, first);
        return element("tr", {}, head, ...others.map((cell) => element(kind, {}, cell)));
    }

    /** A button that does something. */
    const button = (text, onclick) => element("button", { type: "button", onclick }, text);

    /** Makes an element with attributes and children. */
    function element(name, attributes = {}, ...children) {
        const made = document.createElement(name);
        for (const [key, value] of Object.entries(attributes)) {
            if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
            else made.setAttribute(key, value);
        }
        made.append(...children);
        return made;
    }

    /** Makes an element of a drawing. */
    function node(name, attributes = {}, ...children) {
        const made = document.createElementNS("http://www.w3.org/2000/svg", name);
        for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
        made.append(...children);
        return made;
    }

    /** Paints grey pixels: 255 is ink. */
    function paint(canvas, { width, height, pixels }) {
        const colours = new Uint8ClampedArray(4 * width * height);
        pixels.forEach((ink, at) => colours.set([255 - ink, 255 - ink, 255 - ink, 255], 4 * at));
        Object.assign(canvas, { width, height });
        canvas.getContext("2d").putImageData(new ImageData(colours, width, height), 0, 0);
    }

    /** Paints 784 numbers: orange above 0, blue below, white in between; `most` has the full colour. */
    function paintSigned(canvas, numbers, most) {
        const colours = new Uint8ClampedArray(4 * 784);
        numbers.forEach((number, at) => {
            const strength = Math.min(1, Math.abs(number) / (most || 1));
            const full = number > 0 ? [214, 94, 0] : [0, 90, 181];
            colours.set([...full.map((c) => 255 + (c - 255) * strength), 255], 4 * at);
        });
        Object.assign(canvas, { width: 28, height: 28 });
        canvas.getContext("2d").putImageData(new ImageData(colours, 28, 28), 0, 0);
    }

    document.head.append(element("link", { rel: "stylesheet", href: new URL("touch.css", FOLDER).href }));
    return { models, digits, openTenDigits, train, said, row, button, element, node, paint, paintSigned };
})();
