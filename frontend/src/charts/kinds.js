// The few kinds of chart. Each takes the page's JSON and gives ECharts' option.
import { bars, bridge } from "./bars.js";
import { heatmap } from "./heatmap.js";
import { fan, lines } from "./lines.js";
import { scatter } from "./scatter.js";

export const kinds = { line: lines, fan, bar: bars, bridge, heatmap, scatter };
