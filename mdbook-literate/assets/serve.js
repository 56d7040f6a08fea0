// @ts-check
/*
 * The notebook in the page. `cargo book serve` adds this script to the pages on their way out: each cell gets
 * an editor and a button that runs the chapter's program up to it, with the reader's changes. What it prints
 * appears under its cells as it is printed. Changes stay in this browser until they are reset.
 *
 * Outputs are shown as text; figures come as HTML that the server has looked through.
 */
"use strict";

import { Cell, button, make } from "./cell.js";

const script = /** @type {HTMLScriptElement} */ (document.querySelector("script[data-version][data-base]"));
const base = script.dataset.base ?? "";
const page = script.dataset.page ?? "";
const version = script.dataset.version ?? "";

/**
 * A place in a cell's code; lines count from 1.
 * @typedef {{ cell: string, line: number }} Spot
 *
 * A step of a run, as the server tells it.
 * @typedef {{ event: "run", id: number }
 *     | { event: "compiling" }
 *     | { event: "cell", cell: string }
 *     | { event: "text", cell: string, block: number, text: string, append: boolean }
 *     | { event: "figure", cell: string, block: number, html: string }
 *     | { event: "value", value: number, text: string }
 *     | { event: "error", cell: string | null, at: Spot | null, text: string }
 *     | { event: "changed", cell: string }
 *     | { event: "end", how: "done" | "failed" | "stopped", seconds: number }} Step
 *
 * A cell that runs, or all of the page.
 * @typedef {{ cell: Cell | null, abort: AbortController, id: number | null, at: string, touched: Set<string> }} Run
 */

/** @type {import("./cell.js").Page} */
const actions = {
    toggle,
    start: (cell) => void start(cell),
    stop,
    accept: (cell) => void accept(cell),
    save,
    prepare: () => void prepare(),
};
/** @type {Map<string, Cell>} */
const cells = new Map();
/** @type {Run | null} */
let run = null;
/** Whether the server was asked to compile the chapter. */
let isPrepared = false;
/** Where the changes of this chapter are kept. */
let key = "";

/** What is said of the whole page, under its title. */
const top = make("div", "literate-page", { role: "region", "aria-label": "Notebook" });
const runAll = button("Run all", "Run all cells of this page", () => toggle(null));
const resetAll = button("Reset all", "Reset all cells to the book's code and outputs", () => {
    for (const cell of cells.values()) if (!cell.reset.hidden) cell.restore();
});
const said = make("span", "literate-status", { role: "status" });
const alarm = make("div", "cell-output literate-error", { role: "alert", "data-look": "" });

/** Keeps the changes in this browser. */
function save() {
    const edits = changes();
    try {
        if (Object.keys(edits).length) localStorage.setItem(key, JSON.stringify(edits));
        else localStorage.removeItem(key);
    } catch {
        said.textContent = "This browser keeps no changes: they are lost when you leave the page.";
    }
    if (!Object.keys(edits).length) {
        for (const cell of cells.values()) cell.box.classList.remove("literate-stale");
    }
    resetAll.hidden = [...cells.values()].every((cell) => cell.reset.hidden);
}

/** @returns {Record<string, string>} */
function changes() {
    const edited = [...cells.values()].filter((cell) => cell.code !== cell.source);
    return Object.fromEntries(edited.map((cell) => [cell.name, cell.code]));
}

/**
 * @param {string} what
 * @param {object} body
 * @param {AbortSignal} [signal]
 */
async function post(what, body, signal) {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(base + what, { method: "POST", headers, body: JSON.stringify(body), signal });
    if (!answer.ok) throw new Error(await answer.text());
    return answer;
}

/** @param {Cell | null} cell */
function toggle(cell) {
    if (run && run.cell === cell) stop();
    else void start(cell);
}

/** Asks the server to end the run. */
function stop() {
    if (!run) return;
    const { id, abort } = run;
    if (id === null) return abort.abort();
    void post("stop", { run: id }).catch(() => abort.abort());
    // Cargo, which builds the book's crates before the first run, is not stopped; but nobody waits for it.
    setTimeout(() => abort.abort(), 3000);
}

