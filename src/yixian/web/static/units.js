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

// A text to begin from goes into an empty answer at once; over written words only after a second click says what becomes of them.
for (const picker of document.querySelectorAll("[data-texts]")) {
  const form = picker.closest("form");
  const answer = form.elements.namedItem("answer");
  const select = picker.querySelector("select");
  const over = picker.querySelector("[data-texts-over]");
  const put = (text) => {
    answer.value = text;
    over.hidden = true;
    answer.dispatchEvent(new Event("input", { bubbles: true }));
    answer.focus();
  };
  picker.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    const text = select.selectedOptions[0]?.dataset.text;
    if (!button || !answer) return;
    event.preventDefault();
    if (!text) return select.focus();
    if (button.value === "append") put(`${answer.value.trim()}\n${text}`);
    else if (button.value === "replace" || !answer.value.trim()) put(text);
    else {
      over.hidden = false;
      over.querySelector("button").focus();
    }
  });
}

// What an answer lacks is asked for a moment after the last key; the button asks at once.
for (const place of document.querySelectorAll("[data-hints]")) {
  const form = place.closest("form");
  const answer = form.elements.namedItem("answer");
  let waiting = 0;
  let asked = 0;
  const ask = async () => {
    const mine = ++asked;
    const body = new URLSearchParams({ csrf: form.elements.namedItem("csrf").value, answer: answer.value });
    const said = await fetch(place.dataset.hints, { method: "POST", body }).catch(() => null);
    const text = said?.ok ? await said.text() : null;
    if (mine === asked && text !== null) place.innerHTML = text;
  };
  answer.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, PAUSE);
  });
  form.querySelector("[data-hints-ask]")?.addEventListener("click", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    ask();
  });
  if (answer.value.trim()) ask();
}

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// Whoever waits before an empty desk is told when something has come; the page itself stays as it is.
for (const place of document.querySelectorAll("[data-comes]")) {
  const asking = setInterval(async () => {
    const answer = await fetch("/desk/counts", { headers: { Accept: "application/json" } }).catch(() => null);
    const found = answer?.ok ? await answer.json() : {};
    if (!found["/desk/unit"]) return;
    place.querySelector("[hidden]").hidden = false;
    clearInterval(asking);
  }, 30_000);
}
