// Drawings of the playground: maps on a canvas, curves as SVG in the colours of the page.

const BELOW_ABOVE = [[33, 102, 172], [146, 197, 222], [247, 247, 247], [244, 165, 130], [178, 24, 43]]; // as RdBu in the book
const OFF_ON = [[0, 34, 78], [87, 92, 109], [124, 123, 120], [165, 155, 115], [253, 231, 55]]; // as cividis

/** The colour at t in [0, 1] of a scale, [r, g, b]. */
export function colour(scale, t) {
  const at = Math.min(1, Math.max(0, t)) * (scale.length - 1), low = Math.min(scale.length - 2, Math.floor(at));
  return scale[low].map((part, i) => Math.round(part + (at - low) * (scale[low + 1][i] - part)));
}

export const SCALES = { field: BELOW_ABOVE, activity: OFF_ON };

/** CSS gradient of a scale, for its bar. */
export const gradient = scale => `linear-gradient(to right, ${scale.map(c => `rgb(${c})`).join(", ")})`;

/** Paint values (size·size, first row at the bottom) on a canvas, from `low` to `high`. */
export function paintMap(canvas, values, size, scale, low, high) {
  const image = new ImageData(size, size);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const value = values[(size - 1 - row) * size + column];
      image.data.set([...colour(scale, (value - low) / (high - low)), 255], 4 * (row * size + column));
    }
  const small = new OffscreenCanvas(size, size);
  small.getContext("2d").putImageData(image, 0, 0);
  const pen = canvas.getContext("2d");
  pen.imageSmoothingEnabled = true;
  pen.drawImage(small, 0, 0, canvas.width, canvas.height);
}

/** A pen whose unit is that of the plane: [-reach, reach] in both directions. */
function onPlane(canvas, reach, paint) {
  const pen = canvas.getContext("2d"), scale = canvas.width / (2 * reach);
  pen.save();
  pen.translate(canvas.width / 2, canvas.height / 2);
  pen.scale(scale, -scale);
  paint(pen, 1 / scale);
  pen.restore();
}

/** The lines where the gates of one layer of a DLGN switch. */
export function paintPlanes(canvas, { normals, offsets }, reach) {
  onPlane(canvas, reach, (pen, pixel) => {
    pen.lineWidth = 1.2 * pixel;
    pen.strokeStyle = "rgba(20, 20, 20, .55)";
    offsets.forEach((offset, i) => {
      const a = normals[2 * i], b = normals[2 * i + 1], square = a * a + b * b;
      if (!square) return;
      const x = -offset * a / square, y = -offset * b / square, far = 4 * reach / Math.sqrt(square);
      pen.beginPath();
      pen.moveTo(x - far * b, y + far * a);
      pen.lineTo(x + far * b, y - far * a);
      pen.stroke();
    });
  });
}

/** The half-space of one unit: tinted where it is on, its border thick, and a ring at the place of it that is taken to shift it. */
export function paintUnit(canvas, [a, b], offset, [x, y], reach, ring) {
  const length = Math.hypot(a, b), far = 4 * reach;
  if (!length) return;
  onPlane(canvas, reach, (pen, pixel) => {
    const to = (along, on) => [x + far * (on * a - along * b) / length, y + far * (on * b + along * a) / length];
    pen.beginPath();
    for (const corner of [to(-1, 0), to(1, 0), to(1, 1), to(-1, 1)]) pen.lineTo(...corner);
    pen.fillStyle = "rgba(240, 228, 66, .28)";
    pen.fill();
    for (const [width, style] of [[6, "#fff"], [3, "#111"]]) {
      pen.lineWidth = width * pixel;
      pen.strokeStyle = style;
      pen.beginPath();
      pen.moveTo(...to(-1, 0));
      pen.lineTo(...to(1, 0));
      pen.stroke();
      if (!ring) continue;
      pen.beginPath();
      pen.arc(x, y, 8 * pixel, 0, 2 * Math.PI);
      pen.stroke();
    }
  });
}

