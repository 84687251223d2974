import * as echarts from "echarts/core";
import { BarChart, CustomChart, HeatmapChart, LineChart, ScatterChart } from "echarts/charts";
import {
  AriaComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  MarkPointComponent,
  TooltipComponent,
  VisualMapComponent,
} from "echarts/components";
import { LabelLayout } from "echarts/features";
import { SVGRenderer } from "echarts/renderers";

import { kinds } from "./kinds.js";
import { colours } from "./look.js";
import { download } from "./picture.js";

echarts.use([
  AriaComponent, BarChart, CustomChart, GridComponent, HeatmapChart, LabelLayout, LegendComponent, LineChart,
  MarkLineComponent, MarkPointComponent, ScatterChart, SVGRenderer, TooltipComponent, VisualMapComponent,
]);

const drawn = new Map();
const still = window.matchMedia("(prefers-reduced-motion: reduce)");

function read(place) {
  return JSON.parse(document.getElementById(place.dataset.chart).textContent);
}

function paint(place, chart) {
  const spec = read(place);
  const build = kinds[spec.kind];
  if (!build) throw new Error(`No chart kind "${spec.kind}"`);
  const option = build(spec, colours(), place.clientWidth);
  chart.setOption({ useUTC: true, animation: !still.matches, animationDuration: 250, ...option }, true);
}

export function draw(place) {
  place.dataset.drawn = "1";
  const chart = echarts.init(place, null, { renderer: "svg" });
  drawn.set(place, chart);
  paint(place, chart);
  chart.on("click", (point) => {
    const address = point.data?.address;
    if (address) window.location.assign(address);
  });
  const watcher = new ResizeObserver(() => {
    chart.resize();
    paint(place, chart);
  });
  watcher.observe(place);
}

function forget() {
  for (const [place, chart] of drawn) {
    if (document.contains(place)) continue;
    chart.dispose();
    drawn.delete(place);
  }
}

document.addEventListener("htmx:afterSwap", forget);
document.addEventListener("enishi:theme", () => {
  for (const [place, chart] of drawn) paint(place, chart);
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-picture]");
  if (button) download(document.getElementById(button.dataset.picture), button.dataset.name);
});
