// Shortcuts of the desks. "?" lists them. Nothing happens while somebody is typing. A button with [data-asks] is not pressed by its key:
// it is only gone to, with the words of what to think of first; Enter presses it.
import { tell, typing } from "./pressing.js";

const rows = () => [...document.querySelectorAll("[data-row]")];

function link(row) {
  return row.matches("a") ? row : row.querySelector("a");
}

function move(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = all[Math.min(Math.max(at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by, 0), all.length - 1)];
  link(next)?.focus();
  next.scrollIntoView({ block: "nearest" });
}

const doing = {
  "/": () => document.querySelector("[data-search]")?.focus(),
  j: () => move(1),
  k: () => move(-1),
  "?": () => {
    const sheet = document.getElementById("keys");
    // Only what works on this page, as it stands now.
    for (const line of sheet?.querySelectorAll("[data-works]") ?? []) line.hidden = !document.querySelector(line.dataset.works);
    sheet?.showModal();
  },
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const button = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!button && !doing[event.key]) return;
  event.preventDefault();
  if (button?.dataset.asks) {
    button.focus();
    tell(button.dataset.asks);
  } else if (button) button.click();
  else doing[event.key]();
});
