// What is chosen goes to all parts of the page.
function choose(changes) {
  const view = "layer" in changes || "head" in changes;
  Object.assign(state, changes);
  if (view) show();
  paintSentence();
  paintLines();
  paintLists();
  if (view) {
    at("sentenceTitle").textContent = "The text in " + (state.head === ROLLOUT ? "the " : "") + viewName().replace(/^./, (letter) => letter.toLowerCase());
    paintChoices();
    paintEntropy();
    paintMap();
  }
  paintPointed();
}
function paintAll() {
  readRamp();
  choose({ layer: state.layer });
}
function lay() {
  layMap();
  paintPointed();
  paintLines();
}

// Light and dark: what the system prefers, until the button says otherwise.
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme || (prefersDark.matches ? "dark" : "light")) === "dark";
function nameTheme() {
  at("theme").textContent = isDark() ? "Light" : "Dark";
  at("theme").setAttribute("aria-label", isDark() ? "Light colours" : "Dark colours");
}
function listenToTheme() {
  at("theme").addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    nameTheme();
    paintAll();
  });
  prefersDark.addEventListener("change", () => {
    nameTheme();
    paintAll();
  });
  nameTheme();
}

// Paper is light, has a width of its own, and shows the whole map.
function listenToPrinter() {
  let before = null;
  window.addEventListener("beforeprint", () => {
    before = { theme: document.documentElement.dataset.theme, whole: state.whole };
    document.documentElement.dataset.theme = "light";
    document.documentElement.classList.add("paper");
    state.whole = true;
    state.cell = null;
    paintAll();
  });
  window.addEventListener("afterprint", () => {
    if (!before) return;
    if (before.theme) document.documentElement.dataset.theme = before.theme;
    else delete document.documentElement.dataset.theme;
    document.documentElement.classList.remove("paper");
    state.whole = before.whole;
    before = null;
    paintAll();
  });
}

/** Where to start, unless the data say it: "its", or else some word, and the head in which it looks hardest at the word that it looks at most on average. */
function start() {
  if (data.start) return data.start;
  const size = count * count;
  const sums = new Float32Array(size);
  for (let layer = 0; layer < layers; layer++) {
    ofLayer(layer).forEach((weight, i) => { sums[i % size] += weight; });
  }
  const its = tokens.indexOf("its");
  let best = -1;
  for (let i = 0; i < size; i++) {
    const [query, key] = [Math.floor(i / count), i % count];
    // Neighbours look at each other in any text.
    if (isWord(query) && isWord(key) && Math.abs(query - key) > 1 && (its < 0 || query === its) && (best < 0 || sums[i] > sums[best])) best = i;
  }
  if (best < 0) return { layer: 0, head: 0, token: Math.min(1, count - 1) };
  const views = Array.from({ length: layers * heads }, (unused, i) => ({ layer: Math.floor(i / heads), head: i % heads }));
  const of = ({ layer, head }) => ofLayer(layer)[head * size + best];
  return { ...views.reduce((a, b) => (of(b) > of(a) ? b : a)), token: Math.floor(best / count) };
}

readRamp();
buildSentence();
buildChoices();
buildEntropy();
buildMeasured();
at("cut").hidden = data.tokensGiven === count;
at("cut").textContent = `The text has ${data.tokensGiven} tokens, more than the model reads: here are the first ${count}.`;
choose(start());
listenToMap();
listenToTheme();
listenToPrinter();
["outgoing", "incoming", "frame"].forEach((id) => at(id).addEventListener("change", paintLines));
new ResizeObserver(() => requestAnimationFrame(lay)).observe(document.querySelector("main"));
requestAnimationFrame(() => {
  reveal(state.token);
  at("sentence").scrollTop = tokenBoxes()[state.token].top - at("sentence").clientHeight / 2;
});
