// Keys that work on every page: "/" goes to the search box, j, k and the arrows select a result, Enter opens it, and
// "?" shows all of them.

function isTyping(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function focusSearch() {
  const box = document.getElementById("q");
  if (!box) return false;
  box.focus();
  box.select();
  return true;
}

// A result is selected while the link in its heading has the focus, so that Enter opens it.
function selectResult(step) {
  const results = [...document.querySelectorAll(".result")];
  if (!results.length) return false;
  const at = results.findIndex((result) => result.contains(document.activeElement));
  if (at < 0 && step < 0) return false;
  const next = results[Math.min(Math.max(at + step, 0), results.length - 1)];
  next.querySelector("h2 a").focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  return true;
}

// Arrows scroll a page until somebody has begun to walk through its results.
function selectByArrow(step) {
  return document.activeElement.closest(".result h2") !== null && selectResult(step);
}

function showKeys() {
  const dialog = document.getElementById("keys");
  if (!dialog || dialog.open) return false;
  dialog.showModal();
  return true;
}

const KEYS = {
  "/": focusSearch,
  j: () => selectResult(1),
  k: () => selectResult(-1),
  ArrowDown: () => selectByArrow(1),
  ArrowUp: () => selectByArrow(-1),
  "?": showKeys,
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const action = KEYS[event.key];
  if (action && action()) event.preventDefault();
});

document.querySelectorAll("[data-shows-keys]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", showKeys);
});
