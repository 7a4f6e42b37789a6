// Reads a block aloud: every [data-read] gets a button that plays and stops, where the browser can speak.
const speech = globalThis.speechSynthesis;
const words = document.documentElement.lang.startsWith("en")
  ? { play: "Read aloud", stop: "Stop" }
  : { play: "读给我听", stop: "停止" };
let speaking = null;

const SIGNS = new URL("icons.svg", import.meta.url).pathname;
function shape(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const part = document.createElementNS("http://www.w3.org/2000/svg", "use");
  part.setAttribute("href", `${SIGNS}#${name}`);
  svg.append(part);
  return svg;
}
function set(button, on) {
  button.setAttribute("aria-pressed", String(on));
  button.replaceChildren(shape(on ? "pause" : "speaker"), on ? words.stop : words.play);
}
function stop() {
  speech.cancel();
  if (speaking) set(speaking, false);
  speaking = null;
}
// Runs of one language each: a Chinese name in an English page is spoken in Chinese.
function runs(block) {
  const found = [];
  const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const at = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || at.closest("[data-read-button], .hidden, [hidden], [aria-hidden=true], script, textarea, select")) continue;
    const lang = at.closest("[lang]").lang;
    const last = found.at(-1);
    // A date or a clause is kept whole for the eye only: the sentence goes on.
    const whole = Boolean(at.closest(".whole"));
    if (last?.lang === lang) last.text += (whole || last.whole ? "" : "，") + text;
    else found.push({ lang, text });
    found.at(-1).whole = whole;
  }
  return found;
}
function play(block, button) {
  stop();
  const parts = runs(block).map(({ lang, text }) => Object.assign(new SpeechSynthesisUtterance(text), { lang, rate: 0.9 }));
  if (!parts.length) return;
  parts.at(-1).addEventListener("end", () => speaking === button && stop());
  speaking = button;
  set(button, true);
  parts.forEach((part) => speech.speak(part));
}

if (speech && globalThis.SpeechSynthesisUtterance) {
  for (const block of document.querySelectorAll("[data-read]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quietly read";
    button.dataset.readButton = "";
    set(button, false);
    button.addEventListener("click", () => (speaking === button ? stop() : play(block, button)));
    block.append(button);
  }
  addEventListener("pagehide", stop);
}
