// The operator's screen without page loads: what was typed is kept with every key stroke, what was understood stands beside it, and
// every deed has a key. Without this file the same form works by its buttons.
import { filling } from "./filling.js";
import { toast } from "./parts.js";

const form = document.querySelector("form[data-operator]");
const PLACE = "yixian.operator";
const ASK_AFTER = 200; // milliseconds after the last key
const SAVE_EVERY = 2000;
const BLANKS = { audience: "person" };
const WORDS = ["text", "title", "place", "matter", "region", "kind", "audience", "language", "danger"];
const WHO = ["phone", "name", "identity", "audience"];
// The city's time, as every other time of the page, wherever this computer thinks it stands.
const AT = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: form?.dataset.zone });

const id = (name) => document.getElementById(name);
const field = (name) => form.elements.namedItem(name);
const hold = (name) => field(name)?.value ?? "";
const rules = filling();
const filled = new Set(hold("filled").split(",").filter(Boolean));

function body(more) {
  const sent = new URLSearchParams(new FormData(form));
  for (const [name, value] of more ?? []) sent.set(name, value);
  return sent;
}

async function post(address, sent, options = {}) {
  const answer = await fetch(address, { method: "POST", body: sent, headers: { "X-Part": "1" }, redirect: "manual", ...options });
  const kind = answer.headers.get("content-type") ?? "";
  return { status: answer.status, said: kind.startsWith("application/json") ? await answer.json() : null };
}

// -- Fields that fill themselves ---------------------------------------------------------------------------------

function mark(name, on) {
  const label = form.querySelector(`label[for="${name}"]`);
  label?.querySelector(".by-system")?.remove();
  if (on) filled.add(name);
  else filled.delete(name);
  if (on && label) {
    const said = document.createElement("span");
    said.className = "by-system";
    said.textContent = form.dataset.bySystem;
    label.append(" ", said);
  }
  field("filled").value = [...filled].join(",");
}

function fill(fills, asked) {
  for (const [name, value] of Object.entries(fills)) {
    const box = field(name);
    const blank = BLANKS[name] ?? "";
    if (!box || !rules.may(name, box.value, filled.has(name), asked, blank)) continue;
    if (box.tagName === "SELECT" && value && ![...box.options].some((option) => option.value === value)) continue;
    box.value = value || blank;
    mark(name, Boolean(value) && value !== blank);
  }
}

function put(button) {
  const name = button.dataset.put;
  const box = field(name);
  if (name === "answer") {
    const words = button.dataset.value.replaceAll("**", "").trim();
    box.value = box.value.trim() ? `${box.value.trimEnd()}\n${words}` : words;
  } else box.value = button.dataset.value;
  box.dispatchEvent(new Event("input", { bubbles: true }));
}

// -- Nothing typed is lost ---------------------------------------------------------------------------------------

const KEPT = "input:not([type=radio]), textarea, select";
let saved = Number(hold("edit"));
let saving = false;
let waiting = 0;

function copy() {
  const values = {};
  for (const box of form.querySelectorAll(KEPT)) {
    if (!box.name || box.name === "csrf") continue;
    values[box.name] = box.type === "checkbox" ? box.checked : box.value;
  }
  return values;
}

function keep() {
  sessionStorage.setItem(PLACE, JSON.stringify({ key: hold("key"), edit: Number(hold("edit")), values: copy() }));
}

// What this tab remembers is newer than what the server sent when its last edit never arrived there.
function restore() {
  const remembered = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
  if (!remembered) return;
  const same = remembered.key === hold("key");
  const blank = !hold("text") && !hold("phone") && Number(hold("edit")) === 0 && !location.search.includes("draft=");
  if (same ? remembered.edit <= Number(hold("edit")) : !blank) return;
  for (const [name, value] of Object.entries(remembered.values)) {
    const box = field(name);
    if (!box) continue;
    if (box.type === "checkbox") box.checked = value;
    else box.value = value;
  }
  filled.clear();
  for (const name of hold("filled").split(",").filter(Boolean)) filled.add(name);
  saved = -1;
}

function say(words) {
  id("op-saved").textContent = words;
}

async function save(options) {
  clearTimeout(waiting);
  waiting = 0;
  const edit = Number(hold("edit"));
  if (saving || edit === saved) return;
  saving = true;
  const key = hold("key");
  const { status, said } = await post("/desk/operator/draft", body(saved <= 0 ? [["first", "1"]] : []), options).catch(() => ({ status: 0 }));
  saving = false;
  if (key !== hold("key")) return;
  if (status === 200) {
    saved = edit;
    if (said.bar) show("op-bar", said.bar);
    say(`${form.dataset.saved} ${AT.format(new Date())}`);
    if (edit === Number(hold("edit"))) sessionStorage.removeItem(PLACE);
  } else if (status === 409) say(said.said);
  else say(status === 0 || status >= 500 ? form.dataset.away : form.dataset.signedOut);
  if (status === 401 || status === 403) signedOut();
  else if (saved !== Number(hold("edit"))) waiting = setTimeout(save, SAVE_EVERY);
}

