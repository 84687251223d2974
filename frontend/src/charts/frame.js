import { axisText, formatter, tooltip } from "./look.js";

// Left, right, top and bottom space that leaves room for direct labels.
export function grid(spec, width) {
  return {
    left: 8,
    right: spec.endLabels === false ? 16 : Math.min(130, Math.max(64, width * 0.16)),
    top: spec.legend ? 36 : 24,
    bottom: 8,
    outerBoundsMode: "same",
    outerBoundsContain: "axisLabel",
  };
}

export function valueAxis(spec, palette) {
  const show = formatter(spec);
  return {
    type: "value",
    name: spec.axis || "",
    nameTextStyle: { ...axisText(palette), align: "left" },
    min: spec.min ?? (spec.zero === false ? undefined : (range) => Math.min(0, range.min)),
    max: spec.max,
    splitNumber: 4,
    interval: spec.interval,
    scale: spec.zero === false,
    axisLabel: { ...axisText(palette), formatter: show },
    splitLine: { lineStyle: { color: palette.line } },
  };
}

export function categoryAxis(spec, palette) {
  return {
    type: "category",
    data: spec.x,
    axisLabel: { ...axisText(palette), hideOverlap: true },
    axisLine: { lineStyle: { color: palette.line } },
    axisTick: { show: false },
  };
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
      return [points[0]?.axisValueLabel ?? "", ...rows].join("\n");
    },
  });
}

// What happened on a day: {x, label}. Drawn as a thin line with its words at the top.
export function marks(spec, palette) {
  const lines = (spec.marks || []).map((mark) => ({
    xAxis: mark.x,
    label: { formatter: mark.label, color: palette.muted, fontSize: 10, position: "end" },
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
