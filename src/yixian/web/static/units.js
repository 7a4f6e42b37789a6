// The units' desk. Ticking a page of tickets at once; texts that answers begin from; what an answer lacks, shown while it is written.
const PAUSE = 600;

for (const form of document.querySelectorAll("form[data-ticks]")) {
  const all = form.querySelector("[data-ticks-all]");
  const count = form.querySelector("[data-ticks-count]");
  const go = form.querySelector("[data-ticks-go]");
  if (!go) continue;
  const ticks = () => [...form.querySelectorAll("input[name=ticket]")];
  const show = () => {
    const ticked = ticks().filter((tick) => tick.checked).length;
    count.textContent = ticked ? ` ${ticked}` : "";
    go.disabled = !ticked;
    all.checked = ticked > 0 && ticked === ticks().length;
    all.indeterminate = ticked > 0 && !all.checked;
  };
  all.closest("label").hidden = false;
  all.addEventListener("change", () => {
    for (const tick of ticks()) tick.checked = all.checked;
    show();
  });
  form.addEventListener("change", show);
  show();
}
