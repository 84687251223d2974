// Keyboard and choice in tables marked data-rows: j/k move, Enter opens, x ticks; the bulk bar counts.
import { typing } from "./shortcuts.js";

function rows(table) {
  return [...table.querySelectorAll("tbody tr[data-row]")].filter((row) => row.offsetParent !== null);
}

function current() {
  return document.querySelector("tr.row-at");
}

function move(table, step) {
  const all = rows(table);
  if (!all.length) return;
  const at = all.indexOf(current());
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  current()?.classList.remove("row-at");
  next.classList.add("row-at");
  next.setAttribute("tabindex", "-1");
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function tick(row) {
  const box = row?.querySelector("input[type=checkbox][data-pick]");
  if (box) {
    box.checked = !box.checked;
    box.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

function counted(table) {
  const bar = document.querySelector(table.dataset.bulk || "#bulk");
  if (!bar) return;
  const boxes = [...table.querySelectorAll("input[data-pick]")];
  const picked = boxes.filter((box) => box.checked);
  bar.hidden = picked.length === 0;
  const whole = wholeList(bar, picked.length === boxes.length);
  const count = bar.querySelector("[data-count]");
  if (count) count.textContent = (whole || picked.length).toLocaleString(document.documentElement.lang);
  const all = table.querySelector("input[data-pick-all]");
  if (all) {
    all.checked = picked.length > 0 && picked.length === boxes.length;
    all.indeterminate = picked.length > 0 && picked.length < boxes.length;
  }
}

// Once all of a page are ticked, the whole list may be: how many that is, 0 where it is not.
function wholeList(bar, offered) {
  const box = bar.querySelector("[data-whole]");
  if (!box) return 0;
  box.closest("label").hidden = !offered;
  box.checked &&= offered;
  return box.checked ? Number(box.dataset.whole) : 0;
}

function onChange(event) {
  if (event.target.matches("[data-whole]")) document.querySelectorAll("table[data-rows]").forEach(counted);
  const table = event.target.closest("table[data-rows]");
  if (!table) return;
  if (event.target.matches("[data-pick-all]")) {
    for (const box of table.querySelectorAll("input[data-pick]")) box.checked = event.target.checked;
  }
  if (event.target.matches("[data-pick],[data-pick-all]")) counted(table);
}

function onKey(event) {
  const table = document.querySelector("table[data-rows], [data-rows-list]");
  if (!table || typing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "j") move(table, 1);
  else if (event.key === "k") move(table, -1);
  else if (event.key === "x") tick(current());
  else if (event.key === "Enter" && current() && document.activeElement === current()) {
    current().querySelector("a[data-open], a")?.click();
  }
}

// A click anywhere on a row follows its link, unless it hit something that does its own.
function onClick(event) {
  const row = event.target.closest("tr[data-row][data-address]");
  if (!row || event.target.closest("a,button,input,label,select,summary,details")) return;
  if (getSelection().toString()) return;
  if (event.metaKey || event.ctrlKey) window.open(row.dataset.address, "_blank", "noopener");
  else window.location.assign(row.dataset.address);
}

// Each cell is told its column's name: on a phone rows are drawn as lists (table.css).
function label(table) {
  const names = [...(table.tHead?.rows[0]?.cells ?? [])].flatMap((head) => Array(head.colSpan).fill(name(head)));
  for (const row of [...table.tBodies, ...(table.tFoot ? [table.tFoot] : [])].flatMap((part) => [...part.rows])) {
    let column = 0;
    for (const cell of row.cells) {
      if (cell.tagName === "TD" && cell.colSpan === 1 && names[column]) cell.dataset.label = names[column];
      cell.classList.toggle("blank", !cell.textContent.trim() && !cell.querySelector("input,svg,button,img"));
      column += cell.colSpan;
    }
  }
}

function name(head) {
  return head.querySelector("input, .visually-hidden") ? "" : head.textContent.trim();
}

function labelAll() {
  for (const table of document.querySelectorAll("table.grid")) label(table);
}

export function tables() {
  labelAll();
  document.addEventListener("change", onChange);
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  document.addEventListener("htmx:afterSwap", () => {
    labelAll();
    for (const table of document.querySelectorAll("table[data-rows]")) counted(table);
  });
}
