import { color } from "echarts/core";

import { axisText, formatter, legibleOn, tooltip } from "./look.js";

// {kind: "heatmap", x, y, cells: [[xIndex, yIndex, value|null]], format, low?, high?, labels?}
export function heatmap(spec, palette, width) {
  const show = formatter(spec);
  const numbers = spec.cells.map((cell) => cell[2]).filter((value) => value !== null);
  const [low, high, shades] = [spec.low ?? 0, spec.high ?? Math.max(1, ...numbers), [palette.soft, palette.c1]];
  const shade = (value) => color.lerp(Math.min(1, Math.max(0, (value - low) / (high - low || 1))), shades);
  return {
    grid: { left: 8, right: 12, top: spec.xTop === false ? 8 : 28, bottom: 8, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: {
      type: "category", data: spec.x, position: spec.xTop === false ? "bottom" : "top",
      axisLabel: { ...axisText(palette), hideOverlap: true }, axisLine: { show: false }, axisTick: { show: false },
    },
    yAxis: {
      type: "category", data: spec.y, inverse: true,
      axisLabel: { ...axisText(palette), width: Math.min(260, width * 0.36), overflow: "break", lineHeight: 13 },
      axisLine: { show: false }, axisTick: { show: false },
    },
    visualMap: {
      show: false,
      min: low,
      max: high,
      inRange: { color: shades },
    },
    tooltip: tooltip(palette, {
      formatter: (point) => `${spec.y[point.value[1]]}\n${spec.x[point.value[0]]}  ${show(point.value[2])}`,
    }),
    series: [
      {
        type: "heatmap",
        data: spec.cells.map(([x, y, value]) => ({
          value: [x, y, value ?? "-"], label: { color: value === null ? palette.ink : legibleOn(shade(value)) },
        })),
        label: { show: Boolean(spec.labels), fontSize: 10, formatter: (point) => show(point.value[2]) },
        itemStyle: { borderColor: palette.surface, borderWidth: 1 },
      },
    ],
  };
}
