// Page-wide keys: g then a letter goes to a page, ? shows the help. Lists and the palette have their own.
export function typing(event) {
  const target = event.target;
  return (
    event.isComposing ||
    target.isContentEditable ||
    ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName)
  );
}

let goes = 0;

function go(key) {
  const link = document.querySelector(`[data-goes="${CSS.escape(key)}"]`);
  if (link) link.click();
}

export function shortcuts() {
  document.addEventListener("keydown", (event) => {
    if (typing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    if (Date.now() - goes < 1200) {
      goes = 0;
      go(event.key);
      return;
    }
    if (event.key === "g") goes = Date.now();
    if (event.key === "?") document.getElementById("keys")?.showModal();
  });
}
