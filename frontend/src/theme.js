// Runs before the first paint: a device that asks for the dark gets it without a flash.
const root = document.documentElement;
const dark = window.matchMedia("(prefers-color-scheme: dark)");

function apply() {
  const wish = root.dataset.theme;
  root.setAttribute("data-bs-theme", wish === "auto" ? (dark.matches ? "dark" : "light") : wish);
  document.dispatchEvent(new CustomEvent("enishi:theme"));
}

dark.addEventListener("change", apply);
apply();
window.enishiApplyTheme = apply;
