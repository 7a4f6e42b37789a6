// What the parts of a page need to open and close, and words said for a moment. Pages work without it.
export function toast(text, tone = "good") {
  const region = document.getElementById("toasts");
  if (!region) return;
  const said = document.createElement("div");
  said.className = `toast ${tone}`;
  said.textContent = text;
  region.append(said);
  // As long as it takes to read, never less than five seconds.
  setTimeout(() => said.remove(), Math.max(5000, text.length * 150));
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  const dialog = opener && document.getElementById(opener.dataset.opens);
  if (dialog?.showModal && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    dialog.showModal();
  }
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest?.("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// A preference is set without leaving the page: what is typed stays. The cookie is the server's to write.
const root = document.documentElement;
function prefer(link, done) {
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    const address = new URL(link.href);
    address.searchParams.set("back", "/preference");
    await fetch(address, { redirect: "manual" }).catch(() => null);
    done();
  });
}
for (const link of document.querySelectorAll("[data-theme-choice]")) {
  prefer(link, () => {
    const choice = link.dataset.themeChoice;
    if (choice === "auto") delete root.dataset.theme;
    else root.dataset.theme = choice;
    for (const other of document.querySelectorAll("[data-theme-choice]")) other.toggleAttribute("aria-current", other === link);
    document.dispatchEvent(new CustomEvent("themechange"));
  });
}

// How many wait at each desk, after the page has come: no page waits for them.
const counts = [...document.querySelectorAll("[data-count]")];
if (counts.length) {
  fetch("/desk/counts", { headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : {}))
    .then((found) => {
      for (const cell of counts) {
        const n = found[cell.dataset.count];
        if (n) cell.textContent = n > 999 ? "999+" : String(n);
      }
    })
    .catch(() => null);
}
