// A box for a query or for code. What is too long is not cut; the box says so. In a query Enter searches, Shift+Enter
// starts a new line, and pasted code keeps its lines; for code it offers the search for similar code.

const MOST_ROWS = 12;
const GROWS_BY_STYLE = CSS.supports("field-sizing", "content");

function prepareBox(box) {
  const most = Number(box.dataset.most);
  const isQuery = box.id === "q";
  const note = document.createElement("p");
  note.className = "box-note";
  note.setAttribute("role", "status");
  box.after(note);

  function lengthNote() {
    const length = [...box.value.trim()].length;
    if (length <= most) return [];
    return [`${length.toLocaleString("en")} characters; at most ${most.toLocaleString("en")} are allowed.`];
  }

  function similarNote() {
    if (!box.dataset.similar || !box.value.trim().includes("\n")) return [];
    const link = document.createElement("a");
    link.href = `${box.dataset.similar}?${new URLSearchParams({ code: box.value })}`;
    link.textContent = "Find similar code";
    return ["Is this code? ", link, "."];
  }

  function update() {
    if (isQuery && !GROWS_BY_STYLE) box.rows = Math.min(box.value.split("\n").length, MOST_ROWS);
    const tooLong = lengthNote();
    note.classList.toggle("bad", tooLong.length > 0);
    note.replaceChildren(...(tooLong.length ? tooLong : similarNote()));
  }

  box.addEventListener("input", update);
  box.addEventListener("keydown", (event) => {
    if (!isQuery || event.defaultPrevented || event.isComposing) return;
    if (event.key === "Escape") box.blur();
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    box.form.requestSubmit();
  });
  update();
}

// Changing an option searches again, with the options still open and the changed one focused. Empty parameters are left
// out of the address.

const OPEN_OPTION = "codeindex-open-option";

function prepareOptions(options) {
  const form = options.closest("form");
  form.addEventListener("formdata", ({ formData }) => {
    [...formData.keys()].filter((name) => formData.getAll(name).every((value) => !value))
      .forEach((name) => formData.delete(name));
  });
  options.addEventListener("change", (event) => {
    if (!form.elements.q.value.trim()) return;
    sessionStorage.setItem(OPEN_OPTION, event.target.name);
    form.requestSubmit();
  });
  const name = sessionStorage.getItem(OPEN_OPTION);
  sessionStorage.removeItem(OPEN_OPTION);
  if (!name) return;
  options.open = true;
  options.querySelector(`[name="${CSS.escape(name)}"]:not([type=hidden])`)?.focus({ preventScroll: true });
}

// More results are added to the list. The address then asks for all of them, so that going back leads to the same place.
const MOST_RESULTS = 200;

async function addResults(event) {
  event.preventDefault();
  const link = event.currentTarget;
  const list = document.querySelector("ol.results");
  const status = document.querySelector(".summary");
  const response = await fetch(link.href, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!response?.ok) {
    window.location.assign(link.href);
    return;
  }
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.querySelector("ol.results");
  const known = list.start + list.children.length - (fresh?.start ?? 0);
  const added = [...(fresh?.children ?? [])].slice(Math.max(known, 0));
  list.append(...added);
  added.forEach(prepareParts);
  status.textContent = `${list.children.length} results`;
  added[0]?.querySelector("h2 a").focus({ preventScroll: true });
  const further = page.querySelector("[data-more]");
  if (further) link.href = further.getAttribute("href");
  else link.remove();
  if (list.start === 1 && list.children.length <= MOST_RESULTS) {
    const address = new URL(window.location.href);
    address.searchParams.set("limit", list.children.length);
    window.history.replaceState(null, "", address);
  }
}

// A permanent link is copied instead of followed.
function prepareCopying(link) {
  if (!navigator.clipboard) return;
  link.textContent = "Copy link";
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    await navigator.clipboard.writeText(link.href);
    link.textContent = "Copied";
    setTimeout(() => { link.textContent = "Copy link"; }, 2000);
  });
}

function prepareParts(part) {
  part.querySelectorAll("[data-copy]").forEach(prepareCopying);
}

prepareParts(document);
document.querySelectorAll("[data-more]").forEach((link) => link.addEventListener("click", addResults));
document.querySelectorAll("textarea[data-most]").forEach(prepareBox);
document.querySelectorAll("form .options").forEach(prepareOptions);