/** The points of the data, filled with the colour of their target. */
export function paintPoints(canvas, x, y, reach) {
  onPlane(canvas, reach, (pen, pixel) => {
    y.forEach((value, i) => {
      pen.beginPath();
      pen.arc(x[2 * i], x[2 * i + 1], 3.2 * pixel, 0, 2 * Math.PI);
      pen.fillStyle = `rgb(${colour(BELOW_ABOVE, (value + 1) / 2)})`;
      pen.fill();
      pen.lineWidth = 0.8 * pixel;
      pen.strokeStyle = "#222";
      pen.stroke();
    });
  });
}

/** A cross at a place of the plane. */
export function paintCursor(canvas, [a, b], reach) {
  onPlane(canvas, reach, (pen, pixel) => {
    for (const [width, style] of [[5, "#fff"], [2, "#111"]]) {
      pen.lineWidth = width * pixel;
      pen.strokeStyle = style;
      pen.beginPath();
      for (const [x, y] of [[10, 0], [0, 10]]) {
        pen.moveTo(a - x * pixel, b - y * pixel);
        pen.lineTo(a + x * pixel, b + y * pixel);
      }
      pen.stroke();
    }
  });
}

/** A letter beside a place of the plane, on a disc. */
export function paintName(canvas, [a, b], name, reach) {
  const pen = canvas.getContext("2d"), scale = canvas.width / (2 * reach), [x, y] = [canvas.width / 2 + 1.13 * scale * a, canvas.height / 2 - 1.13 * scale * b];
  pen.save();
  Object.assign(pen, { fillStyle: "#111", font: "bold 16px sans-serif", textAlign: "center", textBaseline: "middle" });
  pen.beginPath();
  pen.arc(x, y, 12, 0, 2 * Math.PI);
  pen.fill();
  pen.fillStyle = "#fff";
  pen.fillText(name, x, y);
  pen.restore();
}

/** Marks on the map of a kernel (n·n): a frame around a row, or a ring around an entry. */
export function paintEntry(canvas, n, row, column) {
  const pen = canvas.getContext("2d"), size = canvas.width / n, at = v => (v + 0.5) * size;
  pen.save();
  for (const [width, style] of [[5, "#111"], [2, "#fff"]]) {
    pen.lineWidth = width;
    pen.strokeStyle = style;
    pen.beginPath();
    if (column === undefined) pen.rect(1, at(row) - size / 2 - 2, canvas.width - 2, size + 4);
    else pen.arc(at(column), at(row), 8, 0, 2 * Math.PI);
    pen.stroke();
  }
  pen.restore();
}

const WIDTH = 340, HEIGHT = 190, LEFT = 44, BOTTOM = 30, TOP = 8;
const text = (x, y, content, anchor = "middle") => `<text x="${x}" y="${y}" text-anchor="${anchor}">${content}</text>`;
const frame = (content, x, y) =>
  `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" aria-hidden="true"><path class="axis" d="M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH}"/>` +
  `${content}${text((LEFT + WIDTH) / 2, HEIGHT - 3, x)}<text transform="translate(10 ${(HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${y}</text></svg>`;
const path = points => points.length ? `M${points.map(([a, b]) => `${a.toFixed(1)} ${b.toFixed(1)}`).join("L")}` : "";

/** Losses over steps, on a logarithmic axis: the median of the seeds, and a band from the least to the greatest. */
export function lossChart(losses, last) {
  const floor = 1e-4, count = losses[0].length, every = Math.max(1, Math.ceil(count / 300));
  const across = step => LEFT + (WIDTH - LEFT - 6) * step / Math.max(last, 10);
  const up = loss => TOP + (HEIGHT - BOTTOM - TOP) * Math.log10(Math.max(loss, floor) / 3) / Math.log10(floor / 3);
  const steps = [];
  for (let t = 0; t < count; t += every) steps.push(t);
  if (count > 1 && steps.at(-1) !== count - 1) steps.push(count - 1);
  const ticks = [1, 0.1, 0.01, 0.001].map(v => `<path class="grid" d="M${LEFT} ${up(v)}H${WIDTH}"/>${text(LEFT - 4, up(v) + 4, v, "end")}`).join("");
  const half = Math.max(last, 10) / 2;
  const marks = [0, half, 2 * half].map(t => text(Math.min(across(t), WIDTH - 12), HEIGHT - BOTTOM + 13, Math.round(t))).join("");
  return frame(`${ticks}${marks}${spread(losses.map(run => steps.map(t => run[t])), (i, loss) => [across(steps[i]), up(loss)])}`, "step", "loss");
}