/** Has the chapter compiled, so that the first run is a quick one, too. */
async function prepare() {
    if (isPrepared) return;
    isPrepared = true;
    await post("prepare", { page }).catch(() => undefined);
}

/**
 * Runs the program up to a cell, or all of it.
 * @param {Cell | null} cell
 */
async function start(cell) {
    run?.abort.abort();
    const abort = new AbortController();
    /** @type {Run} */
    const mine = { cell, abort, id: null, at: "", touched: new Set() };
    finish();
    run = mine;
    const status = cell?.status ?? said;
    const pressed = cell?.start ?? runAll;
    pressed.textContent = "Stop";
    pressed.setAttribute("aria-label", cell ? `Stop cell ${cell.name}` : "Stop the cells");
    alarm.textContent = alarm.dataset.look = "";
    status.textContent = "starts…";
    try {
        const edits = changes();
        const answer = await post("run", { page, cell: cell?.name ?? null, edits }, abort.signal);
        const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader();
        const decoder = new TextDecoder();
        let rest = "";
        for (;;) {
            const { done, value } = await reader.read();
            if (done) break;
            const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
            rest = lines.pop() ?? "";
            for (const line of lines) if (line && run === mine) take(mine, JSON.parse(line), status);
        }
    } catch (error) {
        if (run === mine) status.textContent = abort.signal.aborted ? "stopped" : `${error}`;
    }
    if (run === mine) finish();
}

/** The buttons as they are when nothing runs. */
function finish() {
    const cell = run?.cell;
    run = null;
    for (const { start, name } of cell ? [cell] : []) {
        start.textContent = "Run";
        start.setAttribute("aria-label", `Run cell ${name} (Shift-Enter)`);
    }
    runAll.textContent = "Run all";
    runAll.setAttribute("aria-label", "Run all cells of this page");
    save();
}

/**
 * @param {Run} mine
 * @param {Step} step
 * @param {HTMLElement} status
 */
function take(mine, step, status) {
    const cell = "cell" in step && step.cell !== null ? cells.get(step.cell) : undefined;
    if (cell && !mine.touched.has(cell.name)) {
        mine.touched.add(cell.name);
        cell.clear();
        if (cell.status !== status) cell.say("");
    }
    switch (step.event) {
        case "run":
            mine.id = step.id;
            break;
        case "compiling":
            status.textContent = "compiles…";
            break;
        case "cell":
            mine.at = step.cell;
            status.textContent = mine.cell?.name === step.cell ? "runs…" : `runs cell ${step.cell}…`;
            break;
        case "text": {
            const block = cell?.block(step.block, "pre");
            if (block && step.append) block.append(step.text);
            else if (block) block.textContent = step.text;
            break;
        }
        case "figure": {
            const block = cell?.block(step.block, "div");
            if (block) block.innerHTML = step.html;
            break;
        }
        case "value": {
            const value = document.querySelector(`.literate-value[data-value="${step.value}"]`);
            if (value) value.textContent = step.text;
            break;
        }
        case "error":
            fail(cell, step);
            break;
        case "changed":
            if (cell) {
                cell.accept.hidden = false;
                cell.say("This is not the accepted output.");
            }
            break;
        case "end":
            end(mine, step.how, step.seconds, status);
    }
}

/**
 * Shows what went wrong under its cell, and marks the line.
 * @param {Cell | undefined} cell
 * @param {{ at: Spot | null, text: string }} error
 */
function fail(cell, { at, text }) {
    const message = make("pre", "cell-text");
    message.textContent = text;
    if (!cell) return alarm.replaceChildren(message);
    const box = make("div", "literate-error", { role: "alert" });
    const editor = at && cells.get(at.cell)?.editor;
    if (editor && at) {
        editor.mark(at.line);
        const place = at.cell === cell.name ? `line ${at.line}` : `line ${at.line} of cell ${at.cell}`;
        box.append(button(place, `Go to ${place}`, () => editor.go(at.line)));
    }
    box.append(message);
    cell.output?.append(box);
}

/**
 * @param {Run} mine
 * @param {"done" | "failed" | "stopped"} how
 * @param {number} seconds
 * @param {HTMLElement} status
 */
