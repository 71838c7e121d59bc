// The map: a canvas of points that is moved, zoomed and pointed at. What the points are comes in binary form; what lies
// at one of them is asked for when somebody points at it.

const EDGE = 65535;
const COLOURS = 8; // the last one is that of all other values
const AGES = [["this week", 7], ["this month", 31], ["this quarter", 92], ["this year", 366], ["older", Infinity]];
const CELLS = 128; // of the grid by which the nearest point is found, in each direction
const REACH = 14; // pixels between a pointer and what it points at
const MOST_ZOOM = 200;
const ASK_MILLISECONDS = 90;

const map = document.getElementById("map");
const canvas = document.getElementById("map-canvas");
const place = document.getElementById("map-place");
const view = { scale: 1, x: 0, y: 0 }; // pixels for a unit, and where the corner is, in pixels

let points = null;
let lit = [];
let only = -1; // the value of the legend that alone is shown in colour
let pointedAt = -1;
let drawing = 0;

function read(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  let at = 4 + length;
  const column = (Kind) => {
    const values = new Kind(buffer, at, header.count);
    at += values.byteLength;
    return values;
  };
  return {
    ...header,
    x: column(Uint16Array), y: column(Uint16Array), repository: column(Uint16Array), days: column(Uint16Array),
    language: column(Uint8Array), kind: column(Uint8Array),
  };
}

// What the points are coloured by

function groups() {
  const by = document.getElementById("map-colour").value;
  if (by === "age") {
    return { names: AGES.map(([name]) => name), of: (i) => AGES.findIndex(([, days]) => points.days[i] < days) };
  }
  const names = { repository: points.repositories, language: points.languages, kind: points.kinds }[by];
  const named = names.length > COLOURS ? [...names.slice(0, COLOURS - 1), `${names.length - COLOURS + 1} others`] : names;
  return { names: named, of: (i) => Math.min(points[by][i], COLOURS - 1) };
}

function colours() {
  const style = getComputedStyle(document.documentElement);
  return Array.from({ length: COLOURS }, (_, i) => style.getPropertyValue(`--series-${i + 1}`).trim());
}

// By colour, since changing the colour of a canvas is slow
function sortByGroup() {
  if (!points) return;
  const { names, of } = groups();
  points.groups = names.map(() => []);
  for (let i = 0; i < points.count; i += 1) points.groups[of(i)].push(i);
  only = -1;
  const legend = document.getElementById("map-legend");
  legend.replaceChildren(...names.map((name, group) => {
    const item = document.createElement("li");
    item.className = `series-${group + 1}`;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet small";
    button.textContent = `${name} (${points.groups[group].length.toLocaleString("en")})`;
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("click", () => {
      only = only === group ? -1 : group;
      legend.querySelectorAll("button").forEach((each, i) => each.setAttribute("aria-pressed", String(i === only)));
      draw();
    });
    item.append(button);
    return item;
  }));
}

// Drawing

function draw() {
  if (!points) return; // not loaded yet
  cancelAnimationFrame(drawing);
  drawing = requestAnimationFrame(paint);
}

function paint() {
  const ratio = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== width * ratio || canvas.height !== height * ratio) {
    canvas.width = width * ratio;
    canvas.height = height * ratio;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const palette = colours();
  const muted = getComputedStyle(document.documentElement).getPropertyValue("--line").trim();
  const few = Math.max(1.6, 7 - 1.3 * Math.log10(points.count)); // a few small dots would be overlooked
  const size = Math.min(7, few + Math.log2(view.scale / fitting()) * 0.8);
  const faded = lit.length ? 0.35 : 0.8;
  const order = points.groups.map((_, group) => group).sort((a, b) => (a === only) - (b === only));
  for (const group of order) {
    context.fillStyle = only === -1 || only === group ? palette[group] : muted;
    context.globalAlpha = faded;
    for (const i of points.groups[group]) {
      const x = points.x[i] * view.scale + view.x;
      const y = points.y[i] * view.scale + view.y;
      if (x > -9 && y > -9 && x < width + 9 && y < height + 9) context.fillRect(x - size / 2, y - size / 2, size, size);
    }
  }
  context.globalAlpha = 1;
  paintLabels(context);
  lit.forEach(([x, y]) => ring(context, x, y, size + 4, "--bad"));
  if (pointedAt >= 0) ring(context, points.x[pointedAt], points.y[pointedAt], size + 3, "--text");
}

