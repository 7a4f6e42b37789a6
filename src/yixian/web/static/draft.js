// Keeps what was typed in a form marked data-draft, in this tab only, until it has been sent: nothing typed is ever lost.
const PREFIX = "yixian.draft:";
// What is chosen in a file field is no text: a page may neither keep it nor set it again.
const typed =
  "input:not([type=hidden], [type=password], [type=file], [type=checkbox], [type=radio], [data-no-draft]), textarea, select";

function place(form) {
  return PREFIX + location.pathname + "#" + form.dataset.draft;
}

function save(form) {
  const values = {};
  for (const field of form.querySelectorAll(typed)) {
    if (field.name && field.value !== field.defaultValue) values[field.name] = field.value;
  }
  if (Object.keys(values).length) sessionStorage.setItem(place(form), JSON.stringify(values));
  else sessionStorage.removeItem(place(form));
}

function restore(form) {
  const kept = sessionStorage.getItem(place(form));
  if (!kept) return;
  for (const [name, value] of Object.entries(JSON.parse(kept))) {
    const field = form.elements.namedItem(name);
    // What the server sent back is newer than what this tab remembers.
    if (field?.matches?.(typed) && !field.defaultValue) field.value = value;
  }
}

for (const form of document.querySelectorAll("form[data-draft]")) {
  restore(form);
  form.addEventListener("input", () => save(form));
}
// A page that says a form arrived names the form whose draft is done with.
for (const done of document.querySelectorAll("[data-draft-done]")) {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(PREFIX) && key.endsWith("#" + done.dataset.draftDone)) sessionStorage.removeItem(key);
  }
}