/** Losses of a net up to now, and those of a formula (a function of the step) up to step `last`, both from 0 up. */
export function raceChart(losses, formula, last) {
  const top = 10 * Math.ceil(Math.max(losses[0], formula(0)) / 10), every = Math.ceil(last / 400);
  const across = step => LEFT + (WIDTH - LEFT - 6) * step / last, up = loss => TOP + (HEIGHT - BOTTOM - TOP) * (1 - Math.min(loss, top) / top);
  const curve = (count, loss) => path(Array.from({ length: Math.floor((count - 1) / every) + 1 }, (_, i) => [across(i * every), up(loss(i * every))]));
  const ticks = [0, top / 2, top].map(v => `<path class="grid" d="M${LEFT} ${up(v)}H${WIDTH}"/>${text(LEFT - 4, up(v) + 4, v, "end")}`).join("");
  const marks = [0, last / 2, last].map(t => text(Math.min(across(t), WIDTH - 14), HEIGHT - BOTTOM + 13, t)).join("");
  return frame(`${ticks}${marks}<path class="line" d="${curve(losses.length, t => losses[t])}"/><path class="formula" d="${curve(last + 1, formula)}"/>`, "step", "loss");
}

/** The values of several runs (a list of lists) at each place, sorted. */
const sorted = runs => Array.from(runs[0], (_, i) => runs.map(run => run[i]).sort((a, b) => a - b));

/** A curve of the medians, and with several runs a band from the least to the greatest; `place(i, value)` gives points. */
function spread(runs, place) {
  const at = sorted(runs), edge = k => at.map((values, i) => place(i, values.at(k)));
  const band = runs.length > 1 ? `<path class="band" d="${path([...edge(-1), ...edge(0).reverse()])}Z"/>` : "";
  return `${band}<path class="line" d="${path(at.map((values, i) => place(i, median(values))))}"/>`;
}

/** Target and outputs (a list for each run) against the angle, for data on a circle. */
export function angleChart(y, runs) {
  const across = i => LEFT + (WIDTH - LEFT - 6) * (i + 0.5) / y.length, up = v => TOP + (HEIGHT - BOTTOM - TOP) * (1.4 - Math.max(-1.4, Math.min(1.4, v))) / 2.8;
  const curve = values => path(Array.from(values, (v, i) => [across(i), up(v)]));
  const ticks = [-1, 0, 1].map(v => text(LEFT - 4, up(v) + 4, `${v}`.replace("-", "−"), "end")).join("");
  const marks = [0, 180, 360].map(a => text(Math.min(LEFT + (WIDTH - LEFT - 6) * a / 360, WIDTH - 14), HEIGHT - BOTTOM + 13, `${a}°`)).join("");
  return frame(`${ticks}${marks}<path class="target" d="${curve(y)}"/>${spread(runs, (i, v) => [across(i), up(v)])}`, "angle θ", "target (dotted), output");
}

/** Regions (polygons of the plane, with the number of units that are on in each layer), coloured by their active paths. */
export function tileChart(tiles, reach) {
  const active = tiles.map(({ on }) => on.reduce((product, units) => product * units, 1)), top = active.reduce((a, b) => Math.max(a, b), 1e-9);
  const shapes = tiles.map(({ polygon }, i) =>
    `<polygon fill="rgb(${colour(OFF_ON, active[i] / top)})" points="${polygon.map(([a, b]) => `${a.toFixed(3)},${(-b).toFixed(3)}`).join(" ")}"/>`).join("");
  return `<svg class="tiles" viewBox="${-reach} ${-reach} ${2 * reach} ${2 * reach}" aria-hidden="true">${shapes}</svg><p>${tiles.length} regions; the brightest have ${top < 1 ? 0 : top} active paths.</p>`;
}