function ring(context, x, y, radius, colour) {
  const style = getComputedStyle(document.documentElement);
  context.beginPath();
  context.arc(x * view.scale + view.x, y * view.scale + view.y, radius, 0, 2 * Math.PI);
  context.lineWidth = 5;
  context.strokeStyle = style.getPropertyValue("--surface").trim();
  context.stroke();
  context.lineWidth = 2.5;
  context.strokeStyle = style.getPropertyValue(colour).trim();
  context.stroke();
}

function paintLabels(context) {
  const style = getComputedStyle(document.documentElement);
  context.font = `600 12px ${style.getPropertyValue("--sans")}`;
  context.textAlign = "center";
  context.lineWidth = 4;
  context.lineJoin = "round";
  context.strokeStyle = style.getPropertyValue("--surface").trim();
  context.fillStyle = style.getPropertyValue("--text").trim();
  const drawn = [];
  JSON.parse(document.getElementById("map-data").textContent).areas.forEach(([areaX, areaY, words]) => {
    const [x, y] = [areaX * view.scale + view.x, areaY * view.scale + view.y];
    if (drawn.some(([otherX, otherY]) => Math.abs(x - otherX) < 110 && Math.abs(y - otherY) < 18)) return;
    drawn.push([x, y]);
    context.strokeText(words, x, y);
    context.fillText(words, x, y);
  });
}

// Moving and zooming

function fitting() {
  return Math.min(canvas.clientWidth, canvas.clientHeight) * 0.94 / EDGE;
}

function showAll() {
  view.scale = fitting();
  view.x = (canvas.clientWidth - EDGE * view.scale) / 2;
  view.y = (canvas.clientHeight - EDGE * view.scale) / 2;
  draw();
}

function zoom(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
  const scale = Math.min(Math.max(view.scale * factor, fitting() / 2), fitting() * MOST_ZOOM);
  view.x = x - (x - view.x) * (scale / view.scale);
  view.y = y - (y - view.y) * (scale / view.scale);
  view.scale = scale;
  draw();
}

function move(x, y) {
  view.x += x;
  view.y += y;
  draw();
}

// What is pointed at

function fillGrid() {
  points.grid = new Map();
  for (let i = 0; i < points.count; i += 1) {
    const cell = (points.y[i] * CELLS >> 16) * CELLS + (points.x[i] * CELLS >> 16);
    if (!points.grid.has(cell)) points.grid.set(cell, []);
    points.grid.get(cell).push(i);
  }
}

function nearest(pixelX, pixelY, reach) {
  if (!points) return -1;
  const [x, y, distance] = [(pixelX - view.x) / view.scale, (pixelY - view.y) / view.scale, reach / view.scale];
  const cell = (value) => Math.min(Math.max(value * CELLS >> 16, 0), CELLS - 1);
  let [best, least] = [-1, distance * distance];
  for (let row = cell(y - distance); row <= cell(y + distance); row += 1) {
    for (let column = cell(x - distance); column <= cell(x + distance); column += 1) {
      for (const i of points.grid.get(row * CELLS + column) || []) {
        const squared = (points.x[i] - x) ** 2 + (points.y[i] - y) ** 2;
        if (squared < least) [best, least] = [i, squared];
      }
    }
  }
  return best;
}

async function placesAt(i) {
  const asked = new URLSearchParams({ frame: points.frame, x: points.x[i], y: points.y[i] });
  const response = await fetch(`${map.dataset.place}?${asked}`);
  return response.ok ? (await response.json()).places : [];
}

let asking = 0;

function point(i) {
  if (i === pointedAt) return;
  pointedAt = i;
  canvas.classList.toggle("pointing", i >= 0);
  draw();
  clearTimeout(asking);
  if (i < 0) return;
  asking = setTimeout(async () => {
    const found = await placesAt(i);
    if (i === pointedAt) say(found);
  }, ASK_MILLISECONDS);
}

