import { mayDiscard } from "./unsaved.js";

// <button data-opens="id"> opens <dialog id>; [data-closes] closes; <details class="menu"> behaves as a menu.
const FIELDS = "input, select, textarea"
  .split(", ")
  .map((name) => `${name}:not([type=hidden]):not([disabled])`)
  .join(", ");

// The first form field is focused: the close button stands first and would cost a key press each time.
function open(dialog) {
  if (!dialog.open) dialog.showModal();
  const first = ["[autofocus]", FIELDS, ".box-body button, .box-body a", "button"]
    .map((wanted) => dialog.querySelector(wanted))
    .find(Boolean);
  if (first) first.focus();
  if (first?.matches("input[type=text]")) first.select();
}

export function dialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.opens);
      if (dialog) open(dialog);
      return;
    }
    const closer = event.target.closest("[data-closes]");
    const closing = closer?.closest("dialog") ?? (event.target instanceof HTMLDialogElement ? event.target : null);
    if (closing && mayDiscard(closing)) closing.close();
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
  // A server answer put into <div id="dialog-place"> opens at once; "closeDialog" closes the open one.
  document.addEventListener("htmx:afterSwap", (event) => {
    const dialog = event.target.querySelector?.("dialog[data-open-now]");
    if (dialog) open(dialog);
  });
  for (const dialog of document.querySelectorAll("dialog[data-open-at-start]")) open(dialog);
  document.addEventListener("closeDialog", () => {
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  });
}
