import "@tabler/core/dist/css/tabler.min.css";
import "./styles/tokens.css";
import "./styles/frame.css";
import "./styles/parts.css";
import "./styles/table.css";
import "./styles/book.css";
import "./styles/today.css";
import "./styles/value.css";
import "./styles/outlook.css";
import "./styles/files.css";
import "./styles/print.css";

import Alpine from "@alpinejs/csp";
import htmx from "htmx.org";

import { cardKeys } from "./cards.js";
import { watchCharts } from "./charts/load.js";
import { copyButtons } from "./copy.js";
import { dialogs } from "./dialogs.js";
import { drops } from "./drops.js";
import { editors } from "./editors.js";
import { forms } from "./forms.js";
import { palette } from "./palette.js";
import { shortcuts } from "./shortcuts.js";
import { tables } from "./tables.js";
import { tabs } from "./tabs.js";
import { themes } from "./themes.js";
import { toasts } from "./toasts.js";
import { unsaved } from "./unsaved.js";
import { register } from "./components.js";

htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0;
// Copying style attributes over would be an inline style, which the content policy refuses.
htmx.config.attributesToSettle = ["class"];
htmx.config.scrollBehavior = "instant";
window.htmx = htmx;

register(Alpine);
for (const start of [cardKeys, dialogs, palette, shortcuts, tables, tabs, toasts, themes, copyButtons, drops, editors, forms, unsaved, watchCharts]) {
  start();
}
Alpine.start();
document.documentElement.dataset.ready = "1";
