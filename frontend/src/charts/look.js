// Colours and number forms shared by all charts: the same thing has the same colour everywhere.
import { color } from "echarts/core";

import { language } from "../texts.js";

const MINUS = "\u2212"; // as in the words of the server

const NAMES = [
  "ink", "muted", "line", "surface", "good", "caution", "danger", "unknown",
  "c1", "c2", "c3", "c4", "c5", "c6", "soft",
];

export function colours() {
  const style = getComputedStyle(document.documentElement);
  const found = {};
  for (const name of NAMES) found[name] = style.getPropertyValue(`--chart-${name}`).trim();
  found.series = [found.c1, found.c2, found.c3, found.c4, found.c5, found.c6];
  found.font = getComputedStyle(document.body).fontFamily;
  return found;
}

export function colourOf(series, index, palette) {
  return palette[series.colour] || palette.series[index % palette.series.length];
}

// Black or white, whichever is told more easily from a colour; one of them always has a contrast of 4.5 or more.
export function legibleOn(colour) {
  const [red, green, blue] = color.parse(colour).map((part) => ((part / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";
}

function digits(value) {
  const size = Math.abs(value);
  return size >= 100 ? 0 : size >= 10 ? 1 : 2;
}

// As the server writes amounts in short: one digit after the point. The ticks of an axis may lie closer (`most` digits).
function shortMoney(value, currency, most = 1) {
  if (language() === "ja") {
    const size = Math.abs(value);
    const mark = currency === "JPY" ? "円" : ` ${currency}`;
    const [unit, word] = size >= 1e8 ? [1e8, "億"] : size >= 1e4 ? [1e4, "万"] : [1, ""];
    return `${plain(value / unit, most)}${word}${mark}`;
  }
  const small = Math.abs(value) >= 100 && Math.abs(value) < 1000 ? 0 : 1;
  return new Intl.NumberFormat("en", {
    style: "currency", currency, notation: "compact", maximumFractionDigits: small, currencyDisplay: "narrowSymbol",
  }).format(value).replace("-", MINUS);
}

function plain(value, most = 2) {
  const form = { maximumFractionDigits: Math.min(digits(value), most), signDisplay: "negative" };
  return new Intl.NumberFormat(language(), form).format(value).replace("-", MINUS);
}

// `format` is number, percent (of 1), money (of `currency`, in whole units) or points.
export function formatter(spec, most) {
  const unit = spec.unit || "";
  return (value) => {
    if (value === null || value === undefined || Number.isNaN(value)) return "–";
    if (spec.format === "percent") {
      const most = Math.abs(value) < 0.1 ? 1 : 0;
      const form = { style: "percent", maximumFractionDigits: most, signDisplay: "negative" };
      return new Intl.NumberFormat(language(), form).format(value).replace("-", MINUS);
    }
    if (spec.format === "money") return shortMoney(value, spec.currency || "JPY", most);
    return unit ? `${plain(value)}${language() === "ja" ? "" : " "}${unit}` : plain(value);
  };
}

const DAY = 86_400_000;

// Ticks of a time axis: the year at its turn, else the month; days where the axis is short.
export function dayTick(span) {
  const locale = language() === "ja" ? "ja" : "en-GB";
  const shown = (form) => new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...form });
  const year = shown({ year: "numeric", month: "short" });
  const month = shown({ month: "short" });
  const day = shown({ month: "short", day: "numeric" });
  return (value) => {
    const date = new Date(value);
    if (value % DAY) return ""; // hours between two days
    if (date.getUTCDate() !== 1) return span < 100 * DAY ? day.format(date) : "";
    return date.getUTCMonth() === 0 ? year.format(date) : month.format(date);
  };
}

export function axisText(palette) {
  return { color: palette.muted, fontSize: 11, fontFamily: palette.font };
}

export function tooltip(palette, extra = {}) {
  // Drawn as SVG text: the HTML kind needs style attributes, which the content policy forbids.
  return {
    renderMode: "richText",
    confine: true,
    backgroundColor: palette.surface,
    borderColor: palette.line,
    textStyle: { color: palette.ink, fontSize: 12, fontFamily: palette.font },
    ...extra,
  };
}
