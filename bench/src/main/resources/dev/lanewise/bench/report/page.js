const {report, changes} = JSON.parse(document.getElementById("data").textContent);
const cases = report.cases.filter(of => of.result);
const byChart = name => cases.filter(of => of.chart === name);
const own = cases.filter(of => of.chart !== "PEER");
const content = id => document.querySelector(`#${id} .content`);
const hideIf = (id, empty) => { document.getElementById(id).hidden = empty; };

const threads = `${report.threads} ${report.threads === 1 ? "thread" : "threads"}`;
document.getElementById("where").textContent = `${report.machine.cpu}, ${report.machine.processors} processors, ${report.machine.os}; `
  + `Java ${report.jdk.version} (${report.jdk.vendor}), kernels ${report.machine.kernels}, ${threads}, `
  + `${report.suite} suite, ${cases.length} cases${report.cases.length > cases.length ? `, ${report.cases.length - cases.length} failed` : ""}.`;

roofline(content("roofline"), own);
lines(content("length"), "queries and keys", [
  {name: "all keys", cases: byChart("LENGTH"), colour: "var(--one)"},
  {name: "causal", cases: byChart("CAUSAL"), colour: "var(--two)"}]);
const widths = byChart("WIDTH").concat(byChart("WIDTH").length ? cases.filter(of => of.id === "attention-L512").map(of => ({...of, x: 64})) : []);
lines(content("width"), "width of a head", [{name: "attention", cases: widths, colour: "var(--one)"}]);

const decode = byChart("DECODE");
bars(content("decode"), "Gigabytes a second of each kind of cache",
  decode.map(of => ({name: of.title.replace("decode, ", "").replace(", 4096 keys", ""), value: of.result.bytesPerSecond / 1e9})), value => digits(value) + " GB/s",
  d3.median(decode, of => of.result.readBandwidth / 1e9));

const paths = d3.group(byChart("SCALAR"), of => of.title);
const speedUps = [...paths].map(([name, pair]) => ({name, scalar: pair.find(of => of.id.endsWith("-scalar")), vector: pair.find(of => of.id.endsWith("-vector"))}))
  .filter(pair => pair.scalar && pair.vector).map(pair => ({name: pair.name, value: pair.scalar.result.secondsBest / pair.vector.result.secondsBest}));
bars(content("scalar"), "Times as fast as plain Java", speedUps, value => digits(value) + " ×");

for (const [id, name] of [["roofline", null], ["length", "LENGTH"], ["width", "WIDTH"], ["decode", "DECODE"]]) {
  hideIf(id, name ? !byChart(name).length && !(id === "length" && byChart("CAUSAL").length) : !cases.some(of => of.result.gflops));
}
hideIf("scalar", !speedUps.length);

const duels = byChart("PEER").map(of => ({...of, peer: of.result.peer, ratio: of.result.ratio, low: of.result.lowerRatio, high: of.result.upperRatio}));
const verdict = duel => duel.low >= 1.005 ? "good" : duel.high <= .995 ? "bad" : null;
const unsettled = duel => duel.result.settled === false;
const ratioText = duel => `${{good: "▲ ", bad: "▼ "}[verdict(duel)] ?? ""}${digits(duel.ratio)} ×${unsettled(duel) ? "*" : ""}`;
if (duels.length) {
  const peers = [...new Set(duels.map(of => of.peer))];
  const rows = [...d3.group(duels, of => of.title)].map(([name, all]) => ({name, all, of: peer => all.find(duel => duel.peer === peer), fastest: d3.least(all, of => of.ratio)}))
    .sort((a, b) => d3.descending(a.fastest.ratio, b.fastest.ratio));
  const slower = rows.filter(row => verdict(row.fastest) === "bad").length;
  document.getElementById("slower").textContent = `In ${slower} of ${rows.length} cases Lanewise is slower than the fastest of the others. ${threads} unless the case says two.`
    + (duels.some(unsettled) ? " *: not settled when it was measured, as on a busy machine." : "");
  const column = (name, duel) => ({name, value: row => duel(row)?.ratio, text: row => duel(row) ? ratioText(duel(row)) : "", style: row => duel(row) ? verdict(duel(row)) : null});
  table(content("peers"), [{name: "case", value: row => row.name, text: row => row.name},
    {name: "Lanewise", value: row => d3.min(row.all, of => of.result.secondsBest), text: row => duration(d3.min(row.all, of => of.result.secondsBest))},
    column("fastest of the others", row => row.fastest), ...peers.map(peer => column(peer, row => row.of(peer)))], rows);
  ratios(document.getElementById("ratios"), [...duels].sort((a, b) => d3.descending(a.ratio, b.ratio)), verdict);
} else {
  document.getElementById("slower").remove();
  d3.select(content("peers")).append("p").text("None in this build: mvn -Ppeers -DskipTests package adds ONNX Runtime, PyTorch, OpenBLAS, ND4J, DJL and Jlama.");
}

