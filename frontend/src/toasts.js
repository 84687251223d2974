import htmx from "htmx.org";
import { word } from "./texts.js";

const MOST = 2; // at once: more would cover what one works on

function place() {
  return document.getElementById("toasts");
}

export function toast({ message, undo = "", kind = "info" }) {
  const box = document.createElement("div");
  box.className = `toast-line toast-line-${kind}`;
  box.setAttribute("role", kind === "error" ? "alert" : "status");
  const text = document.createElement("span");
  text.textContent = message;
  box.append(text);
  if (undo) box.append(undoButton(undo, box));
  box.append(closeButton(box));
  makeRoom();
  place().append(box);
  leaveLater(box, kind, undo);
}

// Errors stay before others do: they have to be read.
function makeRoom() {
  const lines = [...place().querySelectorAll(".toast-line")];
  const first = lines.filter((line) => !line.matches(".toast-line-error")).concat(lines);
  if (lines.length >= MOST) first[0].remove();
}

function undoButton(address, box) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm btn-link";
  button.textContent = word("undo");
  button.addEventListener("click", () => {
    box.remove();
    htmx.ajax("POST", address, { swap: "none" });
  });
  return button;
}

function closeButton(box) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "toast-close";
  button.textContent = "×";
  button.setAttribute("aria-label", word("close"));
  button.addEventListener("click", () => box.remove());
  return button;
}

// Errors stay until closed; what can be undone stays twice as long; reading or pointing stops the clock.
function leaveLater(box, kind, undo) {
  if (kind === "error") return;
  let timer = 0;
  const start = () => (timer = setTimeout(() => box.remove(), undo ? 12000 : 6000));
  const stop = () => clearTimeout(timer);
  box.addEventListener("mouseenter", stop);
  box.addEventListener("focusin", stop);
  box.addEventListener("mouseleave", start);
  start();
}

function failure(event) {
  let message = word("failed");
  const body = event.detail?.xhr?.responseText || "";
  try {
    const answer = JSON.parse(body);
    message = [answer.message, answer.hint].filter(Boolean).join(" ") || message;
  } catch {
    // Not an answer of ours (a proxy's page): the general words stand.
  }
  toast({ message, kind: "error" });
}

export function toasts() {
  document.addEventListener("toast", (event) => toast(event.detail));
  document.addEventListener("htmx:responseError", failure);
  document.addEventListener("htmx:sendError", () => toast({ message: word("offline"), kind: "error" }));
  for (const line of document.querySelectorAll("[data-toast]")) {
    toast({ message: line.textContent.trim(), kind: line.dataset.toast, undo: line.dataset.undo || "" });
    line.remove();
  }
}
