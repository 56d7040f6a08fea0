// What a page does by itself: keys, searching, long outputs, remarks for those who come from PyTorch, printing.
(() => {
    const scrolls = (box) => box.scrollWidth > box.clientWidth + 1;
    const boxes = () => /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("main pre, main pre code, main .cell-html, main .table-wrapper"));

    // Only what scrolls is a stop of the Tab key; and there, arrows scroll and do not turn the page.
    const stops = () => {
        for (const box of boxes()) {
            if (scrolls(box)) {
                box.tabIndex = 0;
            } else {
                box.removeAttribute("tabindex");
            }
        }
    };
    addEventListener("resize", stops);
    document.addEventListener("toggle", stops, true);
    document.addEventListener(
        "keydown",
        (event) => {
            const arrow = event.key === "ArrowLeft" || event.key === "ArrowRight";
            const target = /** @type {Element} */ (event.target);
            if (arrow && target.closest?.("main pre, main .cell-html, main .table-wrapper")) {
                event.stopImmediatePropagation();
            }
        },
        true,
    );

    // The sidebar's toggle is a label: make it answer the keyboard as a button does.
    const toggle = document.getElementById("mdbook-sidebar-toggle");
    toggle?.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") {
            event.preventDefault();
            toggle.click();
        }
    });

    // mdBook's search, 55 kB of scripts, is loaded when somebody searches, or comes to a page by a search.
    const searchIcon = document.getElementById("mdbook-search-toggle");
    const searchBar = /** @type {HTMLInputElement} */ (document.getElementById("mdbook-searchbar"));
    const loadSearch = async () => {
        searchIcon.removeEventListener("click", search);
        document.removeEventListener("keydown", searchKey);
        for (const src of window.searchScripts) {
            const script = Object.assign(document.createElement("script"), { src });
            document.head.append(script);
            await new Promise((resolve, reject) => void Object.assign(script, { onload: resolve, onerror: reject }));
        }
    };
    // The field is there at once, and keeps what is typed until somebody listens.
    const search = async () => {
        const box = document.getElementById("mdbook-search-wrapper").classList;
        box.remove("hidden");
        searchBar.focus();
        await loadSearch();
        box.add("hidden");
        searchIcon.click();
        searchBar.setSelectionRange(searchBar.value.length, searchBar.value.length);
    };
    /** @param {KeyboardEvent} event */
    const searchKey = (event) => {
        if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
        if ((event.key !== "s" && event.key !== "/") || mdbook_something_else_has_focus(event)) return;
        event.preventDefault();
        void search();
    };
    if (searchIcon && window.searchScripts) {
        searchIcon.addEventListener("click", search);
        document.addEventListener("keydown", searchKey);
        if (/[?&](search|highlight)=/.test(location.search)) void loadSearch();
    }

    // Of a long output, the first and the last rows; a button shows the rest.
    for (const output of document.querySelectorAll(".cell-output > pre.cell-text")) {
        const lines = output.textContent.trimEnd().split("\n");
        // A single line, such as a list, has no columns to keep, and is wrapped.
        output.classList.toggle("wrapped", lines.length === 1);
        if (lines.length < 24) continue;
        const [first, last] = [6, 3];
        const between = lines.slice(first, -last);
        const rest = document.createElement("span");
        rest.className = "rest";
        rest.hidden = true;
        rest.textContent = between.join("\n") + "\n";
        const button = document.createElement("button");
        button.className = "show-rest";
        button.type = "button";
        const say = () => {
            button.textContent = rest.hidden ? `${between.length} more rows` : "fewer rows";
            button.setAttribute("aria-expanded", String(!rest.hidden));
        };
        button.addEventListener("click", () => {
            rest.hidden = !rest.hidden;
            say();
        });
        say();
        output.replaceChildren(lines.slice(0, first).join("\n") + "\n", rest, button, "\n" + lines.slice(-last).join("\n"));
    }

    // Remarks for those who come from PyTorch can be switched off, on all pages at once.
    const KEY = "mnist-from-scratch-pytorch-notes";
    const read = () => {
        try {
            return localStorage.getItem(KEY) !== "off";
        } catch {
            return true;
        }
    };
    let shown = read();
    const root = document.documentElement;
    root.classList.toggle("no-pytorch", !shown);
    if (document.querySelector("aside.pytorch")) {
        const line = document.createElement("p");
        line.className = "pytorch-switch";
        const button = document.createElement("button");
        button.type = "button";
        const say = () => {
            button.textContent = `Notes for those who know PyTorch: ${shown ? "shown" : "hidden"}`;
            button.setAttribute("aria-pressed", String(shown));
        };
        button.addEventListener("click", () => {
            shown = !shown;
            root.classList.toggle("no-pytorch", !shown);
            try {
                localStorage.setItem(KEY, shown ? "on" : "off");
            } catch {
                // Then it is for this page only.
            }
            say();
        });
        say();
        line.append(button);
        document.querySelector("main h1")?.after(line);
    }

    // On paper nothing can be opened.
    let opened = [];
    addEventListener("beforeprint", () => {
        opened = [...document.querySelectorAll("main details:not([open])")];
        for (const details of opened) details.open = true;
    });
    addEventListener("afterprint", () => {
        for (const details of opened) details.open = false;
    });

    stops();

    // The sidebar scrolls to its chapter, and then the Tab key would start there.
    addEventListener("load", () => {
        if (location.hash || document.activeElement !== document.body) return;
        document.body.tabIndex = -1;
        document.body.focus({ preventScroll: true });
        document.body.removeAttribute("tabindex");
    });
})();