function signedOut() {
  const link = document.createElement("a");
  link.href = `/login?next=${encodeURIComponent("/desk/operator")}`;
  link.textContent = form.dataset.signedOut;
  id("op-saved").replaceChildren(link);
}

function changed() {
  field("edit").value = String(Number(hold("edit")) + 1);
  keep();
  if (!waiting) waiting = setTimeout(save, saved === 0 && hold("edit") === "1" ? 100 : SAVE_EVERY);
}

// -- What stands beside ------------------------------------------------------------------------------------------

function show(place, html) {
  const box = id(place);
  const open = new Set([...box.querySelectorAll("details[open] > summary")].map((line) => line.textContent));
  const shut = new Set([...box.querySelectorAll("details:not([open]) > summary")].map((line) => line.textContent));
  const active = box.contains(document.activeElement) ? document.activeElement : null;
  box.innerHTML = html;
  for (const line of box.querySelectorAll("details > summary")) {
    if (open.has(line.textContent)) line.parentElement.open = true;
    else if (shut.has(line.textContent)) line.parentElement.open = false;
  }
  if (active) again(box, active)?.focus();
  tick();
}

function again(box, active) {
  if (active.id) return box.querySelector(`#${CSS.escape(active.id)}`);
  const found = [...box.querySelectorAll(active.tagName)];
  return found.find((one) => one.name === active.name && one.value === active.value && one.textContent === active.textContent);
}

let asking = null;
let pause = 0;
async function live() {
  clearTimeout(pause);
  asking?.abort();
  asking = new AbortController();
  const asked = rules.ask();
  const { status, said } = await post("/desk/operator/live", body(), { signal: asking.signal }).catch(() => ({ status: 0 }));
  if (status !== 200 || !rules.isNewest(asked)) return;
  fill(said.fills, asked);
  show("op-beside", said.beside);
  const first = id("op-beside").querySelector("[data-put=matter]");
  const heard = first ? first.querySelector("span:not(.key-row)").innerText.replace("\n", " · ") : "";
  if (id("op-heard").textContent !== heard) id("op-heard").textContent = heard;
}

// -- Who calls: in one column, one line that opens ---------------------------------------------------------------

const fold = form.querySelector(".op-who");
const narrow = matchMedia("(max-width: 60rem)");

function folded() {
  fold.open = !narrow.matches || Boolean(fold.querySelector("[aria-invalid=true]"));
}

function whoCalls() {
  const line = id("op-who");
  const known = id("op-caller").querySelector("[data-who]");
  line.textContent = known?.dataset.who || [hold("name"), hold("phone")].filter(Boolean).join(" · ") || line.dataset.nobody;
}

let looking = null;
let look = 0;
async function caller() {
  clearTimeout(look);
  looking?.abort();
  looking = new AbortController();
  const key = hold("key");
  const { status, said } = await post("/desk/operator/caller", body(), { signal: looking.signal }).catch(() => ({ status: 0 }));
  if (status !== 200 || key !== hold("key")) return;
  show("op-caller", said.caller);
  whoCalls();
  // Another question than that about the words: it counts with the fields alone.
  const asked = rules.ask();
  fill(said.fills, asked);
  if (Object.values(said.fills).some(Boolean)) changed();
  if (hold("text")) live();
}

// -- The end of a contact ----------------------------------------------------------------------------------------

function next(key) {
  for (const box of form.querySelectorAll(KEPT)) {
    if (box.type === "checkbox") box.checked = false;
    else if (box.name in BLANKS) box.value = BLANKS[box.name];
    else if (!["csrf", "channel", "reveal"].includes(box.name)) box.value = "";
  }
  for (const name of [...filled]) mark(name, false);
  field("key").value = key;
  field("edit").value = "0";
  saved = 0;
  asking?.abort();
  looking?.abort();
  clearTimeout(waiting);
  waiting = 0;
  rules.forget();
  sessionStorage.removeItem(PLACE);
  say("");
  wrong({});
  for (const name of ["op-caller", "op-beside"]) id(name).innerHTML = "";
  whoCalls();
  folded();
  for (const place of form.querySelectorAll("[data-nearby]")) place.innerHTML = "";
  id("op-heard").textContent = "";
  if (location.search) history.replaceState(null, "", location.pathname);
  live();
  atTheCaller(id("op-receipt"));
}

