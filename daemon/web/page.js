// Renews the page without losing what its reader is at: scrolling, focus, what is unfolded. The
// page is whole without it.
"use strict";
(() => {
  const everyMs = 5000;
  const patienceMs = 20000;
  const notice = document.getElementById("notice");
  const served = new Map();  // section's id -> its text as it came
  let latest = "";
  let answered = new Date();

  const sections = (page) => page.querySelectorAll("main > section[id]");

  // Copying

  async function copy(text) {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    // Over plain http there is no clipboard: select and copy as a person would.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("refused");
  }

  function offerCopy(box) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      let said = "Copied";
      try {
        await copy(box.querySelector("pre").textContent);
      } catch {
        said = "Select it and press Ctrl-C";
      }
      button.focus({preventScroll: true});
      button.textContent = said;
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    box.append(button);
  }

  // The matrix: one stop for Tab, arrow keys within

  function cellsOf(table) {
    return [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.querySelector("a") ?? cell));
  }

  function moveTo(cells, from, key) {
    const row = cells.findIndex((one) => one.includes(from));
    const column = cells[row].indexOf(from);
    const last = cells[row].length - 1;
    const target = {
      ArrowUp: [row - 1, column], ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
      Home: [row, 0], End: [row, last],
      PageUp: [Math.max(row - 10, 0), column], PageDown: [Math.min(row + 10, cells.length - 1), column],
    }[key];
    return target && (cells[target[0]]?.[target[1]] ?? from);
  }

  // Not under the sticky header and first column.
  function reveal(box, table, cell) {
    const seen = box.getBoundingClientRect();
    const at = cell.getBoundingClientRect();
    const top = seen.top + table.tHead.offsetHeight;
    const left = seen.left + table.tBodies[0].rows[0].cells[0].offsetWidth;
    if (at.top < top) box.scrollTop -= top - at.top;
    if (at.bottom > seen.bottom) box.scrollTop += at.bottom - seen.bottom + 16;
    if (cell.matches("a")) return;
    if (at.left < left) box.scrollLeft -= left - at.left;
    if (at.right > seen.right) box.scrollLeft += at.right - seen.right + 16;
  }

  function makeGrid(box) {
    const table = box.querySelector("table");
    const says = document.getElementById("cell");
    const cells = cellsOf(table);
    let stop = cells[0]?.[1] ?? null;
    box.removeAttribute("tabindex");
    table.setAttribute("role", "grid");
    table.setAttribute("aria-label", box.getAttribute("aria-label"));
    for (const row of cells) for (const cell of row) cell.tabIndex = -1;
    if (stop) stop.tabIndex = 0;
    table.addEventListener("focusin", (event) => {
      const cell = event.target;
      if (stop) stop.tabIndex = -1;
      stop = cell;
      stop.tabIndex = 0;
      says.textContent = cell.title;
      reveal(box, table, cell);
    });
    table.addEventListener("click", (event) => event.target.closest("td")?.focus({preventScroll: true}));
    table.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const next = moveTo(cells, event.target, event.key);
      if (!next) return;
      event.preventDefault();
      next.focus({preventScroll: true});
    });
  }

  function enliven(section) {
    for (const box of section.querySelectorAll(".command")) offerCopy(box);
    const matrix = section.querySelector("#matrix");
    if (matrix) makeGrid(matrix);
  }

  // Renewing

  // Where the focus is, so that it is found again: an element with an id, and which one below it.
  function placeOfFocus(section) {
    const focused = document.activeElement;
    if (!section.contains(focused)) return null;
    const home = focused.closest("[id]");
    return {id: home.id, index: [...home.querySelectorAll("*")].indexOf(focused)};
  }

  function focusOn(place) {
    const home = document.getElementById(place.id);
    const target = place.index < 0 ? home : home?.querySelectorAll("*")[place.index];
    target?.focus({preventScroll: true});
  }

  function replace(old, fresh) {
    const place = placeOfFocus(old);
    const open = new Map([...old.querySelectorAll("details[id]")].map((one) => [one.id, one.open]));
    const scrolled = [...old.querySelectorAll(".scroll[id]")].map((one) => [one.id, one.scrollLeft, one.scrollTop]);
    const section = document.importNode(fresh, true);
    for (const one of section.querySelectorAll("details[id]")) one.open = open.get(one.id) ?? one.open;
    old.replaceWith(section);
    enliven(section);
    if (place) focusOn(place);
    for (const [id, left, top] of scrolled) document.getElementById(id)?.scrollTo(left, top);
  }

  function show(page) {
    const at = [window.scrollX, window.scrollY];
    const now = new Set();
    for (const fresh of sections(page)) {
      now.add(fresh.id);
      const old = document.getElementById(fresh.id);
      if (served.get(fresh.id) === fresh.outerHTML) continue;
      served.set(fresh.id, fresh.outerHTML);
      if (old) {
        replace(old, fresh);
      } else {
        const section = document.importNode(fresh, true);
        document.querySelector("main").append(section);
        enliven(section);
      }
    }
    for (const old of sections(document)) if (!now.has(old.id)) { served.delete(old.id); old.remove(); }
    window.scrollTo(...at);
  }

  // What a tab shows of a page that nobody looks at.
  function showInTab(page) {
    document.title = page.title;
    document.getElementById("icon").href = page.getElementById("icon").href;
  }

  // Once: a screen reader speaks whatever is set.
  function say(text) {
    if (notice.textContent !== text) notice.textContent = text;
  }

  function isSelecting() {
    const selection = document.getSelection();
    return selection.type === "Range" && document.querySelector("main").contains(selection.anchorNode);
  }

  async function renew() {
    try {
      const answer = await fetch(location.pathname, {cache: "no-store", signal: AbortSignal.timeout(patienceMs)});
      if (!answer.ok) throw new Error(answer.status);
      const text = await answer.text();
      answered = new Date();
      if (text === latest) return say("");
      const page = new DOMParser().parseFromString(text, "text/html");
      showInTab(page);
      if (isSelecting()) return say("A newer state is there: clear the selection to see it");
      latest = text;
      show(page);
      say("");
    } catch {
      say("Rollcall does not answer since " + answered.toISOString().slice(0, 19) + "Z: this page is old");
    }
  }

  async function run() {
    for (;;) {
      await new Promise((wake) => { setTimeout(wake, everyMs); });
      if (!document.hidden) await renew();
    }
  }

  for (const section of sections(document)) {
    served.set(section.id, section.outerHTML);
    enliven(section);
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) renew(); });
  run();
})();
