// Alpine components of the CSP build: templates name them in x-data, all logic is here.
import { menu, tabs, reveal, filterList, selection } from "./alpine.js";

export function register(Alpine) {
  Alpine.data("menu", menu);
  Alpine.data("tabs", tabs);
  Alpine.data("reveal", reveal);
  Alpine.data("filterList", filterList);
  Alpine.data("selection", selection);
}
