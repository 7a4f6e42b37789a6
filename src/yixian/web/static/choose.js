// Helps to choose one of thousands: while a name is typed into a field under [data-choose], the server's best matches are offered.
// Without it the full name or the code can still be typed.
let counter = 0;

function wordsOf(field) {
  return field.value.slice(field.value.lastIndexOf("\n") + 1).trim();
}

for (const box of document.querySelectorAll("[data-choose]")) {
  const field = box.querySelector("input, textarea");
  if (!field) continue;
  const lines = field.tagName === "TEXTAREA";
  const list = document.createElement(lines ? "div" : "datalist");
  list.id = `choices-${++counter}`;
  if (lines) list.className = "choices";
  else field.setAttribute("list", list.id);
  box.append(list);

  let asked = 0;
  const show = (names) => {
    list.replaceChildren(
      ...names.map((name) => {
        const choice = document.createElement(lines ? "button" : "option");
        if (!lines) {
          choice.value = name;
          return choice;
        }
        choice.type = "button";
        choice.textContent = name;
        choice.addEventListener("click", () => {
          field.value = field.value.slice(0, field.value.lastIndexOf("\n") + 1) + name + "\n";
          list.replaceChildren();
          field.focus();
          field.dispatchEvent(new Event("input", { bubbles: true }));
        });
        return choice;
      }),
    );
  };
  field.addEventListener("input", async () => {
    const query = wordsOf(field);
    const mine = ++asked;
    if (!query || /\]\s*$/.test(query)) return show([]);
    const address = new URL(`/desk/choices/${box.dataset.choose}`, location.href);
    address.searchParams.set("q", query);
    if (box.dataset.chooseUnder) address.searchParams.set("under", box.dataset.chooseUnder);
    const answer = await fetch(address, { headers: { Accept: "application/json" } }).catch(() => null);
    if (mine === asked && answer?.ok) show(await answer.json());
  });
}
