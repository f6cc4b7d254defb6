// Finds entries by words as one types. Without JavaScript the lists below do the same.
"use strict";
(() => {
  const form = document.getElementById("search");
  const field = document.getElementById("q");
  const list = document.getElementById("found");
  const said = document.getElementById("said");
  const most = 30;
  const entries = window.twentyQuestionsIndex || [];
  if (!form || !entries.length) return;
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length ? entries.filter((e) => words.every((w) => e.words.includes(w))) : [];
    list.replaceChildren(...found.slice(0, most).map(line));
    list.hidden = !found.length;
    said.textContent = words.length ? outcome(found.length) : "";
  });
  function outcome(count) {
    if (!count) return "Nothing in the catalog has all of these words. Take one away, or browse below.";
    return count > most ? `The first ${most} of ${count}. Another word makes it fewer.` : `${count} found.`;
  }
  function line(entry) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = entry.path;
    link.textContent = entry.name;
    item.append(link);
    return item;
  }
})();
