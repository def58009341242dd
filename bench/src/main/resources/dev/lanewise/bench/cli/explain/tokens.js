// The text, token by token, and the list of its strongest links.
const LISTED = 6;
let tokenButtons = [];

function buildSentence() {
  const parent = at("sentence");
  parent.classList.toggle("long", count > 80);
  let word = parent;
  tokens.forEach((text, token) => {
    const isPiece = text.startsWith("##") && text.length > 2;
    // The pieces of a word stay on one line.
    if (!isPiece) {
      word = make(parent, "span");
      word.style.whiteSpace = "nowrap";
    }
    const button = make(word, "button", isPiece ? text.slice(2) : text, isFrame(token) ? "frame" : isPiece ? "piece" : "");
    button.type = "button";
    button.addEventListener("click", () => { choose({ token }); reveal(token); });
    button.addEventListener("keydown", (event) => onTokenKey(event, token));
    if (!isPiece) word.after(" ");
  });
  tokenButtons = [...parent.querySelectorAll("button")];
}

function onTokenKey(event, token) {
  const aside = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const line = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const end = { Home: 0, End: count - 1 }[event.key];
  if (aside) moveFocus(event, tokenButtons, clamp(token + aside, 0, count - 1));
  if (line) moveFocus(event, tokenButtons, nextLine(token, line));
  if (end !== undefined) moveFocus(event, tokenButtons, end);
}

/** The token nearest above or below. */
function nextLine(token, direction) {
  const middles = tokenButtons.map((button) => {
    const box = button.getBoundingClientRect();
    return { x: box.left + box.width / 2, y: box.top + box.height / 2, height: box.height };
  });
  const from = middles[token];
  let nearest = token;
  let least = Infinity;
  middles.forEach(({ x, y }, other) => {
    const down = (y - from.y) * direction;
    // Lines count more than columns, since the next line is what is asked for.
    const distance = down * 1000 + Math.abs(x - from.x);
    if (down > from.height / 2 && distance < least) {
      least = distance;
      nearest = other;
    }
  });
  return nearest;
}

function paintSentence() {
  tokenButtons.forEach((button, token) => {
    const colour = shade(weight(state.token, token), shown.largest);
    button.style.background = css(colour);
    button.style.color = inkOn(colour);
    button.setAttribute("aria-pressed", token === state.token);
    button.title = tokens[state.token] + " → " + tokens[token] + " " + number(weight(state.token, token));
  });
  if (!tokenButtons.includes(document.activeElement)) rove(tokenButtons, state.token);
}

function paintList(title, list, words, found, most) {
  at(title).replaceChildren();
  make(at(title), "bdi", "“" + tokens[state.token] + "”");
  at(title).append(" " + words);
  at(list).replaceChildren();
  found.slice(0, LISTED).filter((link) => link.weight > 0).forEach((link) => {
    const item = make(at(list), "li");
    make(item, "bdi", tokens[link.other]);
    make(make(item, "div"), "i").style.width = (100 * link.weight) / most + "%";
    make(item, "span", number(link.weight));
  });
}
function paintLists() {
  at("outgoingName").textContent = outWords();
  at("incomingName").textContent = inWords();
  const outgoing = links(state.token, false);
  const incoming = links(state.token, true);
  const most = Math.max(outgoing[0].weight, incoming[0].weight);
  paintList("outTitle", "outList", outWords(), outgoing, most);
  paintList("inTitle", "inList", inWords(), incoming, most);
}
