// What the command demo has measured: the error and the times of the first layer's self-attention.
const ms = (time) => (time < 1 ? time.toFixed(3) : time < 100 ? time.toFixed(2) : time.toFixed(0));
const UNSETTLED = " * Not settled: times still changed when the warm-up had to end. The machine was busy; measure again when it is quiet.";
const speedUp = (timing) => (timing.scalarMs / timing.pathMs).toFixed(1) + "×";

function fact(name, value, note) {
  const box = make(at("facts"), "div");
  make(box, "dt", name);
  make(make(box, "dd", value), "small", note);
}
function buildFacts(measured) {
  const path = measured.vector ? "SIMD" : "plain Java";
  const longest = measured.timings[measured.timings.length - 1];
  const note = longest.tokens + " tokens" + (longest.settled ? "" : "; not settled");
  fact("Path", measured.path, measured.vector ? measured.lanes + " lanes of fp32" : "SIMD needs --add-modules jdk.incubator.vector");
  fact("Error, " + path, measured.pathError.toExponential(1), "from the reference in double; largest value " + measured.largest.toFixed(2));
  fact("Error, scalar", measured.scalarError.toExponential(1), "plain Java loops, same reference");
  if (measured.vector) fact("Speed-up, whole layer", speedUp(longest), "SIMD against scalar, " + note);
  else fact("Whole layer", ms(longest.pathMs) + " ms", note);
}
function row(parent, tag, cells) {
  const line = make(parent, "tr");
  cells.forEach((text) => make(line, tag, text));
  return line;
}
function buildTable(measured, length) {
  const box = make(at("times"), "div");
  make(box, "h3", length + " tokens");
  const table = make(box, "table");
  row(make(table, "thead"), "th", ["kernel", "scalar", ...(measured.vector ? ["SIMD", "speed-up"] : []), "of peak"]);
  const body = make(table, "tbody");
  measured.timings.filter((timing) => timing.tokens === length).forEach((timing) => {
    const peak = timing.fractionOfPeak === undefined ? "" : Math.round(100 * timing.fractionOfPeak) + " %";
    const simd = measured.vector ? [ms(timing.pathMs), speedUp(timing)] : [];
    const line = row(body, "td", [timing.step + (timing.settled ? "" : " *"), ms(timing.scalarMs), ...simd, peak]);
    if (timing.step === "whole layer") line.className = "whole";
  });
}
function buildMeasured() {
  const { measured } = data;
  if (!measured) return;
  at("measured").hidden = false;
  buildFacts(measured);
  at("timesNote").textContent = "self-attention of layer 1 on this text, repeated · best times in ms · one thread"
    + (measured.threads > 1 ? ", whole layer " + measured.threads : "");
  new Set(measured.timings.map((timing) => timing.tokens)).forEach((length) => buildTable(measured, length));
  at("timesFoot").textContent = "Peak: what the fused multiply-adds of " + (measured.threads > 1 ? "the cores used" : "one core")
    + " reach in a loop that does nothing else. Twelve heads, 384 wide; the layer has four projections, the kernels are timed over all heads."
    + (measured.timings.every((timing) => timing.settled) ? "" : UNSETTLED);
}
