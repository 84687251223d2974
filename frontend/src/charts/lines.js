import { axisTooltip, grid, legend, marks, placed, pointAxis, valueAxis } from "./frame.js";
import { colourOf, formatter } from "./look.js";

const MOST_ENDS = 3; // more lines are named above the chart: their words would not fit beside each other
const DASHES = ["solid", "dashed", "dotted"]; // told apart where the colours begin anew
const ROOM = 10; // between a line's end and its words, and the border

function band(series, index, spec, palette) {
  const width = series.high.map((high, i) => (high === null || series.low[i] === null ? null : high - series.low[i]));
  const stack = `\u0000band${index}`;
  const common = {
    type: "line", stack, symbol: "none", silent: true, lineStyle: { opacity: 0 }, stackStrategy: "all",
    step: series.step ? "end" : false,
  };
  return [
    { ...common, name: `\u0000low${index}`, data: placed(spec, series.low) },
    {
      ...common,
      name: `\u0000high${index}`,
      data: placed(spec, width),
      areaStyle: { color: colourOf(series, index, palette), opacity: series.shade || 0.15 },
    },
  ];
}

function line(series, index, spec, palette, width) {
  const colour = colourOf(series, index, palette);
  return {
    type: "line",
    name: series.name,
    data: placed(spec, series.values),
    color: colour,
    step: series.step ? "end" : false,
    symbol: series.values.length > 40 ? "none" : "circle",
    symbolSize: 4,
    showSymbol: series.values.filter((value) => value !== null).length < 3,
    connectNulls: false,
    lineStyle: { width: series.muted ? 1.25 : 2, type: dash(series, index, palette) },
    emphasis: { focus: spec.legend ? "series" : "none" },
    areaStyle: spec.area ? { opacity: 0.12 } : undefined,
    stack: spec.stacked ? "total" : undefined,
    endLabel: {
      show: Boolean(spec.endWords),
      formatter: (point) => endWord(series, spec, [point.value].flat().at(-1)),
      color: colour,
      fontSize: 11,
      width: grid(spec, width).right - ROOM,
      overflow: "truncate",
    },
    labelLayout: { moveOverlap: "shiftY" },
    // While it is drawn the label at the end of a line follows it from its first point, which must be one.
    ...(series.values[0] === null ? { animation: false } : {}),
    markLine: index === 0 ? marks(spec, palette, width) : undefined,
  };
}

function dash(series, index, palette) {
  return series.dashed ? "dashed" : DASHES[Math.floor(index / palette.series.length) % DASHES.length];
}

function endWord(series, spec, value) {
  return series.label || `${series.name} ${formatter(spec)(value)}`;
}

// The chart with the way its lines are named: by words at their ends, or, where they are many, by a legend.
function named(spec, series = spec.series) {
  if (series.length > MOST_ENDS) return { ...spec, legend: true };
  if (spec.endLabels === false) return spec;
  const known = series.map((one) => one.values.filter((value) => value !== null).at(-1));
  return { ...spec, endWords: series.map((one, index) => endWord(one, spec, known[index])) };
}

// {kind: "line", x, days? or at?, series: [{name, values, colour?, low?, high?, dashed?, step?}], format, unit, marks, targets}
export function lines(given, palette, width) {
  const spec = named(given);
  const series = spec.series.flatMap((one, index) => [
    ...(one.low ? band(one, index, spec, palette) : []),
    line(one, index, spec, palette, width),
  ]);
  return {
    legend: spec.legend ? legend(spec.series.map((one) => one.name), palette, width) : undefined,
    grid: grid(spec, width),
    xAxis: pointAxis(spec, palette),
    yAxis: valueAxis(spec, palette),
    tooltip: axisTooltip(spec, palette),
    series,
  };
}

// Targets as single marks over the months they are for.
function goals(spec, palette) {
  return {
    type: "scatter", name: spec.goalName, data: spec.goals, symbol: "diamond", symbolSize: 11,
    itemStyle: { color: "transparent", borderColor: colourOf({ colour: "ink" }, 0, palette), borderWidth: 2 },
  };
}

// Past as a line, future as nested intervals: {kind: "fan", x, past, middle, bands: [{level, low, high}], goals?, other?}
// other: a second expected line to compare with; goals: targets, null where there is none.
export function fan(given, palette, width) {
  const middle = { name: given.middleName, values: given.middle, colour: "c1", dashed: true };
  const spec = named(given, [middle]);
  const series = [
    ...spec.bands.map((one) => ({
      name: one.name, values: spec.middle, low: one.low, high: one.high, colour: "c1", shade: one.shade,
    })).flatMap((one, index) => band(one, index, spec, palette)),
    line({ name: spec.pastName, values: spec.past, colour: "ink" }, 0, given, palette, width),
    line(middle, 1, spec, palette, width),
    ...(spec.other ? [line({ name: spec.otherName, values: spec.other, colour: "muted", muted: true }, 2, given, palette, width)] : []),
    ...((spec.goals || []).some((goal) => goal !== null) ? [goals(spec, palette)] : []),
  ];
  return {
    grid: grid(spec, width),
    xAxis: pointAxis(spec, palette),
    yAxis: valueAxis(spec, palette),
    tooltip: axisTooltip(spec, palette),
    series,
  };
}
