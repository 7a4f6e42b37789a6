// Numbers that live: [data-live-source] names a stream of server-sent events, each an object of what changed; [data-live="key"] inside
// shows the value under that key. When the connection is lost the browser comes back by itself, and the page says so meanwhile.
function show(root, values) {
  for (const cell of root.querySelectorAll("[data-live]")) {
    const value = values[cell.dataset.live];
    if (value === undefined) continue; // only what changed is sent
    const text = String(value);
    if (cell.textContent === text) continue;
    cell.textContent = text;
    cell.classList.toggle("zero", text === "0");
    cell.classList.remove("changed");
    void cell.offsetWidth; // restarts the highlight
    cell.classList.add("changed");
  }
}

for (const root of document.querySelectorAll("[data-live-source]")) {
  const stream = new EventSource(root.dataset.liveSource);
  const state = root.querySelector("[data-live-state]");
  const connected = (yes) => {
    if (state) state.textContent = yes ? state.dataset.on : state.dataset.off;
  };
  stream.addEventListener("message", (event) => {
    connected(true);
    show(root, JSON.parse(event.data));
    root.dispatchEvent(new Event("live"));
  });
  stream.addEventListener("open", () => connected(true));
  stream.addEventListener("error", () => connected(false));
}
