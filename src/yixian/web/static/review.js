// The desks of review and call-back by keyboard. Sending back: s opens the reasons, a digit ticks one, Enter sends.
// Ratings: digits answer the three questions one after the other.
import { typing } from "./pressing.js";

const back = document.querySelector("[data-send-back]");
back?.addEventListener("toggle", () => {
  if (back.open) back.querySelector("[data-reason]")?.focus();
});

// A key on a heading that folds leads to its first field; an open one stays open.
for (const heading of document.querySelectorAll("details:not([data-send-back]) > summary[data-key]")) {
  heading.addEventListener("click", (event) => {
    const fold = heading.parentElement;
    const go = () => fold.querySelector("textarea, input:not([type=hidden]), button")?.focus();
    if (!fold.open) requestAnimationFrame(go);
    else if (event.detail === 0 && !fold.contains(document.activeElement)) {
      event.preventDefault();
      go();
    }
  });
}

const ratings = document.querySelector("[data-ratings]");

function rate(digit) {
  const groups = [...ratings.querySelectorAll("fieldset.radios")];
  const next = groups.find((group) => !group.querySelector("input:checked"));
  const button = next?.querySelector(`input[value="${digit}"]`);
  if (!button) return false;
  button.checked = true;
  button.focus();
  button.dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  if (back?.open) {
    const reason = /^[1-9]$/.test(event.key) && back.querySelector(`[data-reason="${event.key}"]`);
    if (reason) {
      event.preventDefault();
      reason.checked = !reason.checked;
      reason.focus();
    } else if (event.key === "Enter" && event.target.matches("[data-reason]")) {
      event.preventDefault();
      back.querySelector("[data-send]").click();
    }
  } else if (ratings && /^[1-5]$/.test(event.key) && rate(event.key)) {
    event.preventDefault();
  }
});
