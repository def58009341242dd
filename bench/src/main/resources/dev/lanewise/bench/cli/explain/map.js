// The heat map: a pixel a cell, enlarged; its labels stay in sight while it scrolls.
const plot = at("plot");
/** Cells are at least this wide, so that each has its label, unless the whole map is asked for. */
const READABLE = 15;
const WIDEST = 40;
const FONT = 12;
let cell = 1;
let edge = 0;

function family() {
  return getComputedStyle(document.body).fontFamily;
}
function measureMap() {
  const context = at("rows").getContext("2d");
  context.font = "600 " + FONT + "px " + family();
  const longest = Math.max(...tokens.map((text) => context.measureText(text).width));
  const outer = at("scroll").clientWidth - 6;
  edge = Math.ceil(Math.min(longest, outer < 500 ? 70 : 100)) + 10;
  const fitting = (outer - edge) / count;
  at("whole").hidden = fitting >= READABLE;
  cell = fitting >= READABLE ? Math.min(Math.floor(fitting), WIDEST) : state.whole ? fitting : READABLE;
}

function paintCells() {
  const canvas = at("cells");
  canvas.width = canvas.height = count;
  const context = canvas.getContext("2d");
  const image = context.createImageData(count, count);
  shown.weights.forEach((share, i) => image.data.set([...shade(share, shown.largest), 255], i * 4));
  context.putImageData(image, 0, 0);
}
function layMap() {
  measureMap();
  const size = cell * count + "px";
  plot.style.width = plot.style.height = size;
  at("corner").style.width = at("corner").style.height = edge + "px";
  at("scroll").style.scrollPadding = edge + 8 + "px 8px 8px " + (edge + 8) + "px";
  const lines = (angle) => `repeating-linear-gradient(${angle}, transparent 0 ${cell - 1}px, var(--card) ${cell - 1}px ${cell}px)`;
  at("lattice").style.background = cell >= 8 ? lines("90deg") + ", " + lines("180deg") : "none";
  sizeLabels(at("columns"), cell * count, edge);
  sizeLabels(at("rows"), edge, cell * count);
}
function sizeLabels(canvas, width, height) {
  const ratio = Math.max(2, Math.ceil(window.devicePixelRatio || 1));
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  canvas.style.width = width + "px";
  canvas.style.height = height + "px";
}

/** The middle of a label, which stays inside of the map at its ends. */
const middle = (token) => clamp((token + 0.5) * cell, FONT / 2, count * cell - FONT / 2);

/** The tokens whose labels have room: the chosen one, that of the cell, and every so many of the others. */
function labelled(emphasised) {
  const step = Math.ceil((FONT + 2) / cell);
  const first = new Set();
  emphasised.forEach((token) => {
    if (token >= 0 && [...first].every((other) => Math.abs(other - token) >= step)) first.add(token);
  });
  const all = new Set(first);
  for (let token = 0; token < count; token += step) {
    if ([...first].every((other) => other === token || Math.abs(other - token) >= step)) all.add(token);
  }
  return all;
}
function paintLabels() {
  const chosen = css(cssColour("--accent"));
  const chosenDown = css(cssColour("--in"));
  const ink = css(cssColour("--ink"));
  const soft = css(cssColour("--soft"));
  const paint = (canvas, pointed, colour, place) => {
    const context = canvas.getContext("2d");
    const ratio = canvas.width / parseFloat(canvas.style.width);
    labelled([pointed, state.token]).forEach((token) => {
      const strong = token === pointed || token === state.token;
      context.font = (strong ? "600 " : "") + FONT + "px " + family();
      context.fillStyle = token === pointed ? ink : token === state.token ? colour : soft;
      context.textBaseline = "middle";
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      place(context, token);
      context.fillText(tokens[token], 0, 0, edge - 8);
    });
  };
  const clear = (canvas) => { canvas.width = canvas.width; };
  [at("rows"), at("columns")].forEach(clear);
  paint(at("rows"), state.cell ? state.cell.query : -1, chosen, (context, token) => {
    context.textAlign = "right";
    context.translate(edge - 6, middle(token));
  });
  paint(at("columns"), state.cell ? state.cell.key : -1, chosenDown, (context, token) => {
    context.textAlign = "left";
    context.translate(middle(token), edge - 6);
    context.rotate(-Math.PI / 2);
  });
}
function paintMarks() {
  const box = (element, left, top, width, height) => {
    element.style.transform = "translate(" + left + "px, " + top + "px)";
    if (width) element.style.width = width + "px";
    if (height) element.style.height = height + "px";
  };
  const size = Math.max(1, cell >= 8 ? cell - 1 : cell);
  box(at("across"), 0, state.token * cell, 0, size);
  box(at("down"), state.token * cell, 0, size, 0);
  at("cell").style.visibility = state.cell ? "visible" : "hidden";
  if (state.cell) box(at("cell"), state.cell.key * cell, state.cell.query * cell, size, size);
}
function paintLegend() {
  at("ramp").style.background = "linear-gradient(90deg, " + ramp.map(css).join(", ") + ")";
  at("ticks").replaceChildren();
  const { largest } = shown;
  const ticks = [0, 0.001, 0.01, 0.05, 0.2, 0.5].filter((share) => share === 0 || (share > largest * 0.02 && share < largest * 0.7));
  [...ticks, largest].forEach((share) => {
    make(at("ticks"), "span", share === largest ? number(share) : String(share)).style.left = Math.sqrt(share / largest) * 100 + "%";
  });
}
function paintMap() {
  at("mapTitle").textContent = viewName();
  paintCells();
  layMap();
  paintLabels();
  paintMarks();
  paintLegend();
}

