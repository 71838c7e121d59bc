// The search box: Enter searches, Shift+Enter starts a new line, and pasted code keeps its lines. A query that is too
// long is not cut; the box says so. For code it offers the search for similar code.

const MOST_ROWS = 12;

function prepareBox(box) {
  const most = Number(box.dataset.most);
  const note = document.createElement("p");
  note.className = "box-note";
  note.setAttribute("role", "status");
  box.parentElement.append(note);

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
    box.rows = Math.min(box.value.split("\n").length, MOST_ROWS);
    const tooLong = lengthNote();
    note.classList.toggle("bad", tooLong.length > 0);
    note.replaceChildren(...(tooLong.length ? tooLong : similarNote()));
  }

  box.addEventListener("input", update);
  box.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
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

document.querySelectorAll("textarea[data-most]").forEach(prepareBox);
document.querySelectorAll("form .options").forEach(prepareOptions);
