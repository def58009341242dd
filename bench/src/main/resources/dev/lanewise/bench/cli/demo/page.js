const data = JSON.parse(document.getElementById("data").textContent);
const tokens = data.tokens;
const count = tokens.length;
const heads = data.weights.length;
const at = (id) => document.getElementById(id);
const weight = (head, query, key) => data.weights[head][query][key] / data.weightParts;
const percent = (share, digits = 1) => (share * 100).toFixed(digits) + " %";
const largest = data.weights.flat().reduce((max, row) => row.reduce((a, b) => Math.max(a, b), max), 1) / data.weightParts;

/** What is looked at: a head, a query token, and the cell under the pointer or the keys. */
const state = { head: 0, query: data.query, cell: null };

function make(parent, tag, text = "", className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  parent.append(element);
  return element;
}

// Colours. Square root, so that weights of a few percent can be told apart.
let ramp = [];
function readRamp() {
  const style = getComputedStyle(document.documentElement);
  ramp = [0, 1, 2, 3, 4, 5].map((i) => {
    const hex = style.getPropertyValue("--cell" + i).trim();
    return [1, 3, 5].map((from) => parseInt(hex.slice(from, from + 2), 16));
  });
}
function mix(share) {
  const place = Math.min(1, Math.sqrt(share / largest)) * (ramp.length - 1);
  const low = Math.min(ramp.length - 2, Math.floor(place));
  return ramp[low].map((channel, i) => Math.round(channel + (ramp[low + 1][i] - channel) * (place - low)));
}
const colour = (share) => "rgb(" + mix(share).join(" ") + ")";
function inkOn(share) {
  const [red, green, blue] = mix(share);
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#16202b" : "#ffffff";
}

