// The data, the numbers in it, and what is chosen.
const data = JSON.parse(document.getElementById("data").textContent);
const tokens = data.tokens;
const count = tokens.length;
const layers = data.layers.length;
const heads = data.heads;
/** Places behind the heads: their mean, and the rollout up to a layer. */
const MEAN = heads;
const ROLLOUT = heads + 1;

/** What is shown: layer and head (or MEAN, ROLLOUT), the chosen token, and the cell under the pointer or the keys. */
const state = { layer: 0, head: 0, token: 0, cell: null, whole: false };

const at = (id) => document.getElementById(id);
const isFrame = (token) => token === 0 || token === count - 1;
const isWord = (token) => !isFrame(token) && /[\p{L}\p{N}]/u.test(tokens[token]);
const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
/** 0.123, or 0.0042. */
const number = (weight) => weight.toFixed(weight < 0.00995 ? 4 : 3);

function make(parent, tag, text = "", className = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  if (className) element.className = className;
  parent.append(element);
  return element;
}

/** Numbers of seven bits a byte, lowest first, the eighth set in all bytes but the last. */
function unpack(text, size) {
  const bytes = atob(text);
  const weights = new Float32Array(size);
  let from = 0;
  for (let i = 0; i < size; i++) {
    let parts = 0;
    let shift = 0;
    let byte;
    do {
      byte = bytes.charCodeAt(from++);
      parts |= (byte & 127) << shift;
      shift += 7;
    } while (byte > 127);
    weights[i] = parts / data.weightParts;
  }
  return weights;
}

const unpacked = new Map();
function once(name, compute) {
  if (!unpacked.has(name)) unpacked.set(name, compute());
  return unpacked.get(name);
}
const ofLayer = (layer) => once("layer " + layer, () => unpack(data.layers[layer], heads * count * count));
function mean(layer) {
  const weights = ofLayer(layer);
  const size = count * count;
  return Float32Array.from({ length: size }, (unused, i) => {
    let sum = 0;
    for (let head = 0; head < heads; head++) sum += weights[head * size + i];
    return sum / heads;
  });
}

/** All weights of a view, row by row. */
function weightsOf(layer, head) {
  const size = count * count;
  if (head === ROLLOUT) return once("rollout " + layer, () => unpack(data.rollouts[layer], size));
  if (head === MEAN) return once("mean " + layer, () => mean(layer));
  return ofLayer(layer).subarray(head * size, (head + 1) * size);
}
let shown = { weights: new Float32Array(0), largest: 1 };
function show() {
  const weights = weightsOf(state.layer, state.head);
  shown = { weights, largest: weights.reduce((a, b) => Math.max(a, b), 1 / data.weightParts) };
}
const weight = (query, key) => shown.weights[query * count + key];

/** The tokens that this one attends to, or that attend to it, strongest first. */
function links(token, incoming) {
  return tokens
    .map((text, other) => ({ other, weight: incoming ? weight(other, token) : weight(token, other) }))
    .sort((a, b) => b.weight - a.weight);
}

/** "Layer 3, head 7". */
function viewName(layer = state.layer, head = state.head) {
  if (head === ROLLOUT) return layer === 0 ? "Rollout, layer 1" : "Rollout, layers 1 to " + (layer + 1);
  return "Layer " + (layer + 1) + ", " + (head === MEAN ? "mean of " + heads + " heads" : "head " + (head + 1));
}
/** What goes out of a token, and what comes in, in words. */
const outWords = () => (state.head === ROLLOUT ? "is made of" : "looks at");
const inWords = () => (state.head === ROLLOUT ? "goes into" : "is looked at by");

/** Writes "its → law 0.123"; each token keeps its own direction of writing. */
function writePair(parent, query, key) {
  parent.replaceChildren();
  make(parent, "bdi", tokens[query]);
  parent.append(" → ");
  make(parent, "bdi", tokens[key]);
  parent.append(" ");
  make(parent, "b", number(weight(query, key)));
}

// Colours. Square root, so that weights of a few percent can be told apart.
const SHADES = 256;
let ramp = [];
let shades = [];
function cssColour(name) {
  const probe = make(document.body, "i");
  probe.style.color = "var(" + name + ")";
  const channels = getComputedStyle(probe).color.match(/\d+/g).slice(0, 3).map(Number);
  probe.remove();
  return channels;
}
function readRamp() {
  ramp = [0, 1, 2, 3, 4, 5].map((i) => cssColour("--cell" + i));
  shades = Array.from({ length: SHADES }, (unused, i) => {
    const place = (i / (SHADES - 1)) * (ramp.length - 1);
    const low = Math.min(ramp.length - 2, Math.floor(place));
    return ramp[low].map((channel, c) => Math.round(channel + (ramp[low + 1][c] - channel) * (place - low)));
  });
}
const shade = (share, most) => shades[Math.round(Math.sqrt(clamp(share / most, 0, 1)) * (SHADES - 1))];
const css = (channels) => "rgb(" + channels.join(" ") + ")";
const inkOn = ([red, green, blue]) => (0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#16202b" : "#ffffff");

/** Keys that move through a row of buttons, one of which Tab reaches. */
function rove(buttons, chosen) {
  buttons.forEach((button, i) => { button.tabIndex = i === chosen ? 0 : -1; });
}
function moveFocus(event, buttons, to) {
  event.preventDefault();
  rove(buttons, to);
  buttons[to].focus();
}
