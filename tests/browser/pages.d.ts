// Types for what the pages and their tests share: `course.js` puts it on the window, and a page something on its figure.

type Draw = { width: number, height: number, pixels: ArrayLike<number> };

/** What `course.js` offers to the pages. */
interface Course {
    models(): Promise<any>;
    digits(ready?: () => unknown): Promise<any>;
    openTenDigits(course: any): Promise<void>;
    train(what: object, heard: (message: any) => void): Promise<{ terminate(): void }>;
    said(three: number): string;
    row(kind: string, cells: (string | Node)[]): HTMLTableRowElement;
    button(text: string, onclick: () => unknown): HTMLButtonElement;
    element<K extends keyof HTMLElementTagNameMap>(
        name: K, attributes?: Record<string, any>, ...children: (string | Node)[]
    ): HTMLElementTagNameMap[K];
    node(name: string, attributes?: Record<string, any>, ...children: (string | Node)[]): SVGElement;
    paint(canvas: HTMLCanvasElement, picture: Draw): void;
    paintSigned(canvas: HTMLCanvasElement, numbers: ArrayLike<number>, most: number): void;
}

interface Window {
    course: Course;
    courseFiles: Record<string, string>;
    /** The scripts of mdBook's search, in the order in which they are loaded. */
    searchScripts?: string[];
}

/** mdBook's own: whether keys go to a field. */
declare function mdbook_something_else_has_focus(event: KeyboardEvent): boolean;

interface HTMLElement {
    /** For the tests: what a page computes with, and what it shows. */
    course: () => Promise<any>;
    digits: { label: number, of: Float32Array, pixels: Uint8Array }[];
    speed: number[];
    start: number[];
    pixels: Record<string, Uint8Array>;
}
