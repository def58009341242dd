/** Drawn at the width that there is, so that text has its size on narrow screens, too. */
const SIZE = {width: Math.max(280, document.querySelector("#roofline .content").clientWidth), height: 320, left: 52, right: 16, top: 14, bottom: 40};

function frame(parent, label) {
  return d3.select(parent).append("svg").attr("viewBox", [0, 0, SIZE.width, SIZE.height]).attr("role", "img").attr("aria-label", label);
}

function axes(svg, x, y, xText, yText, xAxis, yAxis) {
  svg.append("g").attr("transform", `translate(0,${SIZE.height - SIZE.bottom})`).call(xAxis);
  svg.append("g").attr("transform", `translate(${SIZE.left},0)`).call(yAxis);
  svg.append("text").attr("x", (SIZE.left + SIZE.width - SIZE.right) / 2).attr("y", SIZE.height - 4).attr("text-anchor", "middle").text(xText);
  svg.append("text").attr("x", 2).attr("y", 10).text(yText);
}

/** One dot a case under the roof that peak and bandwidth make. */
function roofline(parent, cases) {
  const points = cases.filter(of => of.result.gflops && of.result.bytesPerSecond)
    .map(of => ({of, intensity: of.result.gflops * 1e9 / of.result.bytesPerSecond, gflops: of.result.gflops}));
  if (!points.length) return;
  const peak = d3.median(points, point => point.of.result.fmaPeakGflops);
  const bandwidth = d3.max(points, point => point.of.result.readBandwidth) / 1e9;
  const svg = frame(parent, "Speed of each case against its operations a byte");
  const x = d3.scaleLog().domain([d3.min(points, p => p.intensity) / 1.5, d3.max(points, p => p.intensity) * 1.5]).range([SIZE.left, SIZE.width - SIZE.right]);
  const y = d3.scaleLog().domain([d3.min(points, p => p.gflops) / 1.5, peak * 1.3]).range([SIZE.height - SIZE.bottom, SIZE.top + 8]);
  axes(svg, x, y, "operations a byte", "GFLOP/s", d3.axisBottom(x).ticks(5, "~g"), d3.axisLeft(y).ticks(4, "~g"));
  const knee = peak / bandwidth;
  const low = Math.max(x.domain()[0], y.domain()[0] / bandwidth);
  const roof = [[low, low * bandwidth], [Math.max(low, Math.min(knee, x.domain()[1])), Math.min(peak, x.domain()[1] * bandwidth)], [x.domain()[1], Math.min(peak, x.domain()[1] * bandwidth)]];
  svg.append("path").attr("d", d3.line(d => x(d[0]), d => y(d[1]))(roof)).attr("fill", "none").attr("stroke", "var(--two)").attr("stroke-width", 2);
  svg.selectAll("circle").data(points).join("circle").attr("cx", p => x(p.intensity)).attr("cy", p => y(p.gflops)).attr("r", 4)
    .attr("fill", "var(--one)").attr("fill-opacity", .75)
    .append("title").text(p => `${p.of.title}: ${digits(p.gflops)} GFLOP/s, ${digits(p.intensity)} operations a byte`);
  svg.append("text").attr("x", SIZE.width - SIZE.right).attr("y", y(peak) - 6).attr("text-anchor", "end").text(`peak ${digits(peak)} GFLOP/s`);
}

/** Fractions of the peak against a size, a line for each series. */
function lines(parent, xText, series) {
  const all = series.flatMap(of => of.cases);
  if (!all.length) return;
  const svg = frame(parent, "Fraction of the FMA peak against " + xText);
  const sizes = [...new Set(all.map(of => of.x))].sort(d3.ascending);
  const x = d3.scaleLog().base(2).domain([sizes[0] / 1.2, sizes.at(-1) * 1.2]).range([SIZE.left, SIZE.width - SIZE.right]);
  const y = d3.scaleLinear().domain([0, 1]).range([SIZE.height - SIZE.bottom, SIZE.top + 8]);
  axes(svg, x, y, xText, "of the FMA peak", d3.axisBottom(x).tickValues(sizes).tickFormat(d3.format("d")), d3.axisLeft(y).ticks(5, "%"));
  for (const of of series) {
    const points = [...of.cases].sort((a, b) => a.x - b.x);
    svg.append("path").attr("d", d3.line(p => x(p.x), p => y(p.result.fractionOfPeak))(points)).attr("fill", "none").attr("stroke", of.colour).attr("stroke-width", 2);
    svg.append("g").selectAll("circle").data(points).join("circle").attr("cx", p => x(p.x)).attr("cy", p => y(p.result.fractionOfPeak)).attr("r", 4).attr("fill", of.colour)
      .append("title").text(p => `${p.title}: ${d3.format(".0%")(p.result.fractionOfPeak)}, ${duration(p.result.secondsBest)}`);
  }
  if (series.length > 1) {
    for (const of of series) {
      const key = d3.select(parent).append("span").attr("class", "key");
      key.append("i").style("background", of.colour);
      key.append("span").text(of.name);
    }
  }
}

