// The view of a small net that writes its output out: the net at one input, and a row for each path, to be ticked.
import { allPaths, pathTerms } from "../paths.js";
import { element, table } from "./controls.js";
import { rounded, stairChart } from "./draw.js";
import { REACH } from "./state.js";

const MOST = 32; // paths that fit into a table
const GAP = 76, UP = 44, RADIUS = 15;

/** Whether a net is small enough, and its paths are all there is: biases of a ReLU net would be paths of their own. */
export const canList = ({ width, depth, bias, model, alpha }) =>
  width ** depth <= MOST && alpha === 1 && (bias === "no" || model.includes("DLGN") || model === "GaLU");

export class PathSum {
  /** `moved(input)` is called when the reader chooses another input, `say(text)` when another sum, `edit(change)` to change a weight. */
  constructor(moved, say, edit) {
    this.input = [0.8, 0.4];
    this.edit = edit;
    this.element = element("div", { class: "sum" });
    this.sliders = ["x₁", "x₂"].map((name, d) => {
      const slider = element("input", { type: "range", min: -REACH, max: REACH, step: 0.05, value: this.input[d] });
      slider.addEventListener("input", () => { this.input[d] = +slider.value; moved(this.input); });
      return element("label", {}, `${name} `, slider);
    });
    this.picture = element("div");
    this.rows = element("tbody");
    this.sum = element("p");
    this.stairs = element("div");
    this.say = say;
    this.weights = element("div");
    const heads = ["", "path", "gate f", "expert g", "f · g"].map(head => element("th", {}, head));
    this.element.append(
      element("p", { class: "run" }, ...this.sliders), this.picture,
      this.editor = element("details", {}, element("summary", {}, "Change weights"), this.weights),
      element("div", { class: "table", tabindex: 0 }, element("table", {}, element("thead", {}, element("tr", {}, ...heads)), this.rows)), this.sum, this.stairs);
    this.editor.addEventListener("toggle", () => { if (this.editor.open && this.matrices) this.fields(this.matrices); });
  }

  /** What is chosen here. */
  get chosen() { return this.input; }

  get asks() { return { inside: Float32Array.from(this.input) }; }

  /** Choose an input with the pointer on the map of the output. */
  choose(input) {
    this.input = input;
    this.sliders.forEach((label, d) => { label.lastChild.value = input[d]; });
  }

  /** A row for each path; what is ticked stays so while the paths are the same. */
  list(widths) {
    if (String(widths) === this.listed) return;
    this.listed = String(widths);
    this.ticks = allPaths(widths).map(units => {
      const tick = element("input", { type: "checkbox", "aria-label": `count path ${units.join(" → ")}` });
      tick.checked = true;
      tick.addEventListener("change", () => { this.add(); this.say(this.sum.textContent); });
      return tick;
    });
    this.cells = this.ticks.map(() => Array.from({ length: 4 }, () => element("td")));
    this.rows.replaceChildren(...this.ticks.map((tick, i) => element("tr", {}, element("td", {}, tick), ...this.cells[i])));
  }

  /** Show the net as it is: matrices of the experts and gates at the input, from the session. */
  update({ inside: { matrices, gates, out } }) {
    this.list(gates.map(layer => layer.length));
    if (this.editor.open) this.fields(matrices);
    Object.assign(this, { matrices, gates, out, terms: pathTerms(matrices, gates, this.input) });
    this.terms.forEach(({ units, gate, expert, product }, i) =>
      [units.join(" → "), rounded(gate), rounded(expert), rounded(product)].forEach((text, column) => { this.cells[i][column].textContent = text; }));
    this.add();
  }

