"use strict";
// The explorer. What comes from the data reaches the page as text only: textContent, and escaped for plotly.
(async () => {
  const MISSING = 255, LEVELS = 254, NO_TERM = 65535, FIRST_ROWS = 25, MOST_FOUND = 14;
  const NO_SCORE = "#d0d7de", CHOSEN = "#e69f00";
  // ColorBrewer PuOr (safe for colour-blind readers), low to high; and cividis.
  const DIVERGING = ["#542788", "#8073ac", "#b2abd2", "#d8daeb", "#f7f7f7", "#fee0b6", "#fdb863", "#e08214", "#b35806"];
  const SEQUENTIAL = ["#fdea45", "#dfcc5b", "#bcaf6f", "#9b9476", "#7c7b78", "#5f636e", "#434e6c", "#1a386f", "#00224e"];
  const $ = (id) => document.getElementById(id);

  // ---- unpacking

  async function inflated(id) {
    const text = atob($(id).textContent);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    $(id).remove();
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).arrayBuffer();
  }

  async function block(id) {
    const buffer = await inflated(id);
    const length = new DataView(buffer).getUint32(0, true);
    const texts = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    const start = (4 + length + 3) & ~3;
    const kinds = { uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, int32: Int32Array, float32: Float32Array };
    for (const [name, place] of Object.entries(texts.arrays)) {
      const size = place.shape.reduce((product, n) => product * n, 1);
      texts.arrays[name] = new kinds[place.type](buffer, start + place.at, size);
    }
    return texts;
  }

  function restored(codes, ranges, row, width, range = row) {
    const [scale, low, high] = ranges.subarray(3 * range, 3 * range + 3);
    const step = (high - low) / LEVELS;
    return Array.from(codes.subarray(row * width, (row + 1) * width), (code) =>
      code === MISSING ? NaN : scale * Math.sinh(low + code * step));
  }

  const library = document.createElement("script");
  library.textContent = new TextDecoder().decode(await inflated("library"));
  document.head.append(library);
  const data = await block("contents");
  const { arrays, terms, names, genes, drugs, scores } = data;
  const T = terms.length, C = data.cell_lines.length;
  const folds = [];

  // ---- the hierarchy

  const childrenOf = names.map(() => []), treeChildren = names.map(() => []), parentsOf = names.map(() => []);
  for (let i = 0; i < arrays.edges.length; i += 2) {
    childrenOf[arrays.edges[i]].push(arrays.edges[i + 1]);
    parentsOf[arrays.edges[i + 1]].push(arrays.edges[i]);
  }
  let root = T - 1;
  arrays.parent.forEach((parent, term) => { if (parent < 0) root = term; else treeChildren[parent].push(term); });
  const genesOf = names.map(() => []), termsOf = genes.map(() => []);
  arrays.annotated_terms.forEach((term, i) => {
    genesOf[term].push(arrays.annotated_genes[i]);
    termsOf[arrays.annotated_genes[i]].push(term);
  });
  const below = new Array(T).fill(1);
  const depthFirst = [];
  for (const waiting = [root]; waiting.length;) {
    const term = waiting.pop();
    depthFirst.push(term);
    waiting.push(...treeChildren[term]);
  }
  for (const term of depthFirst.slice().reverse()) if (arrays.parent[term] >= 0) below[arrays.parent[term]] += below[term];

  // ---- what is shown

  const shown = { drug: 0, score: 0, view: "20", term: root, cursor: root, level: root, gene: -1, rows: FIRST_ROWS };
  let values, order, rankOf, limits, visible, placed, sectors;

  function rank() {
    const name = scores[shown.score].name;
    values = restored(arrays[`score_${name}`], arrays[`range_${name}`], shown.drug, T);
    const k = arrays[`order_${name}`].length / drugs.length;
    const exact = Array.from(arrays[`order_${name}`].subarray(shown.drug * k, (shown.drug + 1) * k)).filter((t) => t !== NO_TERM);
    const first = new Set(exact);
    const rest = names.map((_, t) => t).filter((t) => !first.has(t) && !Number.isNaN(values[t]));
    order = exact.concat(rest.sort((a, b) => values[b] - values[a] || a - b));
    rankOf = new Array(T).fill(Infinity);
    order.forEach((term, i) => { rankOf[term] = i; });
    const { scale, centre } = scores[shown.score];
    const sizes = order.map((t) => Math.abs(values[t] - centre)).sort((a, b) => a - b);
    const most = sizes.at(-1) || 1, common = sizes[Math.floor(0.98 * (sizes.length - 1))] || most;
    const widest = most > 3 * common ? common : most;
    limits = scale === "diverging" ? [centre - widest, centre + widest] : [0, widest];
  }

  function colourOf(term) {
    if (Number.isNaN(values[term])) return NO_SCORE; // a grey that text stands out from in black
    const stops = scores[shown.score].scale === "diverging" ? DIVERGING : SEQUENTIAL;
    const share = Math.min(1, Math.max(0, (values[term] - limits[0]) / (limits[1] - limits[0])));
    const at = Math.min(stops.length - 2, Math.floor(share * (stops.length - 1)));
    const part = share * (stops.length - 1) - at;
    const channel = (hex, i) => parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16);
    return `rgb(${[0, 1, 2].map((i) => Math.round(channel(stops[at], i) * (1 - part) + channel(stops[at + 1], i) * part))})`;
  }

  // Black or white, whichever the WCAG's relative luminance sets off more.
  function textColour(colour) {
    const channels = (colour.match(/\d+(?=[,)])/g) || [208, 215, 222]).map((n) => (n / 255) ** 2.2);
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2] > 0.18 ? "#000" : "#fff";
  }

  const number = (value) => Number.isNaN(value) ? "none"
    : value !== 0 && Math.abs(value) < 0.01 ? value.toExponential(1).replace("-", "−")
    : value.toFixed(Math.abs(value) < 10 ? 3 : 1).replace("-", "−");
  const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const wrapped = (text, width, most = Infinity) => {
    const lines = [""];
    for (const word of text.split(" ")) {
      if (lines.at(-1) && lines.at(-1).length + word.length >= width) lines.push("");
      lines[lines.length - 1] += (lines.at(-1) ? " " : "") + word;
    }
    const kept = lines.slice(0, most).map((line) => (line.length > width ? `${line.slice(0, width - 1)}…` : line));
    if (kept.length && kept.length < lines.length) kept.push(`${kept.pop().slice(0, width - 1)}…`);
    return kept.map(escaped).join("<br>");
  };
  const plural = (n, word) => `${n.toLocaleString("en")} ${word}${n === 1 ? "" : "s"}`;
  const rankText = (term) => rankOf[term] === Infinity ? "no score" : `${number(values[term])}, rank ${rankOf[term] + 1} of ${order.length}`;

  // ---- the picture of the hierarchy

  function choosePlaces() {
    const kept = new Set([root]);
    const wanted = shown.view === "all" ? names.map((_, t) => t) : order.slice(0, Number(shown.view));
    for (let term of [...wanted, shown.term, shown.cursor, shown.level]) {
      for (; term >= 0 && !kept.has(term); term = arrays.parent[term]) kept.add(term);
    }
    const bestBelow = new Array(T).fill(Infinity);
    for (const term of depthFirst.slice().reverse()) {
      bestBelow[term] = Math.min(bestBelow[term], rankOf[term]);
      const parent = arrays.parent[term];
      if (parent >= 0) bestBelow[parent] = Math.min(bestBelow[parent], bestBelow[term]);
    }
    const key = shown.view === "all" ? (t) => -below[t] : (t) => bestBelow[t];
    placed = names.map((_, term) => kept.has(term)
      ? treeChildren[term].filter((t) => kept.has(t)).sort((a, b) => key(a) - key(b) || a - b) : []);
    visible = [];
    for (const waiting = [root]; waiting.length;) {
      const term = waiting.pop();
      visible.push(term);
      waiting.push(...placed[term].slice().reverse());
    }
  }

  // Lengths of the labels in characters and lines, by the room that each term has in the picture.
  function labels() {
    const leaves = new Array(T).fill(0), depth = new Array(T).fill(0);
    for (const term of visible) if (term !== root) depth[term] = depth[arrays.parent[term]] + 1;
    for (const term of visible.slice().reverse()) {
      leaves[term] = leaves[term] || 1;
      if (term !== root) leaves[arrays.parent[term]] += leaves[term];
    }
    const inside = visible.filter((t) => isBelow(t, shown.level));
    const columns = 1 + Math.max(...inside.map((t) => depth[t])) - depth[shown.level];
    const { clientWidth, clientHeight } = $("hierarchy");
    const width = Math.max(3, Math.floor((clientWidth / columns - 6) / 5.6));
    return visible.map((t) => wrapped(names[t], width, Math.floor((clientHeight * leaves[t] / leaves[shown.level] - 3) / 13)));
  }

  function drawHierarchy() {
    choosePlaces();
    const colours = visible.map(colourOf);
    const scoreLabel = escaped(scores[shown.score].label);
    const trace = {
      type: "icicle", sort: false, branchvalues: "remainder", level: String(shown.level),
      ids: visible.map(String),
      parents: visible.map((t) => (t === root ? "" : String(arrays.parent[t]))),
      labels: labels(),
      values: visible.map((t) => (placed[t].length ? 0 : 1)),
      hovertext: visible.map((t) => `${wrapped(names[t], 60)}<br>${escaped(terms[t])}, ${plural(arrays.sizes[t], "gene")}<br>${scoreLabel}: ${rankText(t)}`),
      hoverinfo: "text", textinfo: "label", tiling: { orientation: "h", pad: 0 }, leaf: { opacity: 1 },
      textfont: { color: colours.map(textColour) },
      marker: {
        colors: colours,
        line: { color: "#fff", width: shown.view === "all" ? 0 : 1 },
      },
      pathbar: { visible: shown.level !== root, thickness: 24 },
    };
    const layout = { margin: { l: 0, r: 0, t: shown.level === root ? 4 : 28, b: 0 }, uniformtext: { minsize: 8, mode: "hide" }, font: { size: 11 } };
    Plotly.react("hierarchy", [trace], layout, { displayModeBar: false, responsive: true });
    mark();
  }

  // Frames of the chosen term and of the one that the arrows stand on. Set on plotly's paths, as it takes seconds to
  // draw all terms anew.
  function mark() {
    for (const path of $("hierarchy").querySelectorAll("path.marked")) {
      path.classList.remove("marked");
      path.style.stroke = "#fff";
      path.style.strokeWidth = shown.view === "all" ? "0" : "1px";
    }
    sectors = new Map();
    for (const slice of $("hierarchy").querySelectorAll(".trace.icicle g.slice")) {
      sectors.set(Number(slice.__data__.data.data.id), slice);
    }
    for (const [term, colour] of [[shown.term, CHOSEN], [shown.cursor, "#000"]]) {
      const slice = sectors.get(term);
      if (!slice) continue;
      const path = slice.querySelector("path.surface");
      path.classList.add("marked");
      path.style.stroke = colour;
      path.style.strokeWidth = "4px";
      slice.parentNode.append(slice);
    }
  }

  function showTerm(term) {
    const level = shown.level;
    if (!isBelow(term, shown.level)) shown.level = root;
    if (shown.level !== level || !visible.includes(term)) drawHierarchy();
    else mark();
    describe(term);
  }

  function drawLegend() {
    const stops = scores[shown.score].scale === "diverging" ? DIVERGING : SEQUENTIAL;
    $("gradient").style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    const [low, high] = limits.map(number);
    $("low").textContent = low;
    $("high").textContent = high;
    $("legend").setAttribute("aria-label", `Colours of ${scores[shown.score].label}: from ${low} to ${high}; grey, no score`);
  }

  function describe(term) {
    $("spoken").textContent = `${names[term]} (${terms[term]}): ${scores[shown.score].label} ${rankText(term)}; ` +
      `${plural(arrays.sizes[term], "gene")}, ${plural(treeChildren[term].length, "term")} below it in the tree, ${placed[term].length} shown.`;
  }

  // ---- the chosen term

  function ranks(numbers) {
    const at = numbers.map((_, i) => i).sort((a, b) => numbers[a] - numbers[b]);
    const result = new Array(numbers.length);
    for (let i = 0; i < at.length;) {
      let end = i;
      while (end < at.length && numbers[at[end]] === numbers[at[i]]) end++;
      for (let j = i; j < end; j++) result[at[j]] = (i + end - 1) / 2;
      i = end;
    }
    return result;
  }

  function correlation(x, y) {
    const mean = (v) => v.reduce((sum, n) => sum + n, 0) / v.length;
    const [mx, my] = [mean(x), mean(y)];
    let xy = 0, xx = 0, yy = 0;
    x.forEach((_, i) => { const [a, b] = [x[i] - mx, y[i] - my]; xy += a * b; xx += a * a; yy += b * b; });
    return { r: xy / Math.sqrt(xx * yy), slope: xy / xx, at: [mx, my] };
  }

  function pointsOf(term) {
    const auc = restored(arrays.auc, arrays.auc_range, shown.drug, C, 0);
    const points = { x: [], y: [], text: [] };
    for (const { fold, arrays: own } of folds) {
      const L = own.lines.length, bytes = own.test.length / drugs.length;
      const component = restored(own.component, own.range, term, L);
      for (let i = 0; i < L; i++) {
        const isTest = own.test[shown.drug * bytes + (i >> 3)] & (128 >> (i & 7));
        if (!isTest || Number.isNaN(component[i]) || Number.isNaN(auc[own.lines[i]])) continue;
        points.x.push(component[i]);
        points.y.push(auc[own.lines[i]]);
        points.text.push(`${escaped(data.cell_lines[own.lines[i]])}, fold ${fold}`);
      }
    }
    return points;
  }

  function drawScatter() {
    const points = pointsOf(shown.term), n = points.x.length;
    const traces = [{
      type: "scatter", mode: "markers", x: points.x, y: points.y, text: points.text, hovertemplate: "%{text}<br>state %{x:.2f}, AUC %{y:.3f}<extra></extra>",
      marker: { color: "#0b5cad", size: n > 400 ? 4 : 6, opacity: 0.6 },
    }];
    let said = `${plural(n, "test pair")}: too few for a correlation.`;
    if (n >= 3) {
      const line = correlation(points.x, points.y), rho = correlation(ranks(points.x), ranks(points.y)).r;
      const ends = [Math.min(...points.x), Math.max(...points.x)];
      traces.push({ type: "scatter", mode: "lines", x: ends, y: ends.map((x) => line.at[1] + line.slope * (x - line.at[0])), line: { color: "#b35806", width: 2 }, hoverinfo: "skip" });
      said = `Pearson r = ${number(line.r)}, Spearman ρ = ${number(rho)}, n = ${n} test pairs of fold${folds.length > 1 ? "s" : ""} ${folds.map((f) => f.fold).join(", ")}, out of fold.`;
    }
    $("correlation").textContent = said;
    const layout = {
      margin: { l: 52, r: 8, t: 8, b: 44 }, showlegend: false, font: { size: 12 },
      xaxis: { title: { text: "State, first principal component (s.d.)" }, zeroline: false },
      yaxis: { title: { text: `AUC of ${wrapped(drugs[shown.drug], 40)}` }, zeroline: false },
    };
    Plotly.react("scatter", traces, layout, { displaylogo: false, responsive: true, modeBarButtonsToRemove: ["select2d", "lasso2d"] });
  }

  function link(text, act) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = text;
    button.addEventListener("click", act);
    return button;
  }

  function list(id, items) {
    $(id).replaceChildren(...items.map((item) => { const li = document.createElement("li"); li.append(item); return li; }));
    if (!items.length) $(id).textContent = "none";
  }

  function drawTerm() {
    const term = shown.term;
    $("term-title").textContent = names[term];
    $("term-facts").textContent = `${terms[term]}, layer ${arrays.layers[term]}, ${plural(arrays.sizes[term], "gene")} with those of its descendants.`;
    list("term-scores", scores.map(({ name, label }) => {
      const ofDrug = restored(arrays[`score_${name}`], arrays[`range_${name}`], shown.drug, T);
      return `${label}: ${number(ofDrug[term])}`;
    }));
    list("parents", parentsOf[term].map((t) => link(names[t], () => choose(t))));
    list("children", childrenOf[term].map((t) => link(names[t], () => choose(t))));
    list("genes", genesOf[term].map((g) => link(genes[g], () => filterBy(g))));
    drawScatter();
  }

  // ---- the table

  function drawTable() {
    const ordered = shown.gene < 0 ? order : order.filter((t) => genesOf[t].includes(shown.gene));
    const label = scores[shown.score].label;
    $("table-title").textContent = `Best terms for ${drugs[shown.drug]} by ${label}`;
    $("score-column").textContent = label;
    $("filter").hidden = shown.gene < 0;
    if (shown.gene >= 0) $("filter-text").textContent = `Only terms that ${genes[shown.gene]} is annotated to (${ordered.length}).`;
    $("rows").replaceChildren(...ordered.slice(0, shown.rows).map((term) => {
      const row = document.createElement("tr");
      if (term === shown.term) { row.className = "chosen"; row.setAttribute("aria-current", "true"); }
      const cell = (content, kind) => { const td = document.createElement("td"); td.append(content); if (kind) td.className = kind; row.append(td); return td; };
      cell(String(rankOf[term] + 1), "number");
      const button = link(names[term], () => choose(term));
      button.dataset.term = terms[term];
      cell(button);
      cell(terms[term]);
      const swatch = document.createElement("span");
      swatch.className = "swatch";
      swatch.style.background = colourOf(term);
      cell(swatch, "number").append(number(values[term]));
      cell(arrays.sizes[term].toLocaleString("en"), "number");
      const own = genesOf[term].map((g) => genes[g]);
      cell(own.slice(0, 8).join(", ") + (own.length > 8 ? `, … (${own.length})` : "") || "none but its descendants'");
      return row;
    }));
    $("more").hidden = ordered.length <= shown.rows;
  }

  // ---- acts

  function isBelow(term, level) {
    for (; term >= 0; term = arrays.parent[term]) if (term === level) return true;
    return false;
  }

  function choose(term) {
    shown.term = shown.cursor = term;
    showTerm(term);
    drawTerm();
    drawTable();
  }

  function moveTo(term) {
    if (term === undefined || term < 0) return;
    shown.cursor = term;
    showTerm(term);
  }

  function zoomTo(term) {
    shown.level = term;
    drawHierarchy();
  }

  function filterBy(gene) {
    shown.gene = gene;
    shown.rows = FIRST_ROWS;
    drawTable();
    $("table-title").scrollIntoView();
    $("table-title").focus();
  }

  function redraw() {
    rank();
    const { meaning, trust } = scores[shown.score];
    $("score-note").textContent = `${meaning} ${trust}`;
    const targets = data.known_targets[shown.drug];
    $("hierarchy-title").textContent = `Hierarchy, ${drugs[shown.drug]}` + (targets ? ` (targets ${targets.split(";").slice(0, 6).join(", ")})` : "");
    drawHierarchy();
    describe(shown.cursor);
    drawLegend();
    drawTerm();
    drawTable();
  }

  function chooseDrug(drug) {
    shown.drug = drug;
    $("drug").value = String(drug);
    shown.rows = FIRST_ROWS;
    rank();
    shown.term = shown.cursor = order.length ? order[0] : root;
    shown.level = root;
    redraw();
  }

  // ---- search: a combobox with a list of options

  let found = [], marked = -1;

  function look() {
    const wanted = $("search").value.trim().toLowerCase();
    const hits = [];
    if (wanted) {
      const add = (kind, texts, label, act) => texts.forEach((text, i) => {
        const at = text.toLowerCase().indexOf(wanted);
        if (at >= 0) hits.push({ kind, label: label(i), act: () => act(i), key: [text.length === wanted.length ? 0 : at === 0 ? 1 : 2, text.length] });
      });
      add("Drug", drugs, (i) => drugs[i], chooseDrug);
      add("Gene", genes, (i) => `${genes[i]}: ${plural(termsOf[i].length, "term")}`, filterBy);
      add("Term", names.map((name, i) => `${name} ${terms[i]}`), (i) => `${names[i]} (${terms[i]})`, choose);
      hits.sort((a, b) => a.key[0] - b.key[0] || a.key[1] - b.key[1]);
    }
    found = hits.slice(0, MOST_FOUND);
    marked = found.length ? 0 : -1;
    showFound(Boolean(wanted));
  }

  function showFound(open) {
    const items = found.map((hit, i) => {
      const item = document.createElement("li");
      item.id = `found-${i}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", String(i === marked));
      const kind = document.createElement("span");
      kind.className = "kind";
      kind.textContent = hit.kind;
      item.append(kind, ` ${hit.label}`);
      item.addEventListener("mousedown", (event) => { event.preventDefault(); take(i); });
      return item;
    });
    if (!items.length) {
      const item = document.createElement("li");
      item.textContent = "Nothing found";
      items.push(item);
    }
    $("found").replaceChildren(...items);
    $("found").hidden = !open;
    $("search").setAttribute("aria-expanded", String(open));
    if (open && marked >= 0) {
      $("search").setAttribute("aria-activedescendant", `found-${marked}`);
      items[marked].scrollIntoView({ block: "nearest" });
    } else $("search").removeAttribute("aria-activedescendant");
  }

  function take(i) {
    const hit = found[i];
    found = [];
    showFound(false);
    if (hit) hit.act();
  }

  // ---- start

  drugs.forEach((drug, i) => $("drug").append(new Option(drug, String(i))));
  scores.forEach((score, i) => $("score").append(new Option(score.label, String(i))));
  $("drug").addEventListener("change", (event) => chooseDrug(Number(event.target.value)));
  $("score").addEventListener("change", (event) => { shown.score = Number(event.target.value); shown.rows = FIRST_ROWS; redraw(); });
  $("view").addEventListener("change", (event) => { shown.view = event.target.value; drawHierarchy(); describe(shown.cursor); });
  $("controls").addEventListener("submit", (event) => event.preventDefault());
  $("zoom").addEventListener("click", () => zoomTo(shown.term));
  $("whole").addEventListener("click", () => zoomTo(root));
  $("more").addEventListener("click", () => { shown.rows += FIRST_ROWS; drawTable(); });
  $("unfilter").addEventListener("click", () => { shown.gene = -1; drawTable(); $("table-title").focus(); });
  $("search").addEventListener("input", look);
  $("search").addEventListener("blur", () => showFound(false));
  $("search").addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) {
      marked = (marked + step + found.length) % found.length;
      showFound(true);
      event.preventDefault();
    } else if (event.key === "Enter") {
      take(marked);
      event.preventDefault();
    } else if (event.key === "Escape") showFound(false);
  });
  $("hierarchy").addEventListener("keydown", (event) => {
    const parent = arrays.parent[shown.cursor];
    const siblings = parent < 0 ? [root] : placed[parent];
    const at = siblings.indexOf(shown.cursor);
    const acts = {
      ArrowLeft: () => moveTo(parent), ArrowRight: () => moveTo(placed[shown.cursor][0]),
      ArrowUp: () => moveTo(siblings[at - 1]), ArrowDown: () => moveTo(siblings[at + 1]), Home: () => moveTo(root),
      Enter: () => choose(shown.cursor), " ": () => choose(shown.cursor),
      "+": () => zoomTo(shown.cursor), "-": () => zoomTo(root), Escape: () => zoomTo(root),
    };
    if (!acts[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    acts[event.key]();
  });

  for (let i = 0; $(`fold-${i}`); i++) folds.push(await block(`fold-${i}`));
  chooseDrug(0);
  $("hierarchy").on("plotly_icicleclick", (event) => {
    if (event.points[0].id) choose(Number(event.points[0].id));
    return false;
  });
  let resized; // labels are cut to the room that they have
  window.addEventListener("resize", () => { clearTimeout(resized); resized = setTimeout(drawHierarchy, 150); });
  $("main").setAttribute("aria-busy", "false");
})().catch((error) => {
  const problem = document.getElementById("problem");
  problem.textContent = `This page could not be drawn: ${error.message}. It needs a browser of 2023 or later.`;
  problem.hidden = false;
  throw error;
});
