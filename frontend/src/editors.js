// Editors: tables that grow by a row, and the metric form that shows only what its kind of measurement needs.
// Without scripts every field stands there, and the server leaves out what a kind has no use for.

function addRow(button) {
  const body = button.previousElementSibling?.querySelector("tbody");
  const last = body?.lastElementChild;
  if (!last) return;
  const row = last.cloneNode(true);
  const place = body.children.length + 1;
  for (const field of row.querySelectorAll("input")) {
    field.value = "";
    field.removeAttribute("value");
    field.setAttribute("aria-label", field.getAttribute("aria-label").replace(/\d+$/, String(place)));
  }
  body.append(row);
  row.querySelector("input")?.focus();
}

function reveal(root) {
  for (const button of root.querySelectorAll?.("[data-adds-row]") || []) button.hidden = false;
}

function show(element, wanted) {
  element.hidden = !wanted;
  if (wanted && element.matches("[data-opens-when-shown]")) element.open = true;
  for (const field of element.querySelectorAll("input,select")) field.disabled = !wanted;
}

function fit(form) {
  const value = (name) => form.elements[name]?.value || "";
  const kind = value("type");
  const nested = kind === "ratio" || kind === "trend";
  for (const element of form.querySelectorAll("[data-kinds]")) show(element, element.dataset.kinds.split(" ").includes(kind));
  for (const element of form.querySelectorAll("[data-part-kinds]")) {
    const part = element.dataset.part;
    if (part === "b" && kind !== "ratio") continue;
    const own = nested ? value(`${part}:type`) : kind;
    const wanted = element.dataset.partKinds.split(" ");
    show(element, wanted.includes(own) || wanted.includes(`${own}:${value(`${part}:of`)}`));
  }
}

// A measure shows the fields of the mapping it uses; what another mapping would ask for waits hidden.
function fitMapping(select) {
  for (const element of select.closest(".measure-body")?.querySelectorAll("[data-mappings]") || [])
    element.hidden = !element.dataset.mappings.split(" ").includes(select.value);
}

export function editors() {
  reveal(document);
  for (const select of document.querySelectorAll("[data-mapping]")) fitMapping(select);
  for (const form of document.querySelectorAll("[data-metric-form]")) fit(form);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-adds-row]");
    if (button) addRow(button);
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest("[data-metric-form]");
    if (form) fit(form);
    if (event.target.matches("[data-mapping]")) fitMapping(event.target);
  });
  document.addEventListener("htmx:afterSwap", (event) => reveal(event.target));
}
