import { axisTooltip, categoryAxis, grid, legend, marks, valueAxis } from "./frame.js";
import { axisText, colourOf, formatter } from "./look.js";

const NARROW = 520; // below, the words of a bridge's steps do not stand beside each other

function values(series) {
  return series.values.map((value, i) => ({
    value,
    address: series.addresses?.[i],
    itemStyle: series.colours ? { color: series.colours[i] } : undefined,
  }));
}

// {kind: "bar", x, series: [{name, values, colour?, addresses?}], stacked?, horizontal?, format}
export function bars(spec, palette, width) {
  const many = spec.series.length > 1;
  const show = formatter(spec);
  const series = spec.series.map((one, index) => ({
    type: "bar",
    name: one.name,
    data: values({ ...one, colours: one.colours?.map((name) => palette[name] || name) }),
    color: colourOf(one, index, palette),
    stack: spec.stacked ? "total" : undefined,
    barMaxWidth: 44,
    cursor: one.addresses ? "pointer" : "default",
    label: {
      show: !spec.stacked && spec.x.length * spec.series.length <= 24,
      position: "outside",
      formatter: (point) => show(point.value),
      color: palette.ink,
      fontSize: 11,
    },
    markLine: index === 0 ? marks(spec, palette) : undefined,
  }));
  const category = { ...categoryAxis(spec, palette), inverse: Boolean(spec.horizontal) };
  const value = valueAxis(spec, palette);
  return {
    legend: many ? legend(spec.series.map((one) => one.name), palette, width) : undefined,
    grid: { ...grid({ ...spec, legend: many }, width), right: spec.horizontal ? 64 : 16 },
    xAxis: spec.horizontal ? value : category,
    yAxis: spec.horizontal ? category : value,
    tooltip: axisTooltip(spec, palette),
    series,
  };
}

// From an opening to a closing amount by steps: {kind: "bridge", steps: [{name, value, total?, address?}]}
export function bridge(spec, palette, width) {
  const show = formatter(spec);
  let level = 0;
  const floor = [];
  const blocks = [];
  for (const step of spec.steps) {
    const from = step.total ? 0 : level;
    level = step.total ? step.value : level + step.value;
    floor.push(Math.min(from, level));
    const colour = step.total ? palette.ink : step.value >= 0 ? palette.good : palette.danger;
    blocks.push({
      value: Math.abs(level - from),
      shown: step.value,
      address: step.address,
      itemStyle: { color: palette[step.colour] || colour, opacity: step.total ? 0.75 : 1 },
    });
  }
  const stacked = { type: "bar", stack: "bridge", stackStrategy: "all" }; // a floor below zero carries, too
  const lying = width < NARROW;
  const x = spec.steps.map((step) => step.name);
  const words = { ...axisText(palette), interval: 0, width: 90, overflow: "break" };
  const category = { ...categoryAxis({ x }, palette), axisLabel: words, inverse: lying };
  const value = { ...valueAxis(spec, palette), ...(lying ? { splitNumber: 2 } : {}) };
  return {
    grid: { ...grid(spec, width), right: lying ? 84 : 16 },
    xAxis: lying ? value : category,
    yAxis: lying ? category : value,
    tooltip: axisTooltip(spec, palette),
    series: [
      { ...stacked, name: "\u0000floor", silent: true, data: floor, itemStyle: { color: "transparent" } },
      {
        ...stacked, name: spec.name || "", data: blocks, barMaxWidth: 64,
        label: {
          show: true, position: lying ? "right" : "top", color: palette.ink, fontSize: 11,
          formatter: (point) => `${point.data.shown > 0 && !spec.steps[point.dataIndex].total ? "+" : ""}${show(point.data.shown)}`,
        },
      },
    ],
  };
}