function say(found) {
  place.replaceChildren(...found.slice(0, 1).flatMap(({ name, kind, where, url }) => {
    const link = document.createElement("a");
    link.href = url;
    link.textContent = name;
    return [`${kind} `, link, ` in ${where}`];
  }), found.length > 1 ? `, and ${found.length - 1} more at the same place` : "");
}

async function open(i) {
  if (i < 0) return;
  const [first] = await placesAt(i);
  if (first) window.location.assign(first.url);
}

// Input

const pressed = new Map();
let moved = false;

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  pressed.set(event.pointerId, [event.offsetX, event.offsetY]);
  moved = false;
});

canvas.addEventListener("pointermove", (event) => {
  const here = [event.offsetX, event.offsetY];
  const before = pressed.get(event.pointerId);
  if (!before) return point(nearest(...here, REACH));
  const other = [...pressed].find(([id]) => id !== event.pointerId);
  if (other) {
    const span = ([x, y]) => Math.hypot(x - other[1][0], y - other[1][1]) || 1;
    zoom(span(here) / span(before), ...other[1]);
    moved = true;
  } else if (moved || Math.hypot(here[0] - before[0], here[1] - before[1]) > 4) {
    move(here[0] - before[0], here[1] - before[1]);
    moved = true;
  } else return undefined;
  pressed.set(event.pointerId, here);
  return undefined;
});

for (const end of ["pointerup", "pointercancel"]) {
  canvas.addEventListener(end, (event) => {
    pressed.delete(event.pointerId);
    if (end === "pointerup" && !moved) open(nearest(event.offsetX, event.offsetY, REACH));
  });
}

canvas.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.metaKey && document.activeElement !== canvas) return;
  event.preventDefault();
  zoom(Math.exp(-event.deltaY / 300), event.offsetX, event.offsetY);
}, { passive: false });

const KEYS = {
  ArrowLeft: () => move(60, 0), ArrowRight: () => move(-60, 0), ArrowUp: () => move(0, 60), ArrowDown: () => move(0, -60),
  "+": () => zoom(1.5), "-": () => zoom(1 / 1.5), 0: showAll, Enter: () => open(pointedAt),
};

canvas.addEventListener("keydown", (event) => {
  const action = KEYS[event.key];
  if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  action();
  if (event.key !== "Enter") point(nearest(canvas.clientWidth / 2, canvas.clientHeight / 2, canvas.clientWidth));
});

document.querySelectorAll("[data-zoom]").forEach((button) => {
  button.addEventListener("click", () => (Number(button.dataset.zoom) ? zoom(Number(button.dataset.zoom)) : showAll()));
});

document.getElementById("map-colour").addEventListener("change", () => {
  sortByGroup();
  draw();
});

document.getElementById("map-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!points) return;
  const query = document.getElementById("map-query").value.trim();
  lit = [];
  place.textContent = "";
  if (query) {
    const asked = new URLSearchParams({ frame: points.frame, q: query });
    if (map.dataset.repository) asked.set("repository", map.dataset.repository);
    const response = await fetch(`${map.dataset.hits}?${asked}`);
    const found = await response.json().catch(() => ({}));
    lit = found.points || [];
    place.textContent = response.ok
      ? `${lit.length} of the ${found.results} best results are on the map, each circled.`
      : found.error || "The search failed. Try again.";
  }
  draw();
});

async function start() {
  const asked = map.dataset.repository ? `?${new URLSearchParams({ repository: map.dataset.repository })}` : "";
  map.hidden = false;
  place.textContent = "Loading the points …";
  const response = await fetch(map.dataset.points + asked);
  const buffer = response.ok ? await response.arrayBuffer() : new ArrayBuffer(0);
  if (!buffer.byteLength) {
    place.textContent = "The points could not be loaded. Load the page again.";
    return;
  }
  points = read(buffer);
  place.textContent = "";
  document.getElementById("map-count").textContent =
    `${points.count.toLocaleString("en")} definitions${points.isSample ? ", a sample of all that you may see" : ""}.`;
  fillGrid();
  sortByGroup();
  showAll();
  new ResizeObserver(draw).observe(canvas);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

start();