// Two columns side by side: one begins with the number. In one column that would scroll past everything else: one begins at the top.
function atTheCaller(otherwise) {
  if (matchMedia("(min-width: 60.01rem)").matches) field("phone").focus();
  else otherwise?.focus();
}

function wrong(errors) {
  const list = Object.entries(errors);
  for (const box of form.querySelectorAll("[aria-invalid]")) box.removeAttribute("aria-invalid");
  const place = id("op-errors");
  place.replaceChildren();
  if (!list.length) return;
  const notice = document.createElement("div");
  notice.className = "notice bad";
  const title = document.createElement("p");
  title.className = "notice-title";
  title.textContent = form.dataset.fix;
  const lines = document.createElement("ul");
  for (const [name, sentence] of list) {
    const line = document.createElement("li");
    line.textContent = sentence;
    lines.append(line);
    const box = name && field(name);
    if (box?.setAttribute) box.setAttribute("aria-invalid", "true");
  }
  notice.append(title, lines);
  place.append(notice);
  const first = list.map(([name]) => name && field(name)).find((box) => box?.focus);
  if (fold.querySelector("[aria-invalid=true]")) fold.open = true;
  if (first) first.focus();
  else place.focus();
}

let busy = false;
async function send(button) {
  if (busy || (button.dataset.sure && !confirm(button.dataset.sure))) return;
  busy = true;
  form.setAttribute("aria-busy", "true");
  const { status, said } = await post("/desk/operator", body([[button.name, button.value]])).catch(() => ({ status: 0 }));
  busy = false;
  form.removeAttribute("aria-busy");
  if (status === 401 || status === 403) return signedOut();
  if (!said) return toast(status >= 500 ? form.dataset.broken : form.dataset.away, "bad");
  if (said.doubted) field("doubted").value = said.doubted; // asked once: the same number is taken the next time
  if (said.errors) return wrong(said.errors);
  wrong({});
  if (said.bar) show("op-bar", said.bar);
  if (said.caller) {
    show("op-caller", said.caller);
    whoCalls();
  }
  if (said.receipt) show("op-receipt", said.receipt);
  if (said.key && said.key !== hold("key")) next(said.key);
}

function press(key) {
  const there = [...document.querySelectorAll(`[data-alt="${key}"]`)].find((one) => !one.disabled && one.offsetParent !== null);
  there?.click();
  return Boolean(there);
}

// -- The clock of a state ----------------------------------------------------------------------------------------

function tick() {
  for (const clock of document.querySelectorAll("[data-since]")) {
    clock.dataset.ahead ??= String(Number(clock.dataset.now) - Date.now() / 1000);
    const seconds = Math.max(0, Math.floor(Date.now() / 1000 + Number(clock.dataset.ahead) - Number(clock.dataset.since)));
    clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}

function begin() {
  form.classList.add("scripted");
  restore();
  folded();
  narrow.addEventListener("change", folded);
  whoCalls();
  if ("begins" in form.dataset) atTheCaller();
  for (const name of [...filled]) mark(name, true);
  form.addEventListener("input", (event) => {
    const name = event.target.name;
    if (!name || name === "why" || name === "reveal") return;
    rules.touch(name);
    mark(name, false);
    changed();
    if (WORDS.includes(name)) {
      clearTimeout(pause);
      pause = setTimeout(live, ASK_AFTER);
    }
    if (WHO.includes(name)) {
      whoCalls();
      clearTimeout(look);
      look = setTimeout(caller, ASK_AFTER);
    }
  });
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-put]");
    if (button) put(button);
  });
  // To another contact: the last keys of this one arrive first.
  document.addEventListener("click", async (event) => {
    const link = event.target.closest('a[href^="/desk/operator"]');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    await save();
    location.assign(link.href);
  });
  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    event.preventDefault();
    if (!button || button.value === "check") live();
    else if (button.value === "caller") caller();
    else send(button);
  });
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || document.querySelector("dialog[open]")) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.querySelector("[data-send]").click();
    }
    if (!event.altKey || event.ctrlKey || event.metaKey) return;
    const key = event.code.replace(/^(Key|Digit|Numpad)/, "").toLowerCase();
    if (key === "slash") id("keys")?.showModal();
    else if (key === "t") field("text").focus();
    else if (!press(key)) return;
    event.preventDefault();
  });
  addEventListener("pagehide", () => {
    if (Number(hold("edit")) !== saved) save({ keepalive: true });
  });
  setInterval(tick, 1000);
  tick();
  if (saved === -1) save();
  // Opened by the telephone: the contact begins now.
  else if (hold("phone") && Number(hold("edit")) === 0) changed();
  if (hold("text")) live();
}

if (form) begin();
