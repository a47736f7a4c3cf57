"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const all = (query, within = document) => [...within.querySelectorAll(query)];
  const token = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  // --- light and dark: as the system has it, until the reader takes one
  const system = matchMedia("(prefers-color-scheme: dark)");
  const button = document.getElementById("theme");
  let taken = null;
  function theme(name) {
    root.dataset.theme = name;
    button.textContent = name === "dark" ? "Light" : "Dark";
    button.setAttribute("aria-label", `Show the page ${name === "dark" ? "light" : "dark"}`);
  }
  const current = () => taken ?? (system.matches ? "dark" : "light");
  theme(current());
  system.addEventListener("change", () => { theme(current()); drawAll(); });
  button.addEventListener("click", () => {
    taken = current() === "dark" ? "light" : "dark";
    theme(taken);
    drawAll();
  });

  // --- numbers, as the page writes them elsewhere
  const prefixes = ["T", "G", "M", "k", "", "m", "\u00b5", "n", "p", "f", "a"];
  function shown(value, unit) {
    if (value === null || value === undefined) return "\u2013";
    const power = unit.endsWith("\u00b2") ? 2 : 1;
    let size = 1, prefix = "";
    if (value !== 0 && unit) {
      for (const [i, one] of prefixes.entries()) {
        size = 10 ** ((12 - 3 * i) * power);
        prefix = one;
        if (Math.abs(value) >= size * (1 - 1e-12)) break;
      }
    }
    const number = Number((value / size).toPrecision(4));
    const grouped = Math.abs(number) >= 1000 && Math.abs(number) < 1e6;
    return `${grouped ? number.toLocaleString("en-US") : number} ${prefix}${unit}`.trim();
  }
  const percent = (share) => `${(100 * share).toFixed(1)} %`;

  // --- figures
  function layout(own) {
    const ink = token("--ink"), grid = token("--grid");
    const axis = { gridcolor: grid, linecolor: token("--line"), zerolinecolor: grid, automargin: true };
    const made = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", autosize: true,
      margin: { l: 60, r: 16, t: 16, b: 44 },
      hoverlabel: { bgcolor: token("--panel"), bordercolor: token("--line"), font: { color: ink }, align: "left" },
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, traceorder: "normal" },
      ...own,
      font: { family: getComputedStyle(document.body).fontFamily, size: 12.5, color: ink },
    };
    for (const key of new Set(["xaxis", "yaxis", ...Object.keys(own).filter((k) => /^[xy]axis/.test(k))]))
      made[key] = { ...axis, ...own[key] };
    return made;
  }
  const config = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };
  function draw(place, plot) {
    const traces = plot.data.map((trace) => {
      const made = { ...trace };
      if (["treemap", "icicle", "sunburst"].includes(trace.type))
        made.marker = { line: { color: token("--panel"), width: 1.5 }, ...trace.marker };
      if (trace.type === "parcoords")
        Object.assign(made, { labelfont: { color: token("--ink") }, tickfont: { color: token("--soft") }, rangefont: { color: token("--soft") } });
      return made;
    });
    if (plot.layout.height) place.style.minHeight = `${plot.layout.height}px`;
    return Plotly.react(place, traces, layout(plot.layout), config);
  }
  function view(place) {
    const name = place.dataset.figure;
    const chosen = all(`#${CSS.escape(name)} .choices input:checked`).map((input) => input.value);
    return data.figures[name][chosen.join("|")];
  }
  const special = {};
  function drawOne(place) {
    const name = place.dataset.figure;
    if (special[name]) return special[name](place);
    const plot = view(place);
    if (plot) draw(place, plot);
    return plot;
  }
  const places = () => all(".plot[data-figure]");
  const drawAll = () => places().forEach(drawOne);

  // choices that lead to no view cannot be taken
  function choices(figure) {
    const views = Object.keys(data.figures[figure.id] ?? {}).map((key) => key.split("|"));
    const sets = all("fieldset", figure);
    const chosen = sets.map((set) => set.querySelector("input:checked")?.value);
    sets.forEach((set, i) => all("input", set).forEach((input) => {
      const there = views.some((view) => view[i] === input.value &&
        view.slice(0, i).every((option, k) => option === chosen[k]));
      input.disabled = !there;
      input.closest("label").hidden = !there;
      if (!there && input.checked) {
        const other = all("input", set).find((one) => !one.disabled);
        if (other) { other.checked = true; chosen[i] = other.value; }
      }
    }));
  }
  all("figure").forEach((figure) => {
    if (!data.figures[figure.id]) return;
    choices(figure);
    figure.addEventListener("change", (event) => {
      if (!event.target.closest(".choices")) return;
      choices(figure);
      drawOne(figure.querySelector(".plot"));
    });
  });

  // --- tables: sorted by a column, copied with all digits in SI units
  function sort(heading) {
    const table = heading.closest("table"), body = table.tBodies[0];
    const column = [...heading.parentElement.children].indexOf(heading);
    const numbers = heading.classList.contains("n");
    const up = heading.getAttribute("aria-sort") === (numbers ? "descending" : "none") ||
      heading.getAttribute("aria-sort") === "descending";
    all("th", table.tHead).forEach((one) => one.setAttribute("aria-sort", "none"));
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    const key = (row) => row.cells[column].dataset.v;
    const rows = [...body.rows].filter((row) => key(row) !== undefined && key(row) !== "");
    const rest = [...body.rows].filter((row) => !rows.includes(row));
    rows.sort((a, b) => (numbers ? Number(key(a)) - Number(key(b)) :
      key(a).localeCompare(key(b), "en", { numeric: true })) * (up ? 1 : -1));
    body.append(...rows, ...rest);
  }
  async function copy(text, status) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    status.textContent = "Copied";
    setTimeout(() => { status.textContent = ""; }, 4000);
  }
  function cellText(cell) {
    const text = cell.dataset.v ?? cell.textContent;
    return /^[=+\-@\t\r]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text;
  }
  function tableText(table) {
    const head = [...table.tHead.rows[0].cells].map((cell) =>
      cell.textContent.trim() + (cell.dataset.unit ? ` [${cell.dataset.unit}]` : ""));
    const rows = [...table.tBodies[0].rows].map((row) => [...row.cells].map(cellText));
    return [head, ...rows].map((row) => row.join("\t")).join("\n") + "\n";
  }
  document.addEventListener("click", (event) => {
    const target = event.target.closest("button");
    if (!target) return;
    if (target.classList.contains("sort")) sort(target.closest("th"));
    if (target.classList.contains("copy")) {
      let before = target.parentElement.previousElementSibling;
      while (!before.querySelector("table")) before = before.previousElementSibling;
      copy(tableText(before.querySelector("table")), target.nextElementSibling);
    }
    if (target.classList.contains("copy-text"))
      copy(target.previousElementSibling.textContent, target.nextElementSibling);
  });

  // --- on paper: light, all figures as wide as the page
  let open = [];
  addEventListener("beforeprint", () => {
    theme("light");
    open = all("details:not([open])");
    open.forEach((one) => { one.open = one.closest("figure") === null; });
    drawAll();
    places().forEach((place) => Plotly.relayout(place, { width: 664, autosize: false }));
  });
  addEventListener("afterprint", () => {
    open.forEach((one) => { one.open = false; });
    theme(current());
    places().forEach((place) => Plotly.relayout(place, { width: null, autosize: true }));
    drawAll();
  });

  const page = { data, all, token, shown, percent, draw, drawAll, special };
  for (const make of window.neurorebitParts ?? []) make(page);
  drawAll();
  root.dataset.ready = "yes";
})();
