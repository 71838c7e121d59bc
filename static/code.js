// Pages of code: lines are marked by clicking their numbers, "y" pins the address to the commit, and
// buttons copy.

const LINES = /^#L(\d+)(?:-L?(\d+))?$/;

function markedLines() {
  const match = LINES.exec(window.location.hash);
  if (!match) return null;
  const ends = [Number(match[1]), Number(match[2] || match[1])];
  return { first: Math.min(...ends), last: Math.max(...ends) };
}

const markedNow = new Set();

function showMarked() {
  const lines = markedLines();
  if (!lines) return;
  document.querySelectorAll(".numbers a.marked").forEach((number) => markedNow.add(number));
  markedNow.forEach((number) => number.classList.remove("marked"));
  markedNow.clear();
  const end = Math.min(lines.last, lines.first + document.querySelectorAll(".numbers a").length);
  for (let line = lines.first; line <= end; line += 1) {
    const number = document.getElementById(`L${line}`);
    if (number) {
      number.classList.add("marked");
      markedNow.add(number);
    }
  }
}

function scrollToMarked() {
  const lines = markedLines();
  if (lines) document.getElementById(`L${lines.first}`)?.scrollIntoView({ block: "center" });
}

function address(lines) {
  return lines.first === lines.last ? `#L${lines.first}` : `#L${lines.first}-L${lines.last}`;
}

// A click marks one line, and a click with Shift marks up to there, as on code hosts.
function clickNumber(event) {
  const number = event.target.closest(".numbers a[id]");
  if (!number || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const line = Number(number.id.slice(1));
  const from = event.shiftKey && markedLines() ? markedLines().first : line;
  const lines = { first: Math.min(from, line), last: Math.max(from, line) };
  window.history.replaceState(null, "", address(lines));
  showMarked();
}

function permalink() {
  const page = document.querySelector("[data-permalink]");
  return page && page.dataset.permalink ? page.dataset.permalink : null;
}

function withLines(link) {
  const [path, lines] = link.split("#");
  const marked = LINES.test(window.location.hash) ? window.location.hash.slice(1) : lines;
  return marked ? `${path}#${marked}` : path;
}

function pin() {
  const link = permalink();
  if (link) window.history.replaceState(null, "", withLines(link));
}

function copied(button) {
  const { copies, copiesFrom } = button.dataset;
  if (copies !== undefined) return copies;
  if (copiesFrom !== undefined) return document.querySelector(copiesFrom).textContent;
  return new URL(withLines(permalink()), window.location.href).href;
}

async function copy(button) {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(copied(button));
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed to copy";
  }
  setTimeout(() => { button.textContent = label; }, 1500);
}

// Browsers have no clipboard for pages that come over plain http from elsewhere.
document.querySelectorAll("[data-copies], [data-copies-from], [data-copies-link]").forEach((button) => {
  const isLink = button.dataset.copiesLink !== undefined;
  button.hidden = !navigator.clipboard || (isLink && !permalink());
  button.addEventListener("click", () => copy(button));
});

document.addEventListener("click", clickNumber);
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  if (event.key === "y") pin();
});

window.addEventListener("hashchange", () => { showMarked(); scrollToMarked(); });
showMarked();
scrollToMarked();
