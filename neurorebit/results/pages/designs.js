"use strict";
// Designs: two figures against each other, and what is kept by ranges in the parallel coordinates.
(window.neurorebitParts ??= []).push(({ data, token, shown, draw, special }) => {
  const designs = data.designs, figure = document.getElementById("trade");
  if (!designs || !figure) return;
  const numbers = designs.columns.filter((one) => one.numbers && one.values.some((v) => v !== null));
  const figures = numbers.filter((one) => !one.given);
  const controls = figure.querySelector(".choices"), place = figure.querySelector(".plot");
  const count = designs.commands.length;
  let kept = new Array(count).fill(true);
  function list(label, options, first) {
    const select = document.createElement("select");
    options.forEach((one) => select.add(new Option(one.name, one.name)));
    select.value = first.name;
    const set = document.createElement("label");
    set.append(`${label} `, select);
    controls.append(set);
    select.addEventListener("change", () => special.trade(place));
    return select;
  }
  const given = Object.keys(designs.fronts)[0]?.split("|") ?? [];
  const named = (name, other) => numbers.find((one) => one.name === name) ?? other;
  const x = list("Across", numbers, named(given[0], figures[0] ?? numbers[0]));
  const y = list("Up", numbers, named(given[1], figures[1] ?? figures[0] ?? numbers[0]));
  const status = document.createElement("p");
  status.className = "says";
  status.setAttribute("role", "status");
  const panel = document.createElement("p");
  panel.className = "command";
  panel.innerHTML = "<code></code><button type=\"button\" class=\"copy-text\">Copy</button><span role=\"status\" aria-live=\"polite\"></span>";
  panel.hidden = true;
  figure.append(status, panel);

  const unit = (one) => one.unit.split("/")[0].replace("m2", "m\u00b2").replace("ohm", "\u03a9");
  const said = (one, value) => one.unit === "%" && value !== null ? `${(100 * value).toFixed(2)} %` :
    typeof value === "string" ? value.replaceAll("&", "&amp;").replaceAll("<", "&lt;") : shown(value, unit(one));
  const safe = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replace(/(.{1,70})(\s|$)/g, "$1<br>");
  const about = (i) => designs.columns.map((one) => `${one.label}: ${said(one, one.values[i])}`).join("<br>") +
    `<br><br>${safe(designs.commands[i])}`;
  function scale(one) {
    if (one.unit === "%") return [100, "%"];
    const largest = Math.max(...one.values.map((v) => Math.abs(v ?? 0)));
    const [number, prefixed] = shown(largest, unit(one)).split(" ");
    return [largest && prefixed ? Number(number.replaceAll(",", "")) / Number(largest.toPrecision(4)) : 1, prefixed ?? ""];
  }
  special.trade = (at) => {
    const [a, b] = [x, y].map((select) => numbers.find((one) => one.name === select.value));
    const [fa, ua] = scale(a), [fb, ub] = scale(b);
    const marked = new Set(designs.front);
    const rows = [...Array(count).keys()].filter((i) => a.values[i] !== null && b.values[i] !== null);
    const points = (name, those, colour, size) => ({
      type: "scatter", mode: "markers", name, x: those.map((i) => a.values[i] * fa), y: those.map((i) => b.values[i] * fb),
      customdata: those.map((i) => [i, about(i)]), hovertemplate: "%{customdata[1]}<extra></extra>",
      marker: { color: colour, size, opacity: those.map((i) => kept[i] ? 0.85 : 0.08), line: { width: 0 } },
    });
    const traces = [points("designs", rows.filter((i) => !marked.has(i)), "#8fa3b0", 7)];
    if (marked.size) traces.push(points("on the front of all criteria", rows.filter((i) => marked.has(i)), "#d1495b", 9));
    const front = designs.fronts[`${a.name}|${b.name}`] ?? designs.fronts[`${b.name}|${a.name}`];
    if (front) {
      const line = front.filter((i) => rows.includes(i)).sort((p, q) => a.values[p] - a.values[q]);
      traces.push({ type: "scatter", mode: "lines", name: "front of these two", x: line.map((i) => a.values[i] * fa),
        y: line.map((i) => b.values[i] * fb), line: { color: token("--accent"), width: 1.5, shape: "linear" }, hoverinfo: "skip" });
    }
    draw(at, { data: traces, layout: { height: 480, hovermode: "closest",
      xaxis: { title: { text: `${a.label}${ua ? ` [${ua}]` : ""}` } }, yaxis: { title: { text: `${b.label}${ub ? ` [${ub}]` : ""}` } } } });
    const inside = rows.filter((i) => kept[i]).length;
    status.textContent = inside === rows.length ? `${rows.length.toLocaleString("en-US")} designs` :
      `${inside.toLocaleString("en-US")} of ${rows.length.toLocaleString("en-US")} designs are within the ranges above`;
  };
  // without WebGL, lines in SVG, which keep no ranges
  const webgl = Boolean(document.createElement("canvas").getContext("webgl"));
  special.parallel = (at) => {
    const plot = data.figures.parallel[""], marked = new Set(designs.front);
    if (webgl) return draw(at, plot);
    at.closest("figure").querySelector(".says").textContent =
      "A line is a design. This browser has no WebGL, without which no ranges can be kept.";
    const axes = plot.data[0].dimensions.map((one) => {
      const there = one.values.filter((value) => value !== null);
      return { ...one, low: Math.min(...there), high: Math.max(...there) };
    });
    const lines = (name, front, color, width) => {
      const trace = { type: "scatter", mode: "lines", name, x: [], y: [], customdata: [],
        hovertemplate: "%{customdata}<extra></extra>", line: { color, width } };
      plot.order.forEach((i, row) => {
        if (marked.has(i) !== front) return;
        const text = about(i);
        axes.forEach((one, k) => {
          const value = one.values[row];
          trace.x.push(k);
          trace.y.push(value === null ? null : (value - one.low) / (one.high - one.low || 1));
          trace.customdata.push(text);
        });
        trace.x.push(null); trace.y.push(null); trace.customdata.push("");
      });
      return trace;
    };
    const end = (one, value) => one.ticktext?.[one.tickvals.indexOf(value)] ?? Number(value.toPrecision(4));
    const note = (k, y, text) => ({ x: k, y, text, showarrow: false, yshift: y ? 12 : -12 });
    return draw(at, { data: [lines("designs", false, "#8fa3b0", 0.6), lines("on the front", true, "#d1495b", 1.2)],
      layout: { height: 440, hovermode: "closest", showlegend: false,
        xaxis: { tickvals: axes.map((one, k) => k), ticktext: axes.map((one) => one.label) },
        yaxis: { visible: false, range: [-0.1, 1.1] },
        annotations: axes.flatMap((one, k) => [note(k, 0, end(one, one.low)), note(k, 1, end(one, one.high))]) } });
  };
  addEventListener("load", () => {
    place.on?.("plotly_click", (event) => {
      const i = event.points[0].customdata?.[0];
      if (i === undefined) return;
      panel.hidden = false;
      panel.querySelector("code").textContent = designs.commands[i];
    });
    const parallel = document.querySelector("#parallel .plot");
    parallel?.on?.("plotly_restyle", () => {
      const trace = parallel.data[0], order = data.figures.parallel[""].order;
      const inside = (value, ranges) => ranges.some(([low, high]) => value >= low && value <= high);
      const ranges = trace.dimensions.map((one) => !one.constraintrange ? null :
        Array.isArray(one.constraintrange[0]) ? one.constraintrange : [one.constraintrange]);
      kept = new Array(count).fill(true);
      order.forEach((i, row) => {
        kept[i] = trace.dimensions.every((one, k) => !ranges[k] || inside(one.values[row], ranges[k]));
      });
      special.trade(place);
    });
  });
});
