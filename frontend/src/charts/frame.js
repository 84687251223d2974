import { axisText, dayTick, formatter, tooltip } from "./look.js";

// Left, right, top and bottom space that leaves room for the words at the lines' ends.
export function grid(spec, width) {
  return {
    left: 8,
    right: spec.endWords ? endSpace(spec.endWords, width) : 16,
    top: spec.legend ? 36 : 24,
    bottom: 8,
    outerBoundsMode: "same",
    outerBoundsContain: "all",
  };
}

// What the words at the lines' ends need, at most a third of the chart.
function endSpace(words, width) {
  return Math.min(180, width * 0.36, Math.max(40, ...words.map((word) => 1.1 * breadth(word) + 20)));
}

// Names in one row above the chart, leafed through where they do not fit.
export function legend(names, palette, width) {
  const room = Math.min(220, width * 0.6);
  return {
    type: "scroll", top: 0, left: 0, right: 8, itemWidth: 18, itemHeight: 10, data: names,
    textStyle: axisText(palette), pageTextStyle: axisText(palette), pageIconColor: palette.ink,
    pageIconInactiveColor: palette.line, formatter: (name) => shortened(name, room),
  };
}

function shortened(name, room) {
  let shown = name;
  while (1.1 * breadth(shown) > room) shown = [...shown].slice(0, -1).join("");
  return shown === name ? name : `${shown}…`;
}

export function valueAxis(spec, palette) {
  const show = formatter(spec, 2);
  return {
    type: "value",
    name: spec.axis || "",
    nameTextStyle: { ...axisText(palette), align: "left" },
    min: spec.min ?? (spec.zero === false ? undefined : (range) => (range.min < 0 ? null : 0)),
    max: spec.max,
    splitNumber: 4,
    interval: spec.interval,
    scale: spec.zero === false,
    axisLabel: { ...axisText(palette), hideOverlap: true, formatter: show },
    splitLine: { lineStyle: { color: palette.line } },
  };
}

export function categoryAxis(spec, palette) {
  return {
    type: "category",
    data: spec.x,
    axisLabel: { ...axisText(palette), ...(spec.everyLabel ? { interval: 0 } : { hideOverlap: true }) },
    axisLine: { lineStyle: { color: palette.line } },
    axisTick: { show: false },
  };
}

// Where the points stand: `days` (ISO) or `at` (numbers) put them at their true distance, else they stand evenly by name.
export function pointAxis(spec, palette) {
  if (spec.days) {
    const ends = spec.days.map(moment);
    return {
      type: "time",
      min: ends[0],
      max: ends.at(-1),
      axisLabel: { ...axisText(palette), hideOverlap: true, formatter: dayTick(ends.at(-1) - ends[0]) },
      axisLine: { lineStyle: { color: palette.line } },
      axisTick: { show: true, lineStyle: { color: palette.line } },
      splitLine: { show: false },
    };
  }
  if (spec.at) {
    const named = { name: spec.xName, nameLocation: "middle", nameGap: 24, nameTextStyle: axisText(palette) };
    return { ...valueAxis({}, palette), ...named, max: spec.at.at(-1), splitLine: { show: false } };
  }
  return { ...categoryAxis(spec, palette), boundaryGap: false };
}

function moment(day) {
  return Date.parse(`${day}T00:00Z`);
}

// The values of a series as the axis wants them.
export function placed(spec, values) {
  const places = spec.days?.map(moment) || spec.at;
  return places ? values.map((value, i) => [places[i], value]) : values;
}

function nameOf(spec, point) {
  return spec.days || spec.at ? spec.x[point.dataIndex] : point.axisValueLabel;
}

export function axisTooltip(spec, palette) {
  const show = formatter(spec);
  return tooltip(palette, {
    trigger: "axis",
    valueFormatter: show,
    formatter: (points) => {
      const shown = points.filter((point) => !point.seriesName.startsWith("\u0000"));
      const rows = shown.map((point) => {
        const value = Array.isArray(point.value) ? point.value.at(-1) : point.value;
        return `${point.seriesName}  ${show(point.data?.shown ?? value)}`;
      });
      const more = points.length ? happened(spec, points[0].dataIndex) : [];
      return [points.length ? nameOf(spec, points[0]) : "", ...rows, ...more].join("\n");
    },
  });
}

// About how many pixels words take at ten pixels: a Japanese sign is as wide as it is high.
function breadth(words) {
  return [...words].reduce((sum, sign) => sum + (sign.charCodeAt(0) > 255 ? 10 : /[A-Z%]/.test(sign) ? 7.5 : 5.5), 0);
}

// The marks whose words fit beside each other, the newest first; the tooltip says the others.
function said(spec, width) {
  const labelled = (spec.marks || []).filter((mark) => mark.label);
  if (!spec.days || !width) return new Set(labelled);
  const { left, right } = grid(spec, width);
  const [first, last] = [moment(spec.days[0]), moment(spec.days.at(-1))];
  const fitting = new Set();
  let free = width;
  for (const mark of labelled.sort((a, b) => moment(b.day) - moment(a.day))) {
    const middle = left + ((width - left - right) * (moment(mark.day) - first)) / (last - first || 1);
    const half = breadth(mark.label) / 2;
    if (middle + half > free) continue;
    fitting.add(mark);
    free = middle - half - 8;
  }
  return fitting;
}

// What happened since the point before, for the tooltip.
function happened(spec, index) {
  if (!spec.days) return [];
  const [before, day] = [spec.days[index - 1] || "", spec.days[index]];
  return (spec.marks || []).filter((mark) => mark.title && mark.day > before && mark.day <= day).map((mark) => mark.title);
}

// What happened on a day: {x or day, label, title}. Drawn as a thin line with its words, if it has any, at the top.
export function marks(spec, palette, width) {
  const shown = said(spec, width);
  const lines = (spec.marks || []).map((mark) => ({
    xAxis: mark.day ? moment(mark.day) : mark.x,
    label: { show: shown.has(mark), formatter: mark.label, color: palette.muted, fontSize: 10, position: "end" },
  }));
  for (const target of spec.targets || []) {
    lines.push({
      yAxis: target.value,
      label: { formatter: target.label, color: palette.muted, fontSize: 10, position: "insideStartTop" },
    });
  }
  if (!lines.length) return undefined;
  return {
    silent: true,
    symbol: "none",
    lineStyle: { color: palette.muted, type: "dashed", width: 1 },
    data: lines,
  };
}