// Sentence
function isFrame(token) {
  return token === 0 || token === count - 1;
}
function buildSentence() {
  tokens.forEach((text, token) => {
    const button = make(at("sentence"), "button", text.replace(/^##/, ""), isFrame(token) ? "frame" : "");
    button.type = "button";
    button.addEventListener("click", () => select(state.head, token));
  });
}
function paintSentence() {
  [...at("sentence").children].forEach((button, token) => {
    const share = weight(state.head, state.query, token);
    button.style.background = colour(share);
    button.style.color = inkOn(share);
    button.setAttribute("aria-pressed", token === state.query);
    button.title = pair(state.query, token);
  });
}

// Small maps
function buildHeads() {
  data.weights.forEach((rows, head) => {
    const label = make(at("heads"), "label");
    const input = make(label, "input");
    input.type = "radio";
    input.name = "head";
    input.addEventListener("change", () => select(head, state.query));
    const canvas = make(label, "canvas");
    canvas.width = canvas.height = count;
    // Shrunk without smoothing, thin lines would vanish.
    canvas.style.imageRendering = count > 80 ? "auto" : "pixelated";
    make(label, "span", "Head " + (head + 1));
  });
}
function paintHeads() {
  // One colour for each number that a weight can be, since a long sentence has millions of weights.
  const shades = Array.from({ length: data.weightParts + 1 }, (unused, parts) => mix(parts / data.weightParts));
  at("heads").querySelectorAll("canvas").forEach((canvas, head) => {
    const context = canvas.getContext("2d");
    const image = context.createImageData(count, count);
    let i = 0;
    data.weights[head].forEach((row) => row.forEach((parts) => {
      const [red, green, blue] = shades[parts];
      image.data[i++] = red;
      image.data[i++] = green;
      image.data[i++] = blue;
      image.data[i++] = 255;
    }));
    context.putImageData(image, 0, 0);
  });
}

// Legend
function paintLegend() {
  const stops = ramp.map((stop) => "rgb(" + stop.join(" ") + ")");
  at("ramp").style.background = "linear-gradient(90deg, " + stops.join(", ") + ")";
  const ticks = [0, 0.01, 0.05, 0.2, 0.5].filter((share) => share < largest * 0.7);
  at("ticks").replaceChildren();
  [...ticks, largest].forEach((share) => {
    const tick = make(at("ticks"), "span", share === 0 ? "0" : (share * 100).toPrecision(share < 0.01 ? 1 : 2).replace(/\.0$/, "") + " %");
    if (share === 1) tick.textContent = "100 %";
    tick.style.left = Math.sqrt(share / largest) * 100 + "%";
  });
}

// Big map
const big = at("big");
let layout = { cell: 1, left: 0, top: 0 };
const LABEL_FONT = "13px ";
/** Pixels between cells. */
const gapOf = (cell) => (cell >= 10 ? 1 : 0);
function measure(context) {
  const family = getComputedStyle(document.body).fontFamily;
  context.font = LABEL_FONT + family;
  const longest = Math.min(96, Math.max(...tokens.map((text) => context.measureText(text).width)));
  const room = big.parentElement.clientWidth - 6;
  const left = Math.ceil(longest) + 10;
  const cell = Math.max(1, Math.min(44, Math.floor((room - left) / count)));
  return { cell, left, top: left, width: left + cell * count, height: left + cell * count };
}
function paintBig() {
  const context = big.getContext("2d");
  layout = measure(context);
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  big.width = layout.width * ratio;
  big.height = layout.height * ratio;
  big.style.width = layout.width + "px";
  context.scale(ratio, ratio);
  const { cell, left, top } = layout;
  context.imageSmoothingEnabled = false;
  context.drawImage(at("heads").querySelectorAll("canvas")[state.head], left, top, cell * count, cell * count);
  if (gapOf(cell) > 0) {
    context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--card");
    for (let token = 1; token <= count; token++) {
      context.fillRect(left + token * cell - 1, top, 1, cell * count);
      context.fillRect(left, top + token * cell - 1, cell * count, 1);
    }
  }
  paintLabels(context);
  paintMarks(context);
}
function paintLabels(context) {
  const { cell, left, top } = layout;
  const style = getComputedStyle(document.documentElement);
  const family = getComputedStyle(document.body).fontFamily;
  const step = Math.ceil(14 / cell);
  const near = (token, chosen) => token === chosen || (token % step === 0 && (chosen < 0 || Math.abs(token - chosen) >= step));
  const label = (text, strong) => {
    context.font = (strong ? "600 " : "") + LABEL_FONT + family;
    context.fillStyle = style.getPropertyValue(strong ? "--ink" : "--soft");
    context.fillText(text, 0, 0, 96);
  };
  const row = state.cell ? state.cell.query : state.query;
  const column = state.cell ? state.cell.key : -1;
  context.textBaseline = "middle";
  tokens.forEach((text, token) => {
    const middle = (token + 0.5) * cell;
    if (near(token, row)) {
      context.save();
      context.translate(left - 7, top + middle);
      context.textAlign = "right";
      label(text, token === row);
      context.restore();
    }
    if (near(token, column)) {
      context.save();
      context.translate(left + middle, top - 7);
      context.rotate(-Math.PI / 2);
      context.textAlign = "left";
      label(text, token === column);
      context.restore();
    }
  });
}
function paintMarks(context) {
  const { cell, left, top } = layout;
  const style = getComputedStyle(document.documentElement);
  const gap = gapOf(cell);
  context.strokeStyle = style.getPropertyValue("--accent");
  context.lineWidth = 1.5;
  context.strokeRect(left - 1, top + state.query * cell - 1, count * cell + 1 - gap + 0.5, cell + 1.5 - gap);
  if (state.cell) {
    context.strokeStyle = style.getPropertyValue("--ink");
    context.lineWidth = 2;
    context.strokeRect(left + state.cell.key * cell - 0.5, top + state.cell.query * cell - 0.5, cell + 1 - gap, cell + 1 - gap);
  }
}

// Pointing
function pair(query, key) {
  return tokens[query] + " → " + tokens[key] + ": " + percent(weight(state.head, query, key), 2);
}
/** The cell that is pointed at, else the chosen token's largest weight. */
function paintReadout() {
  const row = data.weights[state.head][state.query];
  const cell = state.cell || { query: state.query, key: row.indexOf(Math.max(...row)) };
  at("readout").textContent = pair(cell.query, cell.key);
}
function cellAt(event) {
  const box = big.getBoundingClientRect();
  const key = Math.floor((event.clientX - box.left - layout.left) / layout.cell);
  const query = Math.floor((event.clientY - box.top - layout.top) / layout.cell);
  return key >= 0 && key < count && query >= 0 && query < count ? { query, key } : null;
}
function point(cell, event) {
  state.cell = cell;
  paintReadout();
  at("tip").style.visibility = cell && event ? "visible" : "hidden";
  if (cell && event) {
    at("tip").textContent = pair(cell.query, cell.key);
    const width = at("tip").offsetWidth;
    const x = Math.max(6, Math.min(window.innerWidth - width - 6, event.clientX + 14));
    const y = event.clientY > 60 ? event.clientY - 40 : event.clientY + 24;
    at("tip").style.transform = "translate(" + x + "px, " + y + "px)";
  }
  requestAnimationFrame(paintBig);
}
function onKey(event) {
  const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  if (event.key === "Escape") point(null);
  if (!move) return;
  event.preventDefault();
  const from = state.cell || { query: state.query - move[0], key: -move[1] };
  const within = (token) => Math.max(0, Math.min(count - 1, token));
  point({ query: within(from.query + move[0]), key: within(from.key + move[1]) });
}
function listen() {
  big.addEventListener("pointermove", (event) => point(cellAt(event), event));
  big.addEventListener("pointerdown", (event) => {
    const cell = cellAt(event);
    if (cell) select(state.head, cell.query);
    point(cell, event);
  });
  big.addEventListener("pointerleave", () => point(null));
  big.addEventListener("blur", () => point(null));
  big.addEventListener("keydown", onKey);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  new ResizeObserver(() => requestAnimationFrame(paintBig)).observe(big.parentElement);
}

// The chosen token
function attended(query) {
  return tokens
    .map((text, key) => {
      const shares = data.weights.map((rows, head) => weight(head, query, key));
      const most = Math.max(...shares);
      return { text, mean: shares.reduce((a, b) => a + b) / heads, most, head: shares.indexOf(most) };
    })
    .sort((a, b) => b.mean - a.mean);
}
function paintMost() {
  at("mostTitle").textContent = "“" + tokens[state.query] + "” attends most to";
  at("most").replaceChildren();
  const list = attended(state.query).slice(0, 6);
  list.forEach((key) => {
    const item = make(at("most"), "li");
    make(item, "b", key.text);
    make(make(item, "div"), "i").style.width = (key.mean / list[0].mean) * 100 + "%";
    make(item, "span", percent(key.mean) + " · head " + (key.head + 1) + ": " + percent(key.most, 0));
  });
}

// Numbers
const ms = (time) => (time < 1 ? time.toFixed(3) : time < 100 ? time.toFixed(2) : time.toFixed(0));
const UNSETTLED = "* Not settled: times still changed when the warm-up had to end. The machine was busy; measure again when it is quiet.";
const times = (timing) => (timing.scalarMs / timing.pathMs).toFixed(1) + "×";
function fact(name, value, note) {
  const box = make(at("facts"), "div", "", "card");
  make(box, "dt", name);
  make(make(box, "dd", value), "small", note);
}
function buildFacts() {
  const path = data.vector ? "SIMD" : "plain Java";
  const longest = data.timings[data.timings.length - 1];
  fact("Path", data.path, data.vector ? data.lanes + " lanes of fp32" : "SIMD needs --add-modules jdk.incubator.vector");
  fact("Error, " + path, data.pathError.toExponential(1), "from the reference in double; largest value " + data.largest.toFixed(2));
  fact("Error, scalar", data.scalarError.toExponential(1), "plain Java loops, same reference");
  const note = longest.tokens + " tokens" + (longest.settled ? "" : "; not settled");
  if (data.vector) fact("Speed-up, whole layer", times(longest), "SIMD against scalar, " + note);
  else fact("Whole layer", ms(longest.pathMs) + " ms", note);
}
function row(parent, tag, cells) {
  const line = make(parent, "tr");
  cells.forEach((text) => make(line, tag, text));
  return line;
}
function buildTimes() {
  at("timesNote").textContent = "this sentence, repeated · best times, ms · one thread"
    + (data.threads > 1 ? ", whole layer " + data.threads : "");
  [...new Set(data.timings.map((timing) => timing.tokens))].forEach((length) => {
    const box = make(at("times"), "div");
    make(box, "h3", length + " tokens");
    const table = make(box, "table");
    row(make(table, "thead"), "th", data.vector ? ["kernel", "scalar", "SIMD", "speed-up", "of peak"] : ["kernel", "scalar", "of peak"]);
    const body = make(table, "tbody");
    data.timings.filter((timing) => timing.tokens === length).forEach((timing) => {
      const peak = timing.fractionOfPeak === undefined ? "" : percent(timing.fractionOfPeak, 0);
      const simd = data.vector ? [ms(timing.pathMs), times(timing)] : [];
      const line = row(body, "td", [timing.step + (timing.settled ? "" : " *"), ms(timing.scalarMs), ...simd, peak]);
      if (timing.step === "whole layer") line.className = "whole";
    });
  });
  at("foot").textContent = "Peak: what the fused multiply-adds of " + (data.threads > 1 ? "the cores used" : "one core")
    + " reach in a loop that does nothing else. Twelve heads, 384 wide; the layer has four projections, the kernels are timed over all heads."
    + (data.timings.every((timing) => timing.settled) ? "" : " " + UNSETTLED);
}

function paint() {
  readRamp();
  paintSentence();
  paintHeads();
  paintLegend();
  paintMost();
  paintBig();
}
function select(head, query) {
  state.head = head;
  state.query = query;
  at("heads").querySelectorAll("input")[head].checked = true;
  at("title").textContent = "Head " + (head + 1) + " of " + heads;
  paintSentence();
  paintMost();
  paintBig();
  paintReadout();
}

at("on").textContent = data.vector ? " in SIMD, " + data.lanes + " numbers at a time" : " in plain Java";
buildSentence();
buildHeads();
buildFacts();
buildTimes();
readRamp();
const strongest = attended(state.query).filter((key) => key.text !== tokens[state.query])[0];
select(strongest ? strongest.head : 0, state.query);
paint();
listen();
