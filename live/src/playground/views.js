// What can be seen of a run: for each view what it asks of the net, and how it is drawn.
import { SCALES, angleChart, featureChart, gradient, lossChart, paintEntry, paintMap, paintName, paintPoints, doseChart, pullChart, ringChart, spokeChart, squareMap, rounded, tileChart } from "./draw.js";
import { element, table } from "./controls.js";
import { Pair, canPair } from "./pair.js";
import { Row } from "./row.js";
import { PathSum, canList } from "./sum.js";
import { REACH, TASKS } from "./state.js";

const SIDE = 48, PIXELS = 384; // the maps: points a side, pixels

/** Points of the maps, row by row from below. */
export const grid = Float32Array.from({ length: 2 * SIDE * SIDE }, (_, i) => {
  const point = i >> 1, place = i & 1 ? Math.floor(point / SIDE) : point % SIDE;
  return REACH * (2 * (place + 0.5) / SIDE - 1);
});
/** The places of n that a table shows, at most so many: the middle ones of equal parts. */
const places = (n, count) => {
  const every = Math.ceil(n / count);
  return Array.from({ length: Math.floor(n / every) }, (_, k) => k * every + (every >> 1));
};
/** A part of values (size·size) as a table: heads, and rows that begin with their name. */
const cells = (values, size, count, corner, name, down) => {
  const at = places(size, count);
  return [[corner, ...at.map(name)], (down ? at.toReversed() : at).map(row => [name(row), ...at.map(column => rounded(values[row * size + column]))])];
};
const onGrid = values => cells(values, SIDE, 12, "x₂ ↓, x₁ →", k => rounded(grid[2 * k]), true);
const byPoint = (values, { x, y }, inOrder) => cells(values, y.length, 10, "point", inOrder ? i => `${angle(i, y.length)}°` : i => `(${rounded(x[2 * i])}, ${rounded(x[2 * i + 1])})`);
const most = values => values.reduce((a, b) => Math.max(a, b), 1e-9);
const gated = settings => settings.model.includes("DLGN");
const round = settings => Boolean(TASKS[settings.task].round);
const map = (title, scale, ends) => ({ title, scale, ends, map: true });
/** The angle of point i of n on the circle, in whole degrees. */
const angle = (i, n) => Math.round(360 * (i + 0.5) / n);
const kernel = (name, title, marked) => ({
  ...map(title, "activity", ["0", "1"]), asks: { [name]: true },
  paint(canvas, { seen, data }) {
    squareMap(canvas, seen[name], data.y.length, SCALES.activity);
    if (marked === "pair" && seen.pair) paintEntry(canvas, data.y.length, ...seen.pair.at);
    if (marked === "row" && seen.row) paintEntry(canvas, data.y.length, seen.row.at);
  },
  table({ seen, data, settings }) {
    const top = most(seen[name]);
    return byPoint(seen[name].map(v => v / top), data, round(settings));
  },
  says: step => `Map of the ${name} kernel between all pairs of points at step ${step}`,
});

/**
 * Views by name: title, `asks` (arguments of Session.look), `when(settings)` it makes sense, what it `says`, and either
 * `paint(canvas, run)` with `table(run)`, its heads and rows, or `chart(run)`, which returns SVG, or `panel`, a class with an element of its own that says what it asks and takes what was seen.
 * A run is {seen, data, out, outs, losses, furthest, lines, doses, settings}; outs are those of all nets.
 */
