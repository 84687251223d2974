// The light/dark/auto switch: remembered per device.
export function themes() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    const choice = button.dataset.themeChoice;
    document.documentElement.dataset.theme = choice;
    document.cookie = `enishi_theme=${choice}; path=/; max-age=31536000; samesite=lax`;
    window.enishiApplyTheme();
    for (const other of document.querySelectorAll("[data-theme-choice]")) {
      other.setAttribute("aria-pressed", String(other === button));
    }
  });
}
