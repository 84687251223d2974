// Words of the page's language, put there by base.html.
let words = null;

export function word(name) {
  if (!words) {
    const element = document.getElementById("words");
    words = element ? JSON.parse(element.textContent) : {};
  }
  return words[name] || name;
}

export function language() {
  return document.documentElement.lang || "ja";
}
