// The choice of layer and head, and the entropy of all heads.
let headButtons = [];

function buildChoice(id, name, labels, chosen) {
  labels.forEach((label, i) => {
    const box = make(at(id), "label", "", label.length > 2 ? "wide" : "");
    const input = make(box, "input");
    input.type = "radio";
    input.name = name;
    input.value = i;
    input.addEventListener("change", () => chosen(i));
    make(box, "span", label);
  });
}
const places = (length) => Array.from({ length }, (unused, i) => String(i + 1));
function buildChoices() {
  buildChoice("layers", "layer", places(layers), (layer) => choose({ layer }));
  buildChoice("heads", "head", [...places(heads), "Mean", "Rollout"], (head) => choose({ head }));
}
function paintChoices() {
  at("layers").querySelectorAll("input")[state.layer].checked = true;
  at("heads").querySelectorAll("input")[state.head].checked = true;
}

function buildEntropy() {
  const parent = at("entropy");
  parent.style.gridTemplateColumns = "auto repeat(" + heads + ", minmax(0, 1fr))";
  make(parent, "span").title = "layer by head";
  places(heads).forEach((head) => make(parent, "span", head).setAttribute("aria-hidden", "true"));
  data.entropies.forEach((row, layer) => {
    make(parent, "span", "L" + (layer + 1)).setAttribute("aria-hidden", "true");
    row.forEach((entropy, head) => {
      const button = make(parent, "button", entropy.toFixed(1));
      button.type = "button";
      button.setAttribute("aria-label", viewName(layer, head) + ": entropy " + entropy.toFixed(2));
      button.addEventListener("click", () => choose({ layer, head }));
      button.addEventListener("keydown", (event) => onHeadKey(event, layer, head));
      button.addEventListener("focus", () => writeEntropy(layer, head));
      button.addEventListener("pointerenter", () => writeEntropy(layer, head));
      button.addEventListener("pointerleave", () => writeEntropy(state.layer, state.head));
      button.addEventListener("blur", () => writeEntropy(state.layer, state.head));
    });
  });
  headButtons = [...parent.querySelectorAll("button")];
  at("entropyNote").textContent = "How widely a head spreads a token's attention, in nats, the mean over all tokens: 0 is all on one token, "
    + Math.log(count).toFixed(1) + " the same on all " + count + ". Choose a head here, too.";
}
function onHeadKey(event, layer, head) {
  const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -heads], End: [0, heads] }[event.key];
  if (!move) return;
  moveFocus(event, headButtons, clamp(layer + move[0], 0, layers - 1) * heads + clamp(head + move[1], 0, heads - 1));
}
function writeEntropy(layer, head) {
  const parent = at("entropyReadout");
  parent.replaceChildren();
  if (head >= heads) {
    parent.textContent = "Point at a head to read its entropy.";
    return;
  }
  const entropy = data.entropies[layer][head];
  parent.append(viewName(layer, head) + ": ");
  make(parent, "b", entropy.toFixed(2));
  parent.append(", as wide as " + Math.exp(entropy).toFixed(1) + " tokens alike");
}
function paintEntropy() {
  // Even steps, since entropies lie close together.
  headButtons.forEach((button, i) => {
    const share = data.entropies[Math.floor(i / heads)][i % heads] / Math.log(count);
    const colour = shade(share * share, 1);
    button.style.background = css(colour);
    button.style.color = inkOn(colour);
    button.setAttribute("aria-pressed", i === state.layer * heads + state.head && state.head < heads);
  });
  [...at("entropy").querySelectorAll("span")].slice(heads + 1).forEach((name, layer) => name.classList.toggle("chosen", layer === state.layer));
  if (!headButtons.includes(document.activeElement)) rove(headButtons, state.layer * heads + Math.min(state.head, heads - 1));
  writeEntropy(state.layer, state.head);
}
