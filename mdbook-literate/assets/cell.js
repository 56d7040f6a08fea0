// @ts-check
/*
 * A cell of the page under `cargo book serve`: an editor over its code, buttons, and its output.
 */
"use strict";

/**
 * What a cell asks the page for.
 * @typedef {{
 *     toggle: (cell: Cell) => void,
 *     start: (cell: Cell) => void,
 *     stop: () => void,
 *     accept: (cell: Cell) => void,
 *     save: () => void,
 *     prepare: () => void,
 * }} Page
 */

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} className
 * @param {Record<string, string>} [attributes]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, className, attributes = {}) {
    const element = document.createElement(tag);
    element.className = className;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
}

/**
 * @param {string} text
 * @param {string} label what a screen reader says
 * @param {() => void} press
 */
export function button(text, label, press) {
    const made = make("button", "literate-button", { type: "button", "aria-label": label, title: label });
    made.textContent = text;
    made.addEventListener("click", press);
    return made;
}

/**
 * What an output shows, for comparison.
 * @param {HTMLElement | null} output
 */
function looks(output) {
    const pictures = [...(output?.querySelectorAll("img, svg") ?? [])].map((picture) => picture.outerHTML);
    return [output?.textContent ?? "", ...pictures].join("\n").replace(/\s+/g, "");
}

/** A cell of the page. */
export class Cell {
    /**
     * @param {string} name
     * @param {string} source its code in the book
     * @param {HTMLElement} box
     * @param {Page} page
     */
    constructor(name, source, box, page) {
        this.name = name;
        this.page = page;
        this.source = source;
        this.box = box;
        this.output = /** @type {HTMLElement | null} */ (box.querySelector(".cell-output"));
        /** What the book shows; a run replaces it. */
        this.accepted = this.output;
        const code = /** @type {HTMLElement | null} */ (box.querySelector("pre > code"));
        this.editor = code ? new Editor(this, code) : null;
        this.bar = make("div", "literate-bar", { role: "group", "aria-label": `Cell ${name}` });
        this.start = button("Run", `Run cell ${name} (Shift-Enter)`, () => page.toggle(this));
        this.reset = button("Reset", `Reset cell ${name} to the book's code and output`, () => this.restore());
        this.accept = button("Accept", `Accept the new output of cell ${name}`, () => page.accept(this));
        this.status = make("span", "literate-status", { role: "status" });
        this.accept.hidden = true;
        this.bar.append(this.start, this.reset, this.accept, this.status);
        // A cell that does not show its code runs with the others.
        if (this.editor) this.editor.pre.after(this.bar);
        this.changed();
    }

    get code() {
        return this.editor ? this.editor.area.value : this.source;
    }

    /** Shows whether there is something to reset. */
    changed() {
        const isEdited = this.code !== this.source;
        this.box.classList.toggle("literate-edited", isEdited);
        this.reset.hidden = !isEdited && this.output === this.accepted;
    }

    /** Back to the book's code and output. */
    restore() {
        this.editor?.set(this.source);
        this.show(this.accepted);
        this.say("");
        this.editor?.area.focus({ preventScroll: true });
        this.page.save();
    }

    /** @param {HTMLElement | null} output */
    show(output) {
        this.output?.remove();
        this.box.classList.remove("literate-stale");
        this.output = output;
        if (output) this.box.append(output);
        this.accept.hidden = true;
        this.editor?.mark(null);
        this.changed();
    }

    /** An empty output. */
    clear() {
        this.show(make("div", "cell-output", { role: "log", "aria-label": `Output of cell ${this.name}` }));
    }

    /**
     * The block of a number in the output; made when it is not there.
     * @param {number} number
     * @param {"pre" | "div"} tag
     */
    block(number, tag) {
        const output = /** @type {HTMLElement} */ (this.output);
        const found = output.querySelector(`:scope > [data-block="${number}"]`);
        if (found) return found;
        const made = make(tag, tag === "pre" ? "cell-text" : "", { "data-block": `${number}` });
        output.append(made);
        return made;
    }

