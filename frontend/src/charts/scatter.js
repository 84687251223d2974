import { formatter, axisText, tooltip } from "./look.js";
import { grid, valueAxis } from "./frame.js";

// {kind: "scatter", points: [{x, y, label?, size?, address?, low?, high?}], xAxis: {...}, yAxis: {...}, diagonal?}
export function scatter(spec, palette, width) {
  const showX = formatter(spec.xAxis || {});
  const showY = formatter(spec.yAxis || {});
  const series = [
    {
      type: "scatter",
      color: palette.c1,
      symbolSize: (value, point) => point.data.size || 9,
      data: spec.points.map((point) => ({ ...point, value: [point.x, point.y] })),
      label: { show: spec.labels === true, position: "right", formatter: (p) => p.data.label, color: palette.ink, fontSize: 11 },
      markLine: spec.diagonal
        ? {
            silent: true, symbol: "none", lineStyle: { type: "dashed", color: palette.muted },
            data: [[{ coord: [0, 0] }, { coord: [spec.diagonal, spec.diagonal] }]],
          }
        : undefined,
    },
  ];
  if (spec.points.some((point) => point.low !== undefined)) series.push(whiskers(spec, palette));
  return {
    grid: grid({}, width),
    xAxis: { ...valueAxis(spec.xAxis || {}, palette), nameLocation: "middle", nameGap: 24, nameTextStyle: axisText(palette) },
    yAxis: valueAxis(spec.yAxis || {}, palette),
    tooltip: tooltip(palette, {
      formatter: (p) => [p.data.label, `${showX(p.data.x)} · ${showY(p.data.y)}`].filter(Boolean).join("\n"),
    }),
    series,
  };
}

function whiskers(spec, palette) {
  return {
    type: "custom",
    silent: true,
    data: spec.points.map((point) => [point.x, point.low, point.high]),
    renderItem: (params, api) => {
      const low = api.coord([api.value(0), api.value(1)]);
      const high = api.coord([api.value(0), api.value(2)]);
      return { type: "line", shape: { x1: low[0], y1: low[1], x2: high[0], y2: high[1] }, style: { stroke: palette.c1, lineWidth: 1.5 } };
    },
  };
}