  /** A table for each matrix, its weights to be typed over. */
  fields(matrices) {
    const shapes = String(matrices.map(({ shape }) => shape));
    if (shapes !== this.shapes) {
      this.shapes = shapes;
      const ends = (l, fan) => l ? Array.from({ length: fan }, (_, i) => `unit ${i}`) : ["x₁", "x₂"], last = matrices.length - 1;
      this.cellsOf = matrices.map(({ name, shape: [out, fan] }, l) => Array.from({ length: out * fan }, (_, at) => {
        const to = l === last ? "ŷ" : `unit ${Math.floor(at / fan)}`, label = `weight of layer ${l + 1} from ${ends(l, fan)[at % fan]} to ${to}`;
        const input = element("input", { type: "number", step: "any", required: "", "aria-label": label });
        input.addEventListener("change", event => {
          event.stopPropagation();
          const value = input.valueAsNumber;
          if (Number.isFinite(value)) this.edit(tensors => { tensors.find(one => one.name === name).values[at] = value; });
          else this.say(`${label} must be a number`);
        });
        return input;
      }));
      this.weights.replaceChildren(...matrices.map(({ shape: [out, fan] }, l) => {
        const made = table([`layer ${l + 1}`, ...ends(l, fan)], Array.from({ length: out }, (_, to) => [l === last ? "to ŷ" : `to unit ${to}`, ...this.cellsOf[l].slice(to * fan, (to + 1) * fan)]));
        return made;
      }));
    }
    matrices.forEach(({ values }, l) => this.cellsOf[l].forEach((input, at) => { if (document.activeElement !== input) input.value = +values[at].toPrecision(4); }));
  }

  /** The sum of what is ticked, beside the output; the edges of these paths are drawn thick. */
  add() {
    const chosen = this.terms.filter((_, i) => this.ticks[i].checked), sum = chosen.reduce((total, term) => total + term.product, 0);
    this.sum.textContent = `At (${this.input.map(rounded).join(", ")}) the ${chosen.length} ticked of ${this.terms.length} paths add up to ${rounded(sum)}; the output is ${rounded(this.out)}.`;
    this.terms.forEach(({ gate }, i) => this.rows.children[i].classList.toggle("off", gate < 0.5));
    this.stairs.innerHTML = stairChart(chosen.map(term => term.product), this.out);
    this.picture.innerHTML = drawing(this.matrices, this.gates, chosen.filter(term => term.gate >= 0.5));
  }
}

/** The net from left to right as SVG: units that are on are filled, edges of the given paths thick, weights beside them. */
function drawing(matrices, gates, terms) {
  const sizes = [matrices[0].shape[1], ...gates.map(layer => layer.length), matrices.at(-1).shape[0]], high = UP * Math.max(...sizes);
  const place = (layer, unit) => [30 + GAP * layer, high / 2 + UP * (unit - (sizes[layer] - 1) / 2)];
  const thick = new Set(terms.flatMap(({ units }) => [
    ...Array.from({ length: sizes[0] }, (_, d) => [0, d, units[0]]), ...units.map((unit, l) => [l + 1, unit, units[l + 1] ?? 0])].map(String)));
  const edges = [], labels = [];
  matrices.forEach(({ shape: [rows, columns], values }, l) => {
    for (let to = 0; to < rows; to++)
      for (let from = 0; from < columns; from++) {
        const [x, y] = place(l, from), [right, down] = place(l + 1, to), t = y === down || rows === 1 ? 0.5 : 0.32; // labels of edges that cross lie apart
        edges.push(`<path class="${thick.has(String([l, from, to])) ? "line" : "grid"}" d="M${x} ${y}L${right} ${down}"/>`);
        if (Math.max(...sizes) === 2) labels.push(`<text class="weight" x="${x + t * (right - x)}" y="${y + t * (down - y) + 3}" text-anchor="middle">${rounded(values[to * columns + from])}</text>`);
      }
  });
  const units = sizes.flatMap((size, layer) => Array.from({ length: size }, (_, unit) => {
    const [x, y] = place(layer, unit), hidden = layer > 0 && layer < sizes.length - 1, on = hidden && gates[layer - 1][unit] >= 0.5;
    const name = hidden ? unit : layer ? "ŷ" : ["x₁", "x₂"][unit];
    return `<circle class="${on ? "on" : "unit"}" cx="${x}" cy="${y}" r="${RADIUS}"/><text class="${on ? "lit" : ""}" x="${x}" y="${y + 4}" text-anchor="middle">${name}</text>`;
  }));
  return `<svg viewBox="0 0 ${GAP * (sizes.length - 1) + 60} ${high}" style="max-width: ${1.5 * (GAP * (sizes.length - 1) + 60)}px" aria-hidden="true">${edges.join("")}${labels.join("")}${units.join("")}</svg>`;
}