    /** Puts the book's own output in the place of one that is the same. */
    settle() {
        const isMarked = this.editor?.line.hidden === false;
        if (isMarked || this.code !== this.source || looks(this.output) !== looks(this.accepted)) return;
        this.show(this.accepted);
    }

    /** @param {string} text */
    say(text) {
        this.status.textContent = text;
    }
}

/** A text field over the highlighted code: what a keyboard and a screen reader know, in the book's colours. */
class Editor {
    /**
     * @param {Cell} cell
     * @param {HTMLElement} code
     */
    constructor(cell, code) {
        this.cell = cell;
        this.code = code;
        this.pre = /** @type {HTMLElement} */ (code.parentElement);
        this.grid = make("div", "literate-edit");
        this.area = make("textarea", "", {
            "aria-label": `Code of cell ${cell.name}. Shift-Enter runs it.`,
            spellcheck: "false",
            autocapitalize: "off",
            autocomplete: "off",
            wrap: "off",
            rows: "1",
        });
        this.line = make("div", "literate-line", { "aria-hidden": "true" });
        this.line.hidden = true;
        // All lines can be edited, and so none is hidden.
        code.classList.remove("hide-boring");
        this.pre.querySelector(".buttons button[title='Show hidden lines']")?.remove();
        code.before(this.grid);
        this.grid.append(this.line, code, this.area);
        const { fontFamily, fontSize, fontWeight, lineHeight, letterSpacing, tabSize } = getComputedStyle(code);
        Object.assign(this.area.style, { fontFamily, fontSize, fontWeight, lineHeight, letterSpacing, tabSize });
        this.area.addEventListener("focus", () => cell.page.prepare());
        this.area.addEventListener("input", () => this.input());
        this.area.addEventListener("keydown", (event) => this.press(event));
        this.set(cell.source);
    }

    /** @param {string} code */
    set(code) {
        this.area.value = code;
        this.paint();
    }

    input() {
        this.paint();
        this.mark(null);
        this.cell.changed();
        this.cell.page.save();
    }

    paint() {
        const text = `${this.area.value}\n`;
        try {
            // @ts-ignore: the page's own highlight.js
            this.code.innerHTML = hljs.highlight("rust", text).value;
        } catch {
            this.code.textContent = text;
        }
    }

    /** @param {KeyboardEvent} event */
    press(event) {
        // The page has shortcuts of its own.
        event.stopPropagation();
        if (event.isComposing) return;
        if (event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            this.cell.page.start(this.cell);
        } else if (event.key === "Enter" && !event.altKey) {
            event.preventDefault();
            const before = this.area.value.slice(0, this.area.selectionStart);
            const indent = /[ \t]*/.exec(before.slice(before.lastIndexOf("\n") + 1))?.[0] ?? "";
            const deeper = /[{(\[]\s*$/.test(before) ? "    " : "";
            // The only way that Ctrl-Z knows of.
            document.execCommand("insertText", false, `\n${indent}${deeper}`);
        } else if (event.key === "Escape") {
            this.cell.page.stop();
        }
    }

    /**
     * Marks a line as wrong.
     * @param {number | null} line
     */
    mark(line) {
        this.line.hidden = line === null;
        if (line === null) return this.area.removeAttribute("aria-invalid");
        this.area.setAttribute("aria-invalid", "true");
        const { paddingTop, paddingBottom } = getComputedStyle(this.area);
        const [above, below] = [parseFloat(paddingTop), parseFloat(paddingBottom)];
        const height = (this.area.clientHeight - above - below) / this.area.value.split("\n").length;
        this.line.style.height = `${height}px`;
        this.line.style.marginTop = `${above + (line - 1) * height}px`;
    }

    /**
     * Puts the cursor into a line.
     * @param {number} line
     */
    go(line) {
        const lines = this.area.value.split("\n");
        const from = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
        this.area.focus();
        this.area.setSelectionRange(from, from + (lines[line - 1] ?? "").length);
    }
}
