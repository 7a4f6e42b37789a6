// Keeps the day's bars and rows in step with their numbers. Fetches the red lines of who may take their own life as soon as their number changes, and says for a screen reader what the board's main numbers are: at most twice a minute, and only when they changed.
const EVERY = 30_000;

for (const root of document.querySelectorAll("[data-board]")) {
  const place = root.querySelector("[data-announce]");
  const shown = (key) => root.querySelector(`[data-live="${key}"]`)?.textContent ?? "0";
  const sentence = () => place.dataset.announce.replace("{all}", shown("all")).replace("{red}", shown("red"));
  let said = sentence();
  let waiting = 0;
  let last = 0;
  const lines = document.querySelector("[data-care]");
  let inNeed = shown("care");
  root.addEventListener("live", async () => {
    if (!lines || shown("care") === inNeed) return;
    inNeed = shown("care");
    const answer = await fetch(lines.dataset.care, { headers: { "X-Part": "1" } }).catch(() => null);
    if (answer?.ok) lines.innerHTML = await answer.text();
    else inNeed = ""; // once more with the next number
  });
  root.addEventListener("live", () => {
    const most = Math.max(Number(shown("hours.most")), 1);
    for (const bar of root.querySelectorAll("[data-bar]")) {
      const height = Math.round((Number(shown(bar.dataset.bar)) * 100) / most);
      bar.setAttribute("height", height);
      bar.setAttribute("y", 105 - height);
    }
    for (const row of root.querySelectorAll("[data-hour]")) {
      row.hidden = [...row.querySelectorAll("[data-live]")].every((cell) => cell.textContent === "0");
    }
  });
  root.addEventListener("live", () => {
    if (waiting) return;
    waiting = setTimeout(() => {
      waiting = 0;
      last = Date.now();
      const now = sentence();
      if (now !== said) place.textContent = said = now;
    }, Math.max(0, last + EVERY - Date.now()));
  });
}
