// What somebody typed is not thrown away without asking: forms in dialogs, and those marked data-keeps. The server marks
// data-unsaved what it gives back without having saved it.
import { word } from "./texts.js";

const KEPT = "dialog form:not([method=get]), form[data-keeps]";

// A form that came back with mistakes holds what was typed, though nobody has touched it since.
function isUnsaved(form) {
  if ("sent" in form.dataset) return false;
  return "unsaved" in form.dataset || Boolean(form.querySelector("[aria-invalid=true]"));
}

function unsavedIn(place) {
  return [...place.querySelectorAll(KEPT)].filter(isUnsaved);
}

function forget(forms) {
  for (const form of forms) {
    form.reset();
    delete form.dataset.unsaved;
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  }
}

export function mayDiscard(place) {
  const forms = unsavedIn(place);
  if (!forms.length) return true;
  if (!window.confirm(word("discard"))) return false;
  forget(forms);
  return true;
}

function mark(form) {
  if (!form?.matches(KEPT)) return;
  form.dataset.unsaved = "1";
  delete form.dataset.sent;
}

// A refused or broken request leaves the words unsaved; they were taken for saved when they were sent.
function failed(event) {
  const form = event.detail.elt?.closest?.("form");
  if (form && "sent" in form.dataset) mark(form);
}

// An answer that would replace a form somebody else's request knows nothing of, say a note half written.
function replaces(event) {
  const { elt, etc, target } = event.detail;
  if (!target || etc?.swapOverride === "none" || elt.getAttribute?.("hx-swap") === "none") return;
  const others = unsavedIn(target).filter((form) => !form.contains(elt));
  if (!others.length) return;
  if (window.confirm(word("discard"))) forget(others);
  else event.preventDefault();
}

export function unsaved() {
  for (const name of ["input", "change"]) {
    document.addEventListener(name, (event) => mark(event.target.closest?.("form")));
  }
  document.addEventListener("submit", (event) => (event.target.dataset.sent = "1"), true);
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:sendError", failed);
  document.addEventListener("htmx:beforeRequest", replaces);
  // "cancel" (Esc) does not bubble.
  document.addEventListener("cancel", (event) => {
    if (event.target instanceof HTMLDialogElement && !mayDiscard(event.target)) event.preventDefault();
  }, true);
  window.addEventListener("beforeunload", (event) => {
    if (unsavedIn(document).length) event.preventDefault();
  });
}
