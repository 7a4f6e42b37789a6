// What stands beside. [data-part] is filled once with the part of a page at that address; without scripts its link leads there.
// [data-nearby] follows the form it stands in: half a second after the last key the address is asked with what was typed so far.
async function fetched(address, options) {
  const answer = await fetch(address, options).catch(() => null);
  return answer?.ok ? answer.text() : null;
}

for (const place of document.querySelectorAll("[data-part]")) {
  fetched(place.dataset.part, { headers: { "X-Part": "1" } }).then((text) => {
    if (text !== null) place.innerHTML = text;
  });
}

const PAUSE = 500;
const ASKED = ["csrf", "text", "title", "place", "matter", "region", "attach"];

for (const place of document.querySelectorAll("[data-nearby]")) {
  const form = place.closest("form");
  let waiting = 0;
  let asked = 0;
  let last = "";
  const ask = async () => {
    const all = new FormData(form);
    const sent = new URLSearchParams();
    for (const name of ASKED) if (all.get(name)) sent.set(name, all.get(name));
    const said = ["text", "title", "place", "matter", "region"].map((name) => sent.get(name) ?? "").join("\n");
    if (said === last) return;
    last = said;
    const mine = ++asked;
    const text = await fetched(place.dataset.nearby, { method: "POST", body: sent });
    if (mine === asked && text !== null) place.innerHTML = text;
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, PAUSE);
  });
}
