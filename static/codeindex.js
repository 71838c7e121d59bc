// What pages do by themselves: "/" goes to the search box, j and k walk through results, and a
// part marked with data-poll is fetched anew until it no longer is. When such a part comes to
// another stage, the page around it is loaded anew too.

const POLL_MILLISECONDS = 1000;
const PATIENCE_MILLISECONDS = 15000;

function isTyping(target) {
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

function focusSearch() {
  const box = document.querySelector("input[name=q]");
  if (!box) return false;
  box.focus();
  box.select();
  return true;
}

function walk(step) {
  const results = [...document.querySelectorAll(".result")];
  if (!results.length) return false;
  const at = results.findIndex((result) => result.classList.contains("current"));
  const next = results[Math.min(Math.max(at + step, 0), results.length - 1)];
  results.forEach((result) => result.classList.toggle("current", result === next));
  next.querySelector("h2 a").focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  return true;
}

const KEYS = { "/": focusSearch, j: () => walk(1), k: () => walk(-1) };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const action = KEYS[event.key];
  if (action && action()) event.preventDefault();
});

async function refresh(part) {
  const response = await fetch(part.dataset.poll, { headers: { Accept: "text/html" } });
  if (!response.ok) throw new Error(`${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById(part.id);
  if (!fresh) throw new Error("not the part that was asked for");
  part.replaceWith(fresh);
  return fresh;
}

async function watch(part) {
  const { stage } = part.dataset;
  let wait = POLL_MILLISECONDS;
  while (part.dataset.poll) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (document.hidden) continue;
    try {
      part = await refresh(part);
      wait = POLL_MILLISECONDS;
    } catch {
      wait = Math.min(wait * 2, PATIENCE_MILLISECONDS);  // the server is away: ask less often
    }
    if (part.dataset.stage !== stage && !isTyping(document.activeElement)) {
      window.location.reload();
      return;
    }
  }
}

document.querySelectorAll("[data-poll]").forEach(watch);
