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
  document.addEventListener("formdata", nameUnreadable);
  // Coming back by the browser's "back" finds the buttons alive.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const button of document.querySelectorAll("form button[disabled]")) button.disabled = false;
  });
}

// What a number field holds and no browser can read ("1e") would be sent as if the field were empty. Where the server
// checks (novalidate) it is sent as "?", so that the server names it.
function nameUnreadable({ target: form, formData }) {
  if (!form.noValidate) return;
  const numbers = [...form.elements].filter((field) => field.matches("input[type=number]:enabled"));
  for (const name of new Set(numbers.filter((field) => field.validity.badInput).map((field) => field.name))) {
    formData.delete(name);
    for (const field of numbers.filter((one) => one.name === name)) formData.append(name, field.validity.badInput ? "?" : field.value);
  }
}

// <select data-ticks="name" data-ticks-for="a b"> ticks the box of that name for those choices, until a person has.
function tickAlong(event) {
  const box = event.target;
  if (box.matches("input[type=checkbox]")) box.dataset.chosen = "1";
  if (!box.matches("select[data-ticks]")) return;
  const along = box.form?.elements[box.dataset.ticks];
  if (along && !along.dataset.chosen) along.checked = box.dataset.ticksFor.split(" ").includes(box.value);
}