function end(mine, how, seconds, status) {
    markStale(mine, how);
    const took = `${seconds.toFixed(1)} s`;
    const where = mine.at && mine.cell?.name !== mine.at ? ` in cell ${mine.at}` : "";
    const words = { done: `done in ${took}`, failed: `failed${where}`, stopped: `stopped after ${took}` };
    if (how !== "done" || !mine.cell?.accept || mine.cell.accept.hidden) status.textContent = words[how];
    for (const name of mine.touched) {
        const cell = cells.get(name);
        if (cell?.output && !cell.output.childElementCount) cell.output.classList.add("literate-empty");
        cell?.settle();
    }
}

/**
 * Marks the outputs below the run: they are from before the reader's changes.
 * @param {Run} mine
 * @param {"done" | "failed" | "stopped"} how
 */
function markStale(mine, how) {
    if (!mine.cell) return;
    let isBelow = false;
    let isChanged = false;
    for (const cell of cells.values()) {
        if (isBelow && !mine.touched.has(cell.name)) {
            cell.box.classList.toggle("literate-stale", isChanged && how === "done");
        }
        isChanged ||= cell.code !== cell.source;
        isBelow ||= cell === mine.cell;
    }
}

/** @param {Cell} cell */
async function accept(cell) {
    try {
        await post("accept", { page, cell: cell.name });
        cell.accept.hidden = true;
        cell.say("accepted");
    } catch (error) {
        cell.say(`${error}`);
    }
}

/** Loads the page again when it has changed, and says what keeps it from that. */
async function look() {
    if (document.visibilityState !== "visible" || run) return;
    try {
        const answer = await fetch(`${base}state?page=${encodeURIComponent(page)}`);
        if (!answer.ok) throw new Error(await answer.text());
        const state = await answer.json();
        const problem = state.problem ? `The last change is not on this page:\n${state.problem}` : "";
        if (alarm.dataset.look !== problem) {
            alarm.dataset.look = problem;
            const text = make("pre", "cell-text");
            text.textContent = problem;
            alarm.replaceChildren(...(problem ? [text] : []));
        }
        if (state.version && state.version !== version && !run) {
            keepFocus();
            location.reload();
        }
    } catch {
        alarm.dataset.look = "gone";
        alarm.textContent = "`cargo book serve` has ended: start it again, and open the address that it shows.";
    }
}

/** Remembers where the cursor is, for the page that is loaded next. */
function keepFocus() {
    const active = document.activeElement;
    const cell = [...cells.values()].find((cell) => cell.editor?.area === active);
    if (!cell?.editor) return;
    const { selectionStart: from, selectionEnd: to } = cell.editor.area;
    sessionStorage.setItem("literate-focus", JSON.stringify({ key, cell: cell.name, from, to }));
}

function findFocus() {
    const kept = JSON.parse(sessionStorage.getItem("literate-focus") ?? "null");
    sessionStorage.removeItem("literate-focus");
    const area = kept?.key === key ? cells.get(kept.cell)?.editor?.area : undefined;
    area?.focus({ preventScroll: true });
    area?.setSelectionRange(kept.from, kept.to);
}

async function open() {
    const answer = await fetch(`${base}chapter?page=${encodeURIComponent(page)}`);
    // A page without a chapter that can be read says so itself.
    if (!answer.ok) return;
    const { book, chapter, cells: all, author } = await answer.json();
    key = `literate:${book}:${chapter}`;
    for (const { name, code } of all) {
        const box = document.getElementById(`cell-${name}`);
        if (box) cells.set(name, new Cell(name, code, box, actions));
    }
    if (!cells.size) return;
    const note = make("span", "");
    note.textContent = author
        ? "A notebook: change a cell, and press Shift-Enter. To accept new outputs, run the cells unchanged."
        : "This page is a notebook: change a cell, and press Shift-Enter.";
    top.append(note, runAll, resetAll, said);
    const kept = JSON.parse(localStorage.getItem(key) ?? "{}");
    for (const [name, code] of Object.entries(kept)) {
        const cell = cells.get(name);
        cell?.editor?.set(code);
        cell?.changed();
    }
    save();
    findFocus();
}

const main = document.querySelector("main");
const title = main?.querySelector("h1");
if (title) title.after(alarm, top);
else main?.prepend(alarm, top);
void open().then(() => setInterval(() => void look(), 1000));