export const VIEWS = {
  field: {
    ...map("Output, with the data", "field", ["−1", "1"]), asks: { points: grid },
    paint(canvas, { seen, data, lines }) {
      paintMap(canvas, seen.out, SIDE, SCALES.field, -1, 1);
      lines.paint(canvas, seen.planes);
      paintPoints(canvas, data.x, data.y, REACH);
      seen.pair?.inputs.forEach((input, k) => paintName(canvas, input, "AB"[k], REACH));
    },
    table: ({ seen }) => onGrid(seen.out),
    says: (step, right) => `Map of the output at step ${step}; ${right} % of the points have the right sign`,
  },
  activity: {
    ...map("Paths that are active, as a share of the most", "activity", ["0", "1"]), asks: { points: grid, paths: true },
    paint(canvas, { seen }) { paintMap(canvas, seen.paths, SIDE, SCALES.activity, 0, most(seen.paths)); },
    table: ({ seen }) => onGrid(seen.paths.map(v => v / most(seen.paths))),
    says: step => `Map of how many paths are active at step ${step}`,
  },
  gate: {
    ...map("Gate of the chosen unit", "activity", ["0", "1"]), asks: { points: grid, gate: true },
    paint(canvas, { seen }) { paintMap(canvas, seen.gate, SIDE, SCALES.activity, 0, 1); },
    table: ({ seen }) => onGrid(seen.gate),
    says: step => `Map of how far the gate of the chosen unit is open at step ${step}`,
  },
  loss: {
    title: "Loss", chart: ({ losses, furthest }) => lossChart(losses, furthest),
    says: (step, right, loss) => `Curve of the loss up to step ${step}, now ${loss}`,
  },
  angle: {
    title: "Around the circle", when: round, asks: { runs: {} }, chart: ({ data, outs }) => angleChart(data.y, outs),
    says: step => `Target and output against the angle at step ${step}`,
  },
  ring: {
    title: "Where paths are active, around the circle", when: round, asks: { runs: { activity: true } },
    chart: ({ seen, data }) => ringChart(seen.runs.map(({ activity }) => activity), data.y),
    says: step => `Share of all activity of paths against the angle at step ${step}`,
  },
  dose: {
    title: "Runs so far: share of active paths on the slow half, by the frequency of the other", when: ({ task }) => task === "circle", asks: { runs: { activity: true } },
    chart: ({ doses }) => doseChart(doses),
    says: (step, right, loss, doses) => `${doses.length} runs as points: frequency of the fast half, and share of path activity on the slow one`,
  },
  row: {
    title: "One row of the tangent kernel: how far a step on one point moves all", when: round, panel: Row,
    says: step => `A row of the tangent kernel, and its parts, at step ${step}`,
  },
  directions: {
    title: "Half-spaces of all layers: direction, and slope of the gate as length", when: gated, asks: { planes: true },
    chart: ({ seen, settings }) => spokeChart(seen.planes, settings.hard === "hard" ? 1 : settings.beta),
    says: step => `For each layer the directions of its half-spaces at step ${step}, a spoke for each unit, as long as its gate is steep`,
  },
  pull: {
    title: "Pull of the data on the normal of each unit", asks: { pull: true }, chart: ({ seen }) => pullChart(seen.pull),
    when: settings => round(settings) && gated(settings) && settings.model !== "frozen DLGN" && settings.hard === "soft",
    says: step => `For each unit the pull of the data above and of the data below on its normal at step ${step}`,
  },
  paths: {
    title: "The output as a sum over paths", when: canList, panel: PathSum,
    says: step => `All paths at one input, at step ${step}`,
  },
  tiles: {
    title: "Regions in which no gate switches, bright where many paths are active", when: ({ width, depth }) => width * depth <= 48,
    asks: { tiles: [[-REACH, REACH], [-REACH, REACH]] }, chart: ({ seen }) => tileChart(seen.tiles, REACH),
    says: step => `Map of all regions of constant gates at step ${step}`,
  },
  features: {
    title: "Features of the last layer: eigenvalues, and how much of the target the first k hold", when: ({ width }) => width <= 64,
    asks: { features: true }, chart: ({ seen }) => featureChart(seen.features),
    says: step => `Eigenvalues of the features at step ${step}, and the share of the target in the first of them`,
  },
  pair: {
    title: "Two inputs, and the units that they share", when: canPair, panel: Pair,
    says: step => `The units that are on at two inputs, and how many paths these share, at step ${step}`,
  },
  overlap: kernel("overlap", "Overlap kernel, points in order of the angle, as a share of the most", "pair"),
  tangent: kernel("tangent", "Tangent kernel, points in order of the angle, as a share of the most", "row"),
};

/** The element of a view, its drawing within; a panel calls `moved` when another input is chosen in it, `say`, and `edit(change)` to change weights. */
export function makeView(name, moved, say, edit) {
  const { title, scale, ends, map, panel: Panel } = VIEWS[name], panel = Panel && new Panel(moved, say, edit);
  const kind = { role: panel ? "group" : "img", "data-view": name, "aria-label": `${title}: not drawn yet` };
  const drawing = panel ? element("div", kind, panel.element) : map ? element("canvas", { width: PIXELS, height: PIXELS, ...kind }) : element("div", kind);
  const bar = scale ? [element("div", { class: "scale" }, ends[0], element("span", { style: `background: ${gradient(SCALES[scale])}` }), ends[1])] : [];
  const cells = map && element("details", {}, element("summary", {}, "As a table"), element("div"));
  cells?.addEventListener("toggle", () => { if (cells.open) moved(); });
  return { name, drawing, panel, cells, figure: element("figure", {}, element("figcaption", {}, title), drawing, ...bar, ...cells ? [cells] : []) };
}

/** Write the numbers of a map into its table. */
export function fillCells({ name, cells }, run, step) {
  const [heads, rows] = VIEWS[name].table(run);
  cells.lastChild.replaceChildren(element("p", {}, `At step ${step}: ${rows.length} × ${rows.length} places of the map.`), table(heads, rows));
}

/** What the session must measure for these views. */
export const asked = names => {
  const all = names.map(name => VIEWS[name].asks ?? {}), runs = all.flatMap(asks => asks.runs ?? []);
  return Object.assign({}, ...all, runs.length && { runs: Object.assign({}, ...runs) });
};
