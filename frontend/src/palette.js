// The command palette: Ctrl-K or "/" opens it, the server answers, arrows and Enter choose.
import { typing } from "./shortcuts.js";

let dialog, input, list, pending, timer;
let answered = null; // the letters the list answers
let entered = false; // Enter was pressed before their answer came

function options() {
  return [...list.querySelectorAll("[role=option]")];
}

function choose(index) {
  const all = options();
  if (!all.length) {
    input.removeAttribute("aria-activedescendant");
    return;
  }
  const at = (index + all.length) % all.length;
  all.forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
  input.setAttribute("aria-activedescendant", all[at].id);
  all[at].scrollIntoView({ block: "nearest" });
}

function chosen() {
  return options().findIndex((option) => option.getAttribute("aria-selected") === "true");
}

async function ask() {
  pending?.abort();
  pending = new AbortController();
  const letters = input.value;
  try {
    const answer = await fetch(`${dialog.dataset.address}?q=${encodeURIComponent(letters)}`, {
      signal: pending.signal,
      headers: { "HX-Request": "true" },
    });
    if (answer.ok) show(letters, await answer.text());
    else entered = false;
  } catch (error) {
    if (error.name === "AbortError") return;
    entered = false;
    throw error;
  }
}

function show(letters, answer) {
  list.innerHTML = answer;
  answered = letters;
  choose(0);
  if (entered && letters === input.value) enter();
}

// What stands first may answer fewer letters than were typed: Enter waits for the answer to the newest.
function enter() {
  entered = input.value !== answered;
  if (!entered) {
    follow(options()[chosen()]);
    return;
  }
  clearTimeout(timer);
  ask();
}

function open() {
  if (dialog.open) return;
  dialog.showModal();
  input.value = "";
  answered = null;
  entered = false;
  input.focus();
  ask();
}

function keys(event) {
  if (event.isComposing) return;
  if (event.key === "ArrowDown" || (event.ctrlKey && event.key === "n")) choose(chosen() + 1);
  else if (event.key === "ArrowUp" || (event.ctrlKey && event.key === "p")) choose(chosen() - 1);
  else if (event.key === "Enter") enter();
  else return;
  event.preventDefault();
}

function follow(option) {
  if (!option) return;
  if (option.dataset.opensAfter) {
    dialog.close();
    document.getElementById(option.dataset.opensAfter)?.showModal();
  } else {
    window.location.assign(option.dataset.address);
  }
}

export function palette() {
  dialog = document.getElementById("palette");
  if (!dialog) return;
  input = dialog.querySelector("input");
  list = dialog.querySelector("[role=listbox]");
  input.addEventListener("input", () => {
    entered = false;
    clearTimeout(timer);
    timer = setTimeout(ask, 90);
  });
  input.addEventListener("keydown", keys);
  list.addEventListener("click", (event) => follow(event.target.closest("[role=option]")));
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-palette]")) open();
  });
  document.addEventListener("keydown", (event) => {
    const slash = event.key === "/" && !typing(event) && !document.querySelector("dialog[open]");
    if (slash || (event.key === "k" && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      open();
    }
  });
}
