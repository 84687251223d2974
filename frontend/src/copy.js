import { word } from "./texts.js";
import { toast } from "./toasts.js";

// <button data-copies="#id"> copies that element's text.
export function copyButtons() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copies]");
    if (!button) return;
    const source = document.querySelector(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent);
      toast({ message: word("copied") });
    } catch {
      const range = document.createRange();
      range.selectNodeContents(source);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      toast({ message: word("copyByHand") });
    }
  });
}