/** A mark for each duel's ratio with its quartiles, on a logarithmic scale, and a line where both are as fast. The mark points up where Lanewise is faster, down where it is slower. */
function ratios(parent, duels, verdict) {
  const narrow = parent.clientWidth < 560, width = Math.max(280, parent.clientWidth), left = Math.min(430, width * .6), step = narrow ? 34 : 22, height = duels.length * step + 34;
  const svg = d3.select(parent).append("svg").attr("viewBox", [0, 0, width, height]).attr("role", "img").attr("aria-label", "How many times as fast Lanewise is as each program");
  const x = d3.scaleLog().domain([Math.min(.8, d3.min(duels, of => of.low)) / 1.05, Math.max(1.25, d3.max(duels, of => of.high)) * 1.05]).range([left, width - 50]);
  svg.append("g").attr("transform", `translate(0,${height - 24})`).call(d3.axisBottom(x).tickValues((narrow ? [.25, 1, 4, 16] : [.25, .5, 1, 2, 4, 8, 16, 32]).filter(t => t >= x.domain()[0] && t <= x.domain()[1])).tickFormat(d3.format("~g")));
  svg.append("line").attr("x1", x(1)).attr("x2", x(1)).attr("y1", 0).attr("y2", height - 24).attr("stroke", "var(--two)").attr("stroke-dasharray", "4 3");
  const colour = duel => ({good: "var(--good)", bad: "var(--bad)"})[verdict(duel)] ?? "var(--soft)";
  const g = svg.selectAll(".duel").data(duels).join("g").attr("class", "duel").attr("transform", (duel, i) => `translate(0,${i * step + 4})`);
  g.append("text").attr("x", left - 8).attr("y", 13).attr("text-anchor", "end").text(duel => narrow ? duel.title : `${duel.title} · ${duel.peer.split(",")[0]}${duel.peer.includes("opset") ? " Attention" : ""}`);
  if (narrow) g.append("text").attr("x", left - 8).attr("y", 26).attr("text-anchor", "end").text(duel => duel.peer.split(",")[0] + (duel.peer.includes("opset") ? " Att." : ""));
  g.append("line").attr("x1", duel => x(duel.low)).attr("x2", duel => x(duel.high)).attr("y1", 9).attr("y2", 9).attr("stroke", colour).attr("stroke-width", 3).attr("stroke-opacity", .5);
  const shape = duel => d3.symbol(verdict(duel) ? d3.symbolTriangle : d3.symbolCircle, 55)();
  g.append("path").attr("d", shape).attr("transform", duel => `translate(${x(duel.ratio)},9)${verdict(duel) === "bad" ? " rotate(180)" : ""}`).attr("fill", colour)
    .append("title").text(duel => `${duel.title} against ${duel.peer}: ${digits(duel.ratio)} (quartiles ${digits(duel.low)} to ${digits(duel.high)}), ${duration(duel.result.secondsBest)} against ${duration(duel.result.peerSeconds)}`);
  g.append("text").attr("class", "mark").attr("x", duel => x(duel.high) + 9).attr("y", 13).text(duel => digits(duel.ratio) + " ×");
}

/** A bar for each row, with its value behind it; and a line at a limit, if there is one. */
function bars(parent, label, rows, text, limit) {
  if (!rows.length) return;
  const left = Math.min(190, SIZE.width * .45), step = 30, height = rows.length * step + 8;
  const svg = d3.select(parent).append("svg").attr("viewBox", [0, 0, SIZE.width, height]).attr("role", "img").attr("aria-label", label);
  const x = d3.scaleLinear().domain([0, Math.max(limit ?? 0, d3.max(rows, row => row.value))]).range([left, SIZE.width - 70]);
  if (limit) {
    svg.append("line").attr("x1", x(limit)).attr("x2", x(limit)).attr("y1", 0).attr("y2", height).attr("stroke", "var(--two)").attr("stroke-width", 2).attr("stroke-dasharray", "4 3");
  }
  const g = svg.selectAll("g").data(rows).join("g").attr("transform", (row, i) => `translate(0,${i * step + 4})`);
  g.append("text").attr("x", left - 8).attr("y", 16).attr("text-anchor", "end").text(row => row.name);
  g.append("rect").attr("x", left).attr("y", 3).attr("height", 18).attr("rx", 3).attr("width", row => x(row.value) - left).attr("fill", "var(--one)");
  g.append("text").attr("class", "mark").attr("x", row => x(row.value) + 6).attr("y", 16).text(row => text(row.value));
}
