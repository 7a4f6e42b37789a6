// The dispatcher's keys: x ticks the row that has the focus, or the one that is open; n goes on to the next ticket; a key on a heading that
// folds opens it and goes to its first field; 1 to 3 on a suggestion that cannot be taken say why. The list shows what is open; how many
// are ticked stands beside the bulk actions.
import { tell, typing } from "./pressing.js";

const queue = document.querySelector("[data-queue]");
const box = document.getElementById("bulk-box");
const ticks = () => [...document.querySelectorAll('[data-queue] input[name="ticket"]')];

function count() {
  const n = ticks().filter((tick) => tick.checked).length;
  const shown = document.querySelector("[data-ticked]");
  if (shown) shown.textContent = n || "";
}

function row() {
  return document.activeElement?.closest("[data-row]") ?? queue?.querySelector("[data-row]:has(a[aria-current])");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "x") {
    const tick = row()?.querySelector('input[name="ticket"]');
    if (!tick) return;
    event.preventDefault();
    tick.checked = !tick.checked;
    count();
  } else if (says && /^[123]$/.test(event.key) && !document.querySelector(`[data-key="${event.key}"]`)) {
    event.preventDefault();
    tell(says.dataset.none.replace("{n}", event.key));
  } else if (event.key === "n" && !document.querySelector('[data-key="n"]')) {
    const all = [...(queue?.querySelectorAll("[data-row]") ?? [])];
    const at = all.findIndex((one) => one.querySelector("a[aria-current]"));
    const next = all[at + 1]?.querySelector("a");
    if (next) {
      event.preventDefault();
      next.click();
    }
  }
});

// keys.js presses the heading; here the first field gets the focus, once the fold is open. A key leaves open what is open.
for (const heading of document.querySelectorAll("summary[data-key]")) {
  heading.addEventListener("click", (event) => {
    const fold = heading.parentElement;
    const go = () => fold.querySelector("button.primary, select, input:not([type=hidden], [type=checkbox]), textarea")?.focus();
    if (!fold.open) requestAnimationFrame(go);
    else if (event.detail === 0 && !fold.contains(document.activeElement)) {
      event.preventDefault();
      go();
    }
  });
}

// A suggestion that lacks something cannot be taken: its key says what is missing and goes to the field where it is given.
const says = document.querySelector("[data-key-says]");

for (const lacking of document.querySelectorAll("[data-lacks]")) {
  lacking.addEventListener("click", (event) => {
    const field = document.getElementById(lacking.dataset.lacks);
    if (!field) return;
    event.preventDefault();
    field.closest("details")?.setAttribute("open", "");
    tell(lacking.dataset.says);
    field.focus();
    field.scrollIntoView({ block: "center" });
  });
}

for (const tick of ticks()) tick.addEventListener("change", count);
const all = document.querySelector("[data-tick-all]");
if (all) {
  all.hidden = false;
  all.addEventListener("click", () => {
    const on = ticks().some((tick) => !tick.checked);
    for (const tick of ticks()) tick.checked = on;
    count();
  });
}
count();
queue?.querySelector("a[aria-current]")?.scrollIntoView({ block: "nearest" });
