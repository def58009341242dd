/** Numbers of three digits, as people write them. */
function digits(x) {
  if (x === null || x === undefined) return "";
  const size = Math.abs(x);
  return size >= 100 ? x.toFixed(0) : size >= 10 ? x.toFixed(1) : x.toFixed(2);
}

function duration(seconds) {
  return seconds >= 1 ? digits(seconds) + " s" : seconds >= 1e-3 ? digits(seconds * 1e3) + " ms" : digits(seconds * 1e6) + " µs";
}

function bytes(count) {
  return count === null || count === undefined ? "" : count >= 1e6 ? digits(count / 1e6) + " MB" : count >= 1e4 ? digits(count / 1e3) + " kB" : count + " B";
}

/**
 * A table whose columns sort it. A column has a name, the value of a row (to sort by) and its text; rows without a value come last.
 */
function table(parent, columns, rows) {
  const root = d3.select(parent).append("table");
  const head = root.append("thead").append("tr");
  const body = root.append("tbody");
  let down = null;
  head.selectAll("th").data(columns).join("th").attr("aria-sort", "none").append("button").attr("type", "button")
    .text(column => column.name)
    .on("click", (event, column) => {
      down = down === column ? null : column;
      const order = down ? d3.descending : d3.ascending;
      head.selectAll("th").attr("aria-sort", other => other === column ? down ? "descending" : "ascending" : "none");
      fill([...rows].sort((a, b) => missing(column.value(a)) - missing(column.value(b)) || order(column.value(a), column.value(b))));
    });
  const missing = value => value === null || value === undefined ? 1 : 0;
  function fill(sorted) {
    body.selectAll("tr").data(sorted).join("tr").each(function (row) {
      d3.select(this).selectAll("td").data(columns).join("td")
        .attr("class", column => column.style ? column.style(row) : null)
        .text(column => column.text(row));
    });
  }
  fill(rows);
}
