// What the system may write into a form that somebody is typing in: never over what the person wrote, emptied or chose, and never
// by an answer that is older than the last question.
export function filling() {
  let last = 0;
  const own = new Set();
  return {
    // The person changed this field: it is theirs from now on.
    touch: (name) => own.add(name),
    // A new form: nothing is anybody's.
    forget: () => {
      own.clear();
      last += 1;
    },
    // A question is asked; what comes back shows this number.
    ask: () => (last += 1),
    isNewest: (asked) => asked === last,
    // `now`: what the field holds; `bySystem`: whether the system wrote that; `blank`: what an untouched field holds.
    may: (name, now, bySystem, asked, blank = "") => asked === last && !own.has(name) && (bySystem || now === blank),
  };
}