function cellAt(event) {
  const box = plot.getBoundingClientRect();
  const key = Math.floor((event.clientX - box.left) / cell);
  const query = Math.floor((event.clientY - box.top) / cell);
  return key >= 0 && key < count && query >= 0 && query < count ? { query, key } : null;
}
function point(next, event) {
  const same = next && state.cell && next.query === state.cell.query && next.key === state.cell.key;
  state.cell = next;
  if (!same) paintPointed();
  const tip = at("tip");
  tip.style.visibility = next && event ? "visible" : "hidden";
  if (next && event) {
    writePair(tip, next.query, next.key);
    const x = clamp(event.clientX + 14, 6, window.innerWidth - tip.offsetWidth - 6);
    const y = event.clientY > 60 ? event.clientY - 40 : event.clientY + 24;
    tip.style.transform = "translate(" + x + "px, " + y + "px)";
  }
}
function paintPointed() {
  if (state.cell) writePair(at("readout"), state.cell.query, state.cell.key);
  else at("readout").textContent = "Point at a cell to read its weight.";
  paintLabels();
  paintMarks();
}
function onMapKey(event) {
  const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -count], End: [0, count] }[event.key];
  if (event.key === "Escape") point(null);
  if ((event.key === "Enter" || event.key === " ") && state.cell) {
    event.preventDefault();
    choose({ token: state.cell.query });
  }
  if (!move || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  const from = state.cell || startCell();
  point({ query: clamp(from.query + move[0], 0, count - 1), key: clamp(from.key + move[1], 0, count - 1) });
  at("cell").scrollIntoView({ block: "nearest", inline: "nearest" });
}
/** Scrolls a token's row and column into the part of the map that is seen; the page stays where it is. */
function reveal(token) {
  const seen = (from, size) => clamp(from, (token + 2) * cell - size + edge, Math.max(0, (token - 1) * cell));
  at("scroll").scrollTop = seen(at("scroll").scrollTop, at("scroll").clientHeight);
  at("scroll").scrollLeft = seen(at("scroll").scrollLeft, at("scroll").clientWidth);
}
/** The chosen token's largest weight. */
const startCell = () => ({ query: state.token, key: links(state.token, false)[0].other });

function listenToMap() {
  plot.addEventListener("pointermove", (event) => point(cellAt(event), event));
  plot.addEventListener("click", (event) => {
    const clicked = cellAt(event);
    if (clicked) choose({ token: clicked.query });
    point(clicked, event);
  });
  plot.addEventListener("pointerleave", () => point(null));
  plot.addEventListener("focus", () => { if (plot.matches(":focus-visible") && !state.cell) point(startCell()); });
  plot.addEventListener("blur", () => point(null));
  plot.addEventListener("keydown", onMapKey);
  at("scroll").addEventListener("scroll", () => { at("tip").style.visibility = "hidden"; });
  at("whole").addEventListener("click", () => {
    state.whole = !state.whole;
    at("whole").setAttribute("aria-pressed", state.whole);
    layMap();
    paintLabels();
    paintMarks();
  });
}
