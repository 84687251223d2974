// Finds chart places, also those htmx brings later, and fetches the drawing code only when one is near.
let drawing = null;

function seen(entries, observer) {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    observer.unobserve(entry.target);
    drawing ??= import("./draw.js");
    drawing.then(({ draw }) => draw(entry.target));
  }
}

export function watchCharts() {
  const observer = new IntersectionObserver(seen, { rootMargin: "800px" });
  const look = (root) => {
    for (const place of root.querySelectorAll("[data-chart]:not([data-drawn])")) observer.observe(place);
  };
  look(document);
  document.addEventListener("htmx:load", (event) => look(event.target));
}
