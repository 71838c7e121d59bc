// Completes a query, or the value of a filter, while somebody types: arrow keys choose a suggestion, Enter or Tab takes
// it, Escape closes the list. An input is a combobox of the ARIA Authoring Practices Guide with a list box; a text area
// may not have this role, and has the attributes that text boxes may have.

const PAUSE_MILLISECONDS = 120;

function suggestFor(box) {
  const list = document.createElement("ul");
  list.id = `${box.id}-suggestions`;
  list.className = "suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  box.after(list);
  const isCombobox = box.tagName === "INPUT";
  if (isCombobox) box.setAttribute("role", "combobox");
  box.setAttribute("aria-haspopup", "listbox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);

  let chosen = -1;
  let timer = 0;
  let pending = null;

  function choose(at) {
    chosen = at;
    [...list.children].forEach((item, number) => item.setAttribute("aria-selected", `${number === at}`));
    if (at < 0) {
      box.removeAttribute("aria-activedescendant");
    } else {
      box.setAttribute("aria-activedescendant", list.children[at].id);
      list.children[at].scrollIntoView({ block: "nearest" });
    }
  }

  function show(suggestions) {
    list.replaceChildren(...suggestions.map(({ kind, text, query }, number) => {
      const item = document.createElement("li");
      const note = document.createElement("span");
      item.id = `${list.id}-${number}`;
      item.setAttribute("role", "option");
      item.dataset.query = query;
      item.dataset.text = text;
      note.textContent = kind;
      item.append(text, " ", note);
      return item;
    }));
    list.hidden = !suggestions.length;
    if (isCombobox) box.setAttribute("aria-expanded", `${!list.hidden}`);
    choose(-1);
  }

  function close() {
    clearTimeout(timer);
    pending?.abort();
    show([]);
  }

  // A box for the value of a filter takes the value; one for a query takes the whole query.
  const { suggest, suggestFilter } = box.dataset;
  const before = suggestFilter ? `${suggestFilter}:` : "";

  function take(item) {
    box.value = suggestFilter ? item.dataset.text : item.dataset.query;
    close();
    box.focus();
  }

  async function ask() {
    pending?.abort();
    pending = new AbortController();
    const address = `${suggest}?${new URLSearchParams({ q: before + box.value })}`;
    try {
      const response = await fetch(address, { headers: { Accept: "application/json" }, signal: pending.signal });
      if (response.ok) show((await response.json()).suggestions);
    } catch {
      // Somebody types on, or the server is unreachable: there are no suggestions
    }
  }

  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MILLISECONDS);
  });
  box.addEventListener("blur", close);
  box.form.addEventListener("submit", close);
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();  // the box keeps the focus
    const item = event.target.closest("li");
    if (item) take(item);
  });
  box.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const count = list.children.length;
    if (event.key === "ArrowDown") choose((chosen + 1) % count);
    else if (event.key === "ArrowUp") choose((chosen <= 0 ? count : chosen) - 1);
    else if (event.key === "Escape") close();
    else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) take(list.children[chosen]);
    else return;
    event.preventDefault();
  });
  close();
}

document.querySelectorAll("[data-suggest]").forEach(suggestFor);
