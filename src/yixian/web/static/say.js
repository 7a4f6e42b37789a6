// The residents' form: photographs go up while one is still writing, a voice note is recorded here, a position is added when one says so.
// Without scripts the same fields are sent with the form.
const holder = document.querySelector("[data-files]");
const form = holder?.closest("form");

const SIGNS = new URL("icons.svg", import.meta.url).pathname;
function part(n) {
  return holder.dataset.says.split("|")[n];
}
function say(text) {
  holder.querySelector("[data-said]").textContent = text;
}
function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "use");
  shape.setAttribute("href", `${SIGNS}#${name}`);
  svg.append(shape);
  return svg;
}

async function send(file, name) {
  const answer = await fetch("/api/v1/attachments", {
    method: "POST",
    body: file,
    headers: { "Idempotency-Key": holder.dataset.key, "X-File-Name": encodeURIComponent(name), "Content-Type": "application/octet-stream" },
  }).catch(() => null);
  const told = await answer?.json().catch(() => null);
  if (answer?.ok) return told;
  say(told?.detail ?? part(2));
  return null;
}

function shown(kept) {
  const line = document.createElement("li");
  line.dataset.file = kept.id;
  const address = `/say/file/${encodeURIComponent(holder.dataset.key)}/${kept.id}`;
  const what = document.createElement(kept.kind === "photo" ? "img" : kept.kind === "voice" ? "audio" : "span");
  if (kept.kind === "photo") [what.src, what.alt] = [address, kept.name];
  else if (kept.kind === "voice") {
    [what.src, what.controls, what.preload] = [address, true, "none"];
    what.setAttribute("aria-label", kept.name);
  } else what.textContent = kept.name;
  const drop = document.createElement("button");
  drop.className = "quietly";
  drop.name = "drop";
  drop.value = kept.id;
  drop.formNoValidate = true;
  drop.setAttribute("aria-label", `${part(3)} ${kept.name}`);
  drop.append(icon("close"), part(3));
  line.append(what, drop);
  holder.querySelector("[data-waiting]").append(line);
}

// A place is only offered: the photograph may have been taken elsewhere.
function offer(position) {
  if (!position || form.elements.namedItem("at")?.value || holder.querySelector("[data-offered]")) return;
  const at = `${position.latitude},${position.longitude}`;
  const known = form.elements.namedItem("photo_at");
  if (known) known.value = at;
  const label = document.createElement("label");
  label.className = "chip";
  label.dataset.offered = "";
  const box = document.createElement("input");
  box.type = "checkbox";
  box.addEventListener("change", () => setPosition(box.checked ? at : ""));
  const text = document.createElement("span");
  text.textContent = part(10);
  label.append(box, text);
  holder.querySelector("[data-said]").after(label);
}
function setPosition(at) {
  let field = form.elements.namedItem("at");
  if (!field) {
    field = document.createElement("input");
    field.type = "hidden";
    field.name = "at";
    form.append(field);
  }
  if (field.type === "checkbox") field.checked = Boolean(at);
  if (at || field.type !== "checkbox") field.value = at;
}

async function take(files) {
  for (const file of files) {
    say(part(0));
    const kept = await send(file, file.name);
    if (!kept) continue;
    shown(kept);
    say(`${part(1)}: ${kept.name}`);
    offer(kept.position);
  }
}

function picking() {
  const field = holder.querySelector("input[type=file]");
  field.classList.add("hidden");
  field.tabIndex = -1;
  holder.querySelector("[data-pick]").addEventListener("click", () => field.click());
  field.addEventListener("change", async () => {
    const files = [...field.files];
    field.value = ""; // they go up now, not once more with the form
    await take(files);
  });
  holder.addEventListener("click", async (event) => {
    const drop = event.target.closest("button[name=drop]");
    if (!drop) return;
    event.preventDefault();
    const gone = await fetch(`/api/v1/attachments/${drop.value}`, { method: "DELETE", headers: { "Idempotency-Key": holder.dataset.key } }).catch(() => null);
    if (!gone?.ok && gone?.status !== 404) return say(part(2));
    drop.closest("li").remove();
    say("");
    holder.querySelector("[data-pick]").focus();
  });
}

const LONGEST = 180; // seconds

function recording() {
  const button = holder.querySelector("[data-record]");
  if (!globalThis.MediaRecorder || !navigator.mediaDevices) return;
  const text = button.querySelector("span");
  let recorder = null;
  let ticking = 0;
  let onward = null; // the button that was pressed meanwhile
  button.hidden = false;
  const stopped = async (parts) => {
    clearInterval(ticking);
    recorder.stream.getTracks().forEach((track) => track.stop());
    button.setAttribute("aria-pressed", "false");
    text.textContent = part(5);
    const type = recorder.mimeType;
    recorder = null;
    const ending = type.includes("mp4") ? "m4a" : type.includes("ogg") ? "ogg" : "webm";
    await take([new File(parts, `${part(12)}.${ending}`, { type })]);
    if (onward) form.requestSubmit(onward);
    onward = null;
  };
  // Who goes on while it records has said what there was to say: it goes up first.
  form.addEventListener("submit", (event) => {
    if (!recorder) return;
    event.preventDefault();
    onward = event.submitter;
    recorder.stop();
  });
  button.addEventListener("click", async () => {
    if (recorder) return recorder.stop();
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true }).catch(() => null);
    if (!stream) return say(part(7));
    const parts = [];
    recorder = new MediaRecorder(stream, { audioBitsPerSecond: 32000 });
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("stop", () => stopped(parts));
    recorder.start();
    button.setAttribute("aria-pressed", "true");
    let seconds = 0;
    text.textContent = part(4);
    say(part(6).replace("{s}", "0"));
    ticking = setInterval(() => {
      text.textContent = `${part(4)} ${++seconds}`;
      if (seconds >= LONGEST) recorder?.stop();
    }, 1000);
  });
}

function locating() {
  const button = holder.querySelector("[data-locate]");
  if (!navigator.geolocation) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-pressed") === "true") {
      setPosition("");
      button.setAttribute("aria-pressed", "false");
      button.querySelector("span").textContent = part(14);
      return say("");
    }
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setPosition(`${coords.latitude.toFixed(6)},${coords.longitude.toFixed(6)}`);
        button.setAttribute("aria-pressed", "true");
        button.querySelector("span").textContent = part(13);
        say(part(9));
      },
      () => say(part(8)),
      { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
    );
  });
}

if (holder) {
  holder.querySelector("[data-tools]").hidden = false;
  picking();
  recording();
  locating();
}

// The look at it: another matter, another place, and the card above says whose that is and by when.
function following(cards) {
  const corrected = document.querySelector("form.say");
  const names = new Set(["meant", "where", "place", "at", "text"]);
  let waiting = 0;
  let asked = 0;
  const ask = async () => {
    const all = new FormData(corrected);
    all.delete("file");
    const mine = ++asked;
    const answer = await fetch("/understood", { method: "POST", body: new URLSearchParams(all) }).catch(() => null);
    const text = answer?.ok ? await answer.text() : "";
    if (mine === asked && text.trim()) cards.innerHTML = text;
  };
  corrected.addEventListener("input", (event) => {
    if (!names.has(event.target.name)) return;
    clearTimeout(waiting);
    waiting = setTimeout(ask, event.target.matches("[type=radio], [type=checkbox]") ? 0 : 500);
  });
}
const cards = document.querySelector("[data-cards]");
if (cards) following(cards);

// What a page came for is where reading begins.
document.querySelector("[role=alert]:not(:empty), [data-focus]")?.focus?.();
