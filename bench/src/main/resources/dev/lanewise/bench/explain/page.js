// What is chosen goes to all parts of the page.
function choose(changes) {
  const view = "layer" in changes || "head" in changes;
  Object.assign(state, changes);
  if (view) show();
  paintSentence();
  paintLines();
  paintLists();
  if (view) {
    at("sentenceTitle").textContent = "The text in " + viewName().replace(/^./, (letter) => letter.toLowerCase());
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

/** Where to start: a head in which "its", or else some word, looks hard at a word that is not its neighbour. */
function start() {
  const its = tokens.indexOf("its");
  let best = { weight: -1, layer: 0, head: 0, token: its > 0 ? its : Math.min(1, count - 1) };
  for (let layer = 0; layer < layers; layer++) {
    for (let head = 0; head < heads; head++) {
      const weights = weightsOf(layer, head);
      for (let query = 0; query < count; query++) {
        if (!isWord(query) || (its > 0 && query !== its)) continue;
        for (let key = 0; key < count; key++) {
          const found = weights[query * count + key];
          if (found > best.weight && Math.abs(key - query) > 1 && isWord(key)) best = { weight: found, layer, head, token: query };
        }
      }
    }
  }
  return { layer: best.layer, head: best.head, token: best.token };
}

readRamp();
buildSentence();
buildChoices();
buildEntropy();
choose(start());
listenToMap();
listenToTheme();
listenToPrinter();
["outgoing", "incoming", "frame"].forEach((id) => at(id).addEventListener("change", paintLines));
new ResizeObserver(() => requestAnimationFrame(lay)).observe(document.querySelector("main"));
