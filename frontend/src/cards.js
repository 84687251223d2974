// Keyboard in a list of cards marked data-cards: j/k move, Enter opens, the letters in data-act do what they say.
import { typing } from "./shortcuts.js";

let at = "";

function cards() {
  return [...document.querySelectorAll("[data-cards] [data-card]")];
}

function current() {
  return document.activeElement?.closest?.("[data-card]") || document.getElementById(at);
}

function focus(card) {
  if (!card) return;
  at = card.id;
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest" });
}

function move(step) {
  const all = cards();
  const index = all.indexOf(current());
  focus(all[Math.min(Math.max(index + step, 0), all.length - 1)]);
}

function onKey(event) {
  if (typing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!document.querySelector("[data-cards]") || document.querySelector("dialog[open]")) return;
  const card = current();
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (!card) return;
  else if (event.key === "Enter" && document.activeElement === card) window.location.assign(card.dataset.address);
  else card.querySelector(`[data-act="${CSS.escape(event.key)}"]`)?.click();
}

// After the list was drawn anew the person stands on the same card, or on the one that took its place.
let place = -1;

function remember() {
  place = cards().indexOf(current());
}

function restore() {
  if (place < 0) return;
  const all = cards();
  focus(document.getElementById(at) || all[Math.min(place, all.length - 1)]);
  place = -1;
}

export function cardKeys() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("focusin", (event) => {
    const card = event.target.closest?.("[data-card]");
    if (card) at = card.id;
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.target.querySelector?.("[data-cards]")) remember();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.querySelector?.("[data-cards]")) restore();
  });
}
