// Forms that send themselves when a choice changes, and buttons that cannot be pressed twice.
export function forms() {
  document.addEventListener("change", tickAlong);
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-sends-on-change]");
    if (form && !event.target.matches("[data-keeps-still]")) form.requestSubmit();
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.matches("[hx-post],[data-hx-post]")) return;
    // The pressed button's own name must still be sent, so it is switched off after the form has been read.
    setTimeout(() => {
      for (const button of form.querySelectorAll("button[type=submit], button:not([type])")) {
        button.disabled = true;
      }
    }, 0);
  });
  // Coming back by the browser's "back" finds the buttons alive.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const button of document.querySelectorAll("form button[disabled]")) button.disabled = false;
  });
}

// <select data-ticks="name" data-ticks-for="a b"> ticks the box of that name for those choices, until a person has.
function tickAlong(event) {
  const box = event.target;
  if (box.matches("input[type=checkbox]")) box.dataset.chosen = "1";
  if (!box.matches("select[data-ticks]")) return;
  const along = box.form?.elements[box.dataset.ticks];
  if (along && !along.dataset.chosen) along.checked = box.dataset.ticksFor.split(" ").includes(box.value);
}
