// The chosen token's attention as lines from word to word: outgoing above the words, incoming below them.
const MOST_LINES = 20;
/** Lines weaker than this share of the strongest in their direction are left out. */
const WEAKEST = 0.06;

function drawnLinks(incoming) {
  if (!at(incoming ? "incoming" : "outgoing").checked) return [];
  return links(state.token, incoming)
    .filter(({ other }) => other !== state.token && (at("frame").checked || !isFrame(other)))
    .slice(0, MOST_LINES);
}

/** Boxes of the tokens inside of the text, which may be scrolled. */
function tokenBoxes() {
  const outer = at("sentence").getBoundingClientRect();
  const { scrollLeft, scrollTop, clientLeft, clientTop } = at("sentence");
  return tokenButtons.map((button) => {
    const box = button.getBoundingClientRect();
    const left = box.left - outer.left - clientLeft + scrollLeft;
    const top = box.top - outer.top - clientTop + scrollTop;
    return { x: left + box.width / 2, top, bottom: top + box.height, width: box.width };
  });
}

/** A curve between two tokens: an arc on one line of text, an S from line to line. */
function curve(from, to, above, room) {
  const aside = above ? -2 : 2;
  if (Math.abs(from.top - to.top) < 12) {
    const start = above ? from.top - 2 : from.bottom + 2;
    const height = Math.min(room, 9 + Math.abs(to.x - from.x) * 0.08) * (above ? -4 / 3 : 4 / 3);
    // The ends lean towards each other, so that lines to both sides of a token can be told apart.
    const lean = Math.sign(to.x - from.x) * Math.min(from.width * 0.2, 8);
    const bend = (to.x - from.x) * 0.18;
    const [x1, x2] = [from.x + lean, to.x - lean * 0.5];
    return `M${x1} ${start} C${x1 + bend} ${start + height} ${x2 - bend} ${start + height} ${x2} ${start}`;
  }
  const down = to.top > from.top;
  const [y1, y2] = down ? [from.bottom + 2, to.top - 2] : [from.top - 2, to.bottom + 2];
  const bend = Math.sign(y2 - y1) * Math.max(room, Math.abs(y2 - y1) * 0.5);
  return `M${from.x + aside} ${y1} C${from.x + aside} ${y1 + bend} ${to.x + aside} ${y2 - bend} ${to.x + aside} ${y2}`;
}

function paintLines() {
  const svg = at("lines");
  svg.replaceChildren();
  const boxes = tokenBoxes();
  const lineHeight = parseFloat(getComputedStyle(at("sentence")).lineHeight);
  const room = Math.max(8, (lineHeight - (boxes[0].bottom - boxes[0].top)) / 2 + 4);
  svg.setAttribute("width", at("sentence").clientWidth);
  // The last line of text has as much below it, and the padding.
  svg.setAttribute("height", Math.max(...boxes.map((box) => box.bottom)) + room + 2);
  const found = [drawnLinks(false), drawnLinks(true)];
  const strongest = (some) => (some.length ? some[0].weight : 0);
  const most = Math.max(...found.map(strongest));
  [true, false].forEach((incoming) => {
    const some = found[Number(incoming)];
    // The strongest come last, on top.
    some.filter((link) => link.weight > 0 && link.weight >= strongest(some) * WEAKEST).reverse().forEach((link) => {
      const path = document.createElementNS(svg.namespaceURI, "path");
      const share = link.weight / most;
      path.setAttribute("d", curve(boxes[state.token], boxes[link.other], !incoming, room));
      path.setAttribute("class", incoming ? "in" : "out");
      path.style.strokeWidth = (1 + 3.8 * share).toFixed(2);
      path.style.opacity = (0.4 + 0.6 * share).toFixed(2);
      svg.append(path);
    });
  });
}