/** How many features hold 95 % of the target, in words. */
function inUse(quality) {
  let held = 0;
  const number = quality.findIndex(share => (held += share) >= 0.95) + 1;
  return number ? `${number === 1 ? "One feature holds" : `The first ${number} features hold`} 95 % of the target` : `All of them hold ${Math.floor(100 * held)} % of the target`;
}

/** Eigenvalues of features, relative to the first, as bars on a logarithmic axis; the share of the target in the first k as a line. */
export function featureChart({ eigenvalues, quality }) {
  const few = Math.min(20, eigenvalues.length), floor = 1e-6, wide = (WIDTH - LEFT - 6) / 20;
  const up = v => TOP + (HEIGHT - BOTTOM - TOP) * Math.log10(Math.max(v, floor)) / Math.log10(floor);
  const rise = v => TOP + (HEIGHT - BOTTOM - TOP) * (1 - Math.min(1, v));
  let held = 0;
  const line = Array.from({ length: few }, (_, k) => [LEFT + wide * (k + 0.5), rise(held += quality[k])]);
  const bars = Array.from({ length: few }, (_, k) => {
    const y = up(eigenvalues[k] / eigenvalues[0]);
    return `<rect class="bar" x="${(LEFT + wide * (k + 0.15)).toFixed(1)}" y="${y.toFixed(1)}" width="${(0.7 * wide).toFixed(1)}" height="${Math.max(0, HEIGHT - BOTTOM - y).toFixed(1)}"/>`;
  }).join("");
  const ticks = [1, 1e-2, 1e-4].map(v => `<path class="grid" d="M${LEFT} ${up(v)}H${WIDTH}"/>${text(LEFT - 4, up(v) + 4, v === 1 ? 1 : v === 1e-2 ? "0.01" : "10⁻⁴", "end")}`).join("");
  const marks = [1, 10, 20].map(k => text(LEFT + wide * (k - 0.5), HEIGHT - BOTTOM + 13, k)).join("");
  return frame(`${ticks}${bars}${marks}<path class="line" d="${path(line)}"/>`, "feature k (line: share of the target, 0 to 1)", "eigenvalue") +
    `<p>${inUse(quality)}.</p>`;
}

/** A number with two digits after the point, with a true minus, and none before a zero. */
export const rounded = value => (Math.abs(value) < 0.005 ? 0 : value).toFixed(2).replace("-", "−");

/** The sum of the terms as it grows, one after the other, to the output (dotted). */
export function stairChart(terms, out) {
  const sums = terms.reduce((all, term) => [...all, all.at(-1) + term], [0]), ends = [...sums, out];
  const low = Math.min(...ends), high = Math.max(...ends), span = high - low || 1;
  const across = i => LEFT + (WIDTH - LEFT - 6) * i / Math.max(1, terms.length), up = v => TOP + (HEIGHT - BOTTOM - TOP) * (1 - (v - low) / span);
  const corners = sums.flatMap((sum, i) => i ? [[across(i), up(sums[i - 1])], [across(i), up(sum)]] : [[across(0), up(sum)]]);
  const ticks = [low, high].map(v => text(LEFT - 4, up(v) + 4, rounded(v), "end")).join("");
  const marks = [0, terms.length].map(i => text(Math.min(across(i), WIDTH - 12), HEIGHT - BOTTOM + 13, i)).join("");
  return frame(`${ticks}${marks}<path class="target" d="M${LEFT} ${up(out)}H${WIDTH}"/><path class="line" d="${path(corners)}"/>`, "paths counted", "their sum");
}

/** Where on the map of the plane a pointer is. */
export function mapPlace(canvas, { clientX, clientY }, reach) {
  const box = canvas.getBoundingClientRect();
  return [reach * (2 * (clientX - box.left) / box.width - 1), reach * (1 - 2 * (clientY - box.top) / box.height)];
}

/** Where on the chart of the circle a pointer is: the share of the circle, and the value. */
export function chartPlace(chart, { clientX, clientY }) {
  const box = chart.querySelector("svg").getBoundingClientRect(), x = WIDTH * (clientX - box.left) / box.width, y = HEIGHT * (clientY - box.top) / box.height;
  return { across: (x - LEFT) / (WIDTH - LEFT - 6), value: 1.4 - 2.8 * (y - TOP) / (HEIGHT - BOTTOM - TOP) };
}