const change = of => changes[of.id];
const title = of => of.title + (of.chart === "PEER" ? " against " + of.result.peer : of.chart === "SCALAR" ? of.id.endsWith("-scalar") ? " (plain Java)" : " (SIMD)" : "")
  + (of.result.settled === false ? ", not settled" : "");
const columns = [
  {name: "case", value: title, text: title},
  {name: "best", value: of => of.result.secondsBest, text: of => duration(of.result.secondsBest)},
  {name: "middle", value: of => of.result.secondsMedian, text: of => duration(of.result.secondsMedian)},
  {name: "GFLOP/s", value: of => of.result.gflops, text: of => digits(of.result.gflops)},
  {name: "of peak", value: of => of.result.fractionOfPeak, text: of => of.result.fractionOfPeak === null || of.result.fractionOfPeak === undefined ? "" : d3.format(".0%")(of.result.fractionOfPeak)},
  {name: "GB/s", value: of => of.result.bytesPerSecond, text: of => of.result.bytesPerSecond ? digits(of.result.bytesPerSecond / 1e9) : ""},
  {name: "allocated a call", value: of => of.result.allocatedBytesPerCall, text: of => bytes(of.result.allocatedBytesPerCall)}];
if (Object.keys(changes).length) {
  columns.push({
    name: "against before", value: of => change(of)?.ratio, text: of => change(of) ? `${digits(change(of).ratio)} × ± ${d3.format(".0%")(change(of).noise)}` : "",
    style: of => ({FASTER: "good", SLOWER: "bad"})[change(of)?.verdict] ?? null});
  hideIf("changes", false);
  const list = d3.select(content("changes"));
  const beyond = cases.filter(of => change(of) && change(of).verdict !== "SAME");
  list.append("p").text(beyond.length ? "" : "None: every case is within the noise of the two runs.");
  list.append("ul").selectAll("li").data(beyond).join("li").attr("class", of => change(of).verdict === "FASTER" ? "good" : "bad")
    .text(of => `${title(of)}: ${change(of).verdict.toLowerCase()}, ${digits(change(of).ratio)} times as fast`);
}
table(content("summary"), columns, own);
hideIf("summary", !own.length);

const checked = cases.filter(of => typeof of.result.maxAbsError === "number");
hideIf("accuracy", !checked.length);
const power = x => x === null || x === undefined ? "" : x === 0 ? "0" : x.toExponential(1);
table(content("accuracy"), [
  {name: "case", value: title, text: title},
  {name: "error", value: of => of.result.maxAbsError, text: of => power(of.result.maxAbsError)},
  {name: "plain", value: of => of.result.referenceError, text: of => power(of.result.referenceError)},
  {name: "the other program's", value: of => of.result.peerError, text: of => power(of.result.peerError)},
  {name: "error / plain", value: of => of.result.maxAbsError / of.result.referenceError, text: of => of.result.referenceError ? digits(of.result.maxAbsError / of.result.referenceError) : ""},
  {name: "of the format", value: of => of.result.formatError, text: of => power(of.result.formatError)}], checked);
