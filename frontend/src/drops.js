// A file control (cotton/file.html) tells in our words which file is chosen; in a place to drop one
// (<label data-drop><input type="file"></label>) the form is sent as soon as a file is there.
function place(event) {
  return event.target.closest?.("[data-drop]");
}

export function drops() {
  for (const name of ["dragover", "dragenter"]) {
    document.addEventListener(name, (event) => {
      const label = place(event);
      if (!label) return;
      event.preventDefault();
      label.dataset.over = "1";
    });
  }
  document.addEventListener("dragleave", (event) => {
    const label = place(event);
    if (label && !label.contains(event.relatedTarget)) delete label.dataset.over;
  });
  document.addEventListener("drop", (event) => {
    const label = place(event);
    const files = event.dataTransfer?.files;
    if (!label || !files?.length) return;
    event.preventDefault();
    delete label.dataset.over;
    const input = label.querySelector("input[type=file]");
    input.files = files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  document.addEventListener("change", (event) => {
    const name = event.target.closest("[data-file]")?.querySelector("[data-file-name]");
    if (name && event.target.files.length) name.textContent = event.target.files[0].name;
    if (event.target.matches("[data-drop] input[type=file]") && event.target.files.length) {
      event.target.closest("[data-drop]").dataset.sending = "1";
      event.target.form.requestSubmit();
    }
  });
}
