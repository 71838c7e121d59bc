// An element with data-poll is fetched again until it has no data-poll any more; when its stage changes, the page is
// reloaded.

const POLL_MILLISECONDS = 1000;
const LONGEST_POLL_MILLISECONDS = 15000;

// What a screen reader is told is written into a live region that stays, and only when it changes.
function announce(part) {
  const region = document.getElementById(`${part.id}-said`);
  if (region && region.textContent !== part.dataset.said) region.textContent = part.dataset.said;
}

async function refresh(part) {
  const response = await fetch(part.dataset.poll, { headers: { Accept: "text/html" } });
  if (!response.ok) throw new Error(`${response.status}`);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.getElementById(part.id);
  if (!fresh) throw new Error("the response lacks the element");
  part.replaceWith(fresh);
  announce(fresh);
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
      wait = Math.min(wait * 2, LONGEST_POLL_MILLISECONDS);  // the server is unreachable: poll less often
    }
    if (part.dataset.stage !== stage && !isTyping(document.activeElement)) {
      window.location.reload();
      return;
    }
  }
}

document.querySelectorAll("[data-poll]").forEach(watch);

// Escape and a click elsewhere close an open menu.
function closeMenus(except) {
  document.querySelectorAll("details.menu[open]").forEach((menu) => {
    if (!menu.contains(except)) menu.open = false;
  });
}

document.addEventListener("click", (event) => closeMenus(event.target));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details.menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// What is a column at the side in a wide window is closed at first in a narrow one.
const wide = window.matchMedia("(min-width: 1100px)");

function openSides() {
  document.querySelectorAll(".side > details").forEach((details) => { details.open = wide.matches; });
}

wide.addEventListener("change", openSides);
openSides();

// Signing in leads back to this page. The lines that an address marks ("#L83-L86") are known to the browser alone.
document.querySelectorAll('a[href*="/login/?next="]').forEach((link) => {
  link.addEventListener("click", () => {
    link.href = link.getAttribute("href").replace(/%23.*$/, "") + encodeURIComponent(window.location.hash);
  });
});
