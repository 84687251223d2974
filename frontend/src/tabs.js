// Rows that do not fit beside each other, tabs and the headings of a list on a phone: the open tab is scrolled into sight,
// and the ends behind which there is more fade.
const ROWS = ".tabs, table.grid > thead > tr";

function fade(row) {
  const rest = row.scrollWidth - row.clientWidth;
  row.classList.toggle("more-before", row.scrollLeft > 1);
  row.classList.toggle("more-after", rest - row.scrollLeft > 1);
}

function fadeAll() {
  for (const row of document.querySelectorAll(ROWS)) fade(row);
}

export function tabs() {
  for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
    const bar = tab.parentElement;
    bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
  }
  fadeAll();
  window.addEventListener("resize", fadeAll);
  document.addEventListener("htmx:afterSettle", fadeAll);
  // "scroll" does not bubble.
  document.addEventListener("scroll", (event) => {
    if (event.target instanceof Element && event.target.matches(ROWS)) fade(event.target);
  }, true);
}