/** Share of all activity of paths (a list for each run) against the angle, with the places where the target is large in the background. */
export function ringChart(activities, y) {
  const n = y.length, shares = activities.map(activity => {
    const total = activity.reduce((a, b) => a + b, 0) || 1;
    return Array.from(activity, a => n * a / total);
  }), top = Math.max(2, ...shares.flat());
  const across = i => LEFT + (WIDTH - LEFT - 6) * (i + 0.5) / n, up = v => TOP + (HEIGHT - BOTTOM - TOP) * (1 - v / top);
  const middle = TOP + (HEIGHT - BOTTOM - TOP) / 2, wave = v => middle - v * (HEIGHT - BOTTOM - TOP) / 4;
  const ticks = [0, 1, Math.floor(top)].filter((v, i, all) => all.indexOf(v) === i).map(v => `<path class="grid" d="M${LEFT} ${up(v)}H${WIDTH}"/>${text(LEFT - 4, up(v) + 4, v, "end")}`).join("");
  const marks = [0, 180, 360].map(a => text(Math.min(LEFT + (WIDTH - LEFT - 6) * a / 360, WIDTH - 14), HEIGHT - BOTTOM + 13, `${a}°`)).join("");
  const target = path(Array.from(y, (v, i) => [across(i), wave(Math.max(-1.5, Math.min(1.5, v)))]));
  return frame(`${ticks}${marks}<path class="target" d="${target}"/>${spread(shares, (i, v) => [across(i), up(v)])}`,
    "angle θ (dotted: the target)", "active paths, mean 1");
}

/** A row of the tangent kernel and its two parts, as shares of the entry of the pushed point `at`, against the angle. */
export function rowChart(full, expert, gate, at) {
  const n = full.length, high = Math.max(1, ...full, ...expert, ...gate), low = Math.min(0, ...full, ...expert, ...gate), span = high - low;
  const across = i => LEFT + (WIDTH - LEFT - 6) * (i + 0.5) / n, up = v => TOP + (HEIGHT - BOTTOM - TOP) * (high - v) / span;
  const curve = (kind, values) => `<path class="${kind}" d="${path(values.map((v, i) => [across(i), up(v)]))}"/>`;
  const ticks = [low, 0, 1, high].filter((v, i, all) => all.findIndex(w => Math.abs(v - w) < span / 8) === i).map(v => `<path class="grid" d="M${LEFT} ${up(v)}H${WIDTH}"/>${text(LEFT - 4, up(v) + 4, rounded(v), "end")}`).join("");
  const marks = [0, 180, 360].map(a => text(Math.min(LEFT + (WIDTH - LEFT - 6) * a / 360, WIDTH - 14), HEIGHT - BOTTOM + 13, `${a}°`)).join("");
  return frame(`${ticks}${marks}${curve("part expert", expert)}${curve("part gate", gate)}${curve("line", full)}<circle class="ring" cx="${across(at)}" cy="${up(full[at])}" r="5"/>`, "angle θ", "move of the output");
}

/** Runs as points: the frequency of the fast half, and the share of the activity of paths on the slow half; the last one is now. */
export function doseChart(runs) {
  const across = f => LEFT + (WIDTH - LEFT - 12) * Math.log2(f / 0.5) / 6, up = share => TOP + (HEIGHT - BOTTOM - TOP) * (1 - share);
  const ticks = [0, 0.5, 1].map(v => `<path class="grid" d="M${LEFT} ${up(v)}H${WIDTH}"/>${text(LEFT - 4, up(v) + 4, v, "end")}`).join("");
  const marks = [0.5, 1, 2, 4, 8, 16, 32].map(f => text(across(f), HEIGHT - BOTTOM + 13, f)).join("");
  const points = runs.map(({ model, high, share, step }, i) => {
    const words = `${model}, frequency ${high}, step ${step}: ${Math.round(100 * share)} %`;
    return `<circle class="run${i === runs.length - 1 ? " now" : ""}" data-net="${model}" cx="${across(high).toFixed(1)}" cy="${up(share).toFixed(1)}" r="${i === runs.length - 1 ? 5 : 3.5}"><title>${words}</title></circle>`;
  }).join("");
  return frame(`${ticks}${marks}${points}`, "frequency of the fast half", "share on the slow half");
}

