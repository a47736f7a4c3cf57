"use strict";
// The parts of one layer: that which was clicked in a figure by layer, or is taken in the list.
(window.neurorebitParts ??= []).push(({ data, all, shown, percent, draw, special }) => {
  const details = data.details, figure = document.getElementById("layer");
  if (!details || !figure) return;
  const MOST = 30;
  const controls = figure.querySelector(".choices");
  function list(label, options) {
    const select = document.createElement("select");
    for (const [value, text] of options) select.add(new Option(text, value));
    const set = document.createElement("label");
    set.append(`${label} `, select);
    controls.append(set);
    select.addEventListener("change", () => special.layer(figure.querySelector(".plot")));
    return select;
  }
  const layer = list("Layer", details.names.map((name, i) => [i, name]));
  const of = list("Of", [...Object.keys(details.groups).map((name) => [name, `energy: ${name}`]), ["area", "area"]]);
  const below = document.createElement("details");
  below.innerHTML = "<summary>As a table</summary><div class=\"table\"></div><p class=\"tools\">" +
    "<button type=\"button\" class=\"copy\">Copy the table</button><span role=\"status\" aria-live=\"polite\"></span></p>";
  figure.append(below);

  function amounts() {
    const one = details.layers[layer.value], unit = of.value === "area" ? "m\u00b2" : "J";
    const groups = of.value === "area" ? { area: one.area } :
      Object.fromEntries(details.groups[of.value].map((name) => [name, one.energy[name]]));
    const parts = new Map();
    for (const [name, packed] of Object.entries(groups))
      for (let i = 0; i < packed.length; i += 2) {
        if (!parts.has(packed[i])) parts.set(packed[i], {});
        parts.get(packed[i])[name] = packed[i + 1];
      }
    const sum = (row) => Object.values(row).reduce((a, b) => a + b, 0);
    const rows = [...parts].map(([part, row]) => ({ part, row, sum: sum(row) })).sort((a, b) => b.sum - a.sum);
    return { unit, names: Object.keys(groups), rows, whole: rows.reduce((a, one) => a + one.sum, 0) };
  }
  function table({ unit, names, rows, whole }) {
    const made = document.createElement("table");
    const caption = made.createCaption();
    caption.textContent = `Parts of ${details.names[layer.value]}: ${of.selectedOptions[0].text}`;
    const head = made.createTHead().insertRow();
    for (const name of ["part", ...names, ...(names.length > 1 ? ["sum"] : []), "share"]) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.setAttribute("aria-sort", "none");
      if (name !== "part") cell.className = "n";
      if (name !== "part" && name !== "share") cell.dataset.unit = unit.replace("\u00b2", "2");
      const button = document.createElement("button");
      button.type = "button"; button.className = "sort"; button.textContent = name;
      cell.append(button);
      head.append(cell);
    }
    const body = made.createTBody();
    for (const { part, row, sum } of rows) {
      const line = body.insertRow(), first = document.createElement("th");
      first.scope = "row"; first.textContent = details.parts[part]; first.dataset.v = details.parts[part];
      line.append(first);
      const add = (value, text) => {
        const cell = line.insertCell();
        cell.className = "n"; cell.textContent = text;
        if (value !== undefined) cell.dataset.v = value;
      };
      for (const name of names) add(row[name], shown(row[name] ?? 0, unit));
      if (names.length > 1) add(sum, shown(sum, unit));
      add(sum / whole, percent(sum / whole));
    }
    below.querySelector(".table").replaceChildren(made);
  }
  special.layer = (place) => {
    const found = amounts(), { unit, names, rows, whole } = found;
    const top = rows.slice(0, MOST), factor = unit === "J" ? 1 : 1e6;
    table(found);
    const traces = names.map((name) => ({
      type: "bar", orientation: "h", name,
      y: top.map((one, i) => i), x: top.map((one) => (one.row[name] ?? 0) * factor),
      customdata: top.map((one) => [`<b>${details.labels[one.part]}</b><br>${name}: ` +
        `${shown(one.row[name] ?? 0, unit)}<br>${percent((one.row[name] ?? 0) / whole)} of the layer`]),
      hovertemplate: "%{customdata[0]}<extra></extra>",
      marker: { color: details.colours[name] ?? "#4e79a7" },
    }));
    draw(place, { data: traces, layout: {
      barmode: "stack", bargap: 0.25, height: Math.max(220, 22 * top.length + 110), showlegend: names.length > 1,
      xaxis: unit === "J" ? { tickformat: "~s", ticksuffix: "J" } : { title: { text: "area [mm\u00b2]" } },
      yaxis: { tickvals: top.map((one, i) => i), ticktext: top.map((one) => details.labels[one.part]), range: [top.length - 0.4, -0.6] },
      annotations: rows.length > MOST ? [{ text: `the ${MOST} largest of ${rows.length} parts; the table has all`,
        xref: "paper", yref: "paper", x: 1, y: 0, xanchor: "right", yanchor: "bottom", showarrow: false }] : [],
    } });
    place.setAttribute("aria-label", `Parts of ${details.names[layer.value]}, ${of.selectedOptions[0].text}`);
    return found;
  };
  addEventListener("load", () => {
    for (const name of ["energy", "time", "area"]) {
      const place = document.querySelector(`#${name} .plot`);
      place?.on?.("plotly_click", (event) => {
        layer.value = event.points[0].pointNumber;
        if (name === "area") of.value = "area";
        else of.value = document.querySelector(`#${name} .choices input:checked`).value;
        special.layer(figure.querySelector(".plot"));
        figure.scrollIntoView({ block: "nearest" });
      });
    }
  });
});
