// Says for a screen reader what the board's main numbers are: at most twice a minute, and only when they changed.
const EVERY = 30_000;

for (const root of document.querySelectorAll("[data-board]")) {
  const place = root.querySelector("[data-announce]");
  const shown = (key) => root.querySelector(`[data-live="${key}"]`)?.textContent ?? "0";
  const sentence = () => place.dataset.announce.replace("{all}", shown("all")).replace("{red}", shown("red"));
  let said = sentence();
  let waiting = 0;
  let last = 0;
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