/** For each unit the pull of both halves of the circle on its normal, as a share of what it would be if all points pulled one way. */
export function pullChart({ above, below, most }) {
  const side = 250, middle = side / 2, reach = 105, units = most.length;
  const place = (half, i) => [0, 1].map(d => middle + (d ? -1 : 1) * reach * half[2 * i + d] / (most[i] || 1));
  const marks = Array.from(most, (_, i) => {
    const [x, y] = place(above, i), [u, v] = place(below, i);
    return `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="2.4"/><path d="M${(u - 2.4).toFixed(1)} ${(v - 2.4).toFixed(1)}l4.8 4.8m0 -4.8l-4.8 4.8"/>`;
  }).join("");
  const lift = half => rounded(1e4 * half.reduce((sum, v, i) => i % 2 ? sum + v : sum, 0) / units);
  const axes = `<path class="axis" d="M${middle - reach} ${middle}h${2 * reach}M${middle} ${middle - reach}v${2 * reach}"/><circle class="grid" cx="${middle}" cy="${middle}" r="${reach}"/>`;
  return `<svg class="pull" viewBox="0 0 ${side} ${side}" aria-hidden="true">${axes}${marks}${text(middle, side - 4, "to the right")}` +
    `<text transform="translate(12 ${middle}) rotate(-90)" text-anchor="middle">upward</text></svg>` +
    `<p>Dots: pull of the data above; crosses: of those below. The circle: all points pull one way. Mean pull upward, in 10⁻⁴: ${lift(above)} from above, ${lift(below)} from below.</p>`;
}

/** For each layer a disc with a spoke for each half-space: its direction, and the slope β|a| of its gate on a root scale. */
export function spokeChart(layers, beta) {
  const side = 90, across = Math.min(layers.length, 4), rows = Math.ceil(layers.length / across), radius = 34;
  const slopes = layers.map(({ normals, offsets }) => Array.from(offsets, (_, i) => beta * Math.hypot(normals[2 * i], normals[2 * i + 1])));
  const top = Math.max(1e-9, ...slopes.flat());
  const discs = layers.map(({ normals }, l) => {
    const x = side * (l % across) + side / 2, y = (side + 14) * Math.floor(l / across) + side / 2;
    const spokes = slopes[l].map((slope, i) => {
      const reach = radius * Math.sqrt(slope / top) / (Math.hypot(normals[2 * i], normals[2 * i + 1]) || 1);
      return `M${x} ${y}L${(x + reach * normals[2 * i]).toFixed(1)} ${(y - reach * normals[2 * i + 1]).toFixed(1)}`;
    }).join("");
    return `<circle class="grid" cx="${x}" cy="${y}" r="${radius}"/><path class="spokes" d="${spokes}"/>${text(x, y + side / 2 + 8, `layer ${l + 1}`)}`;
  }).join("");
  const width = side * across, height = (side + 14) * rows + 14;
  return `<svg viewBox="0 0 ${width} ${height}" style="max-width: ${1.4 * width}px" aria-hidden="true">${discs}${text(width / 2, height - 2, `steepest gate: slope ${top < 10 ? top.toPrecision(2) : Math.round(top)}`)}</svg>`;
}

/** Paint a kernel (n·n), first point at the top left, as a share of its largest entry. */
export function squareMap(canvas, values, n, scale) {
  const flipped = new Float64Array(n * n);
  for (let i = 0; i < n; i++) flipped.set(values.subarray(i * n, (i + 1) * n), (n - 1 - i) * n);
  paintMap(canvas, flipped, n, scale, 0, flipped.reduce((a, b) => Math.max(a, b), 1e-9));
}

/** The median of sorted numbers. */
export const median = sorted => (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
