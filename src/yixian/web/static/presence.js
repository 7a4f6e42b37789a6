// Who else has this ticket open. The address of [data-presence] is told again and again that this page is open, and answers with what to
// show. When another is there, the page asks more often; when it is closed, it says so. A page that nobody touches says nothing: who went
// to lunch is not there, and an open screen keeps nobody signed in.
const TYPED_FOR = 20_000;
const UNTOUCHED_FOR = 5 * 60_000;

for (const box of document.querySelectorAll("[data-presence]")) {
  let action = "";
  let typedAt = -Infinity;
  let touchedAt = performance.now();
  let told = box.textContent.trim() ? null : "";
  let waiting = 0;

  const body = (doing) => {
    const sent = new URLSearchParams({ csrf: box.dataset.csrf, version: box.dataset.version, doing });
    if (doing === "typing") sent.set("action", action);
    return sent;
  };
  const typing = () => performance.now() - typedAt < TYPED_FOR;
  const beat = async () => {
    clearTimeout(waiting);
    if (document.hidden || performance.now() - touchedAt > UNTOUCHED_FOR) return;
    const answer = await fetch(box.dataset.presence, { method: "POST", body: body(typing() ? "typing" : "reading") }).catch(() => null);
    // Signed out, or no longer ours to see: nothing more to say. Any other refusal passes.
    if ([401, 403, 404].includes(answer?.status)) return;
    if (answer?.ok) {
      const text = (await answer.text()).trim();
      // Said again only when it changed: nobody wants to hear the same every few seconds.
      if (text !== told) {
        told = text;
        box.innerHTML = text;
      }
    }
    clearTimeout(waiting);
    waiting = setTimeout(beat, Number(answer?.headers.get("X-Next-Beat") ?? 15) * 1000);
  };
  const touched = () => {
    const slept = performance.now() - touchedAt > UNTOUCHED_FOR;
    touchedAt = performance.now();
    if (slept) beat();
  };

  for (const kind of ["keydown", "pointerdown", "pointermove"]) document.addEventListener(kind, touched, { passive: true });
  document.addEventListener("input", (event) => {
    const step = event.target.form?.getAttribute("action")?.match(/^\/desk\/ticket\/[^/]+\/(\w+)$/);
    if (!step) return;
    const begins = !typing() || action !== step[1];
    action = step[1];
    typedAt = performance.now();
    if (begins) beat();
  });
  addEventListener("pagehide", () => navigator.sendBeacon(box.dataset.presence, body("gone")));
  addEventListener("pageshow", (event) => event.persisted && beat());
  document.addEventListener("visibilitychange", beat);
  beat();
}
