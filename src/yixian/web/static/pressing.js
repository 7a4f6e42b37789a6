// What everything with keys shares: whether a key stroke is somebody's typing, and where a key says what it wants.

// A tick, a radio or a button takes no text: whoever has just clicked one goes on by keys.
const TYPED_INTO =
  "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=reset], [type=image], [type=file])";

export function typing(target) {
  return target.closest?.(TYPED_INTO) != null;
}

// Said in [data-key-says], which is read out.
export function tell(text) {
  const says = document.querySelector("[data-key-says]");
  if (!says) return;
  const said = document.createElement("p");
  said.className = "notice warn";
  said.textContent = text;
  says.replaceChildren(said);
}
