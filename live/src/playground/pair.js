// The view of two inputs: which units are on at both, layer by layer, and how many paths they share. The overlap kernel, counted.
import { element } from "./controls.js";

const SIDE = 11, ROW = 26, LEFT = 62, MOST = 64; // a unit's square, the room for a layer, the room for its name; units that are drawn

export const canPair = ({ model, width, bias }) => width <= MOST && (bias === "no" || model.includes("DLGN") || model === "GaLU");

export class Pair {
  /** `moved()` is called when the reader chooses another pair. */
  constructor(moved) {
    this.next = 0; // which of the two a click on the map of the plane chooses
    this.pair = [20, 30];
    this.sliders = this.pair.map((point, k) => {
      const slider = element("input", { type: "range", min: 0, max: 199, value: point, "aria-label": `input ${"AB"[k]}` });
      slider.addEventListener("input", () => { this.pair[k] = +slider.value; moved(); });
      return slider;
    });
    this.names = this.pair.map(() => element("span"));
    this.rows = element("div");
    this.told = element("p");
    this.element = element("div", { class: "pair" },
      ...this.sliders.map((slider, k) => element("p", { class: "run" }, element("label", {}, `${"AB"[k]} `, slider), this.names[k])), this.rows, this.told);
  }

  /** What is chosen here. */
  get chosen() { return this.pair; }

  get asks() { return { pair: this.pair }; }

  /** Choose two points by their places in the data. */
  choose(pair) {
    this.pair = pair;
    this.sliders.forEach((slider, k) => { slider.value = pair[k]; });
  }

  /** A point was clicked: it takes the place of A, the next one that of B, and so on. */
  click(point) {
    this.choose(this.pair.with(this.next, point));
    this.next = 1 - this.next;
  }

  /** Show which of the thresholded gates are open at both. */
  update({ pair: { inputs, gates } }, { length }) {
    this.sliders.forEach(slider => { slider.max = length - 1; });
    this.choose(this.pair.map(point => Math.min(point, length - 1))); // perhaps another one than at the time of this look
    this.names.forEach((name, k) => { name.textContent = `at ${place(inputs[k])}`; });
    const open = gates.map(layer => layer.map(values => values.map(value => value >= 0.5)));
    const counts = open.map(([a, b]) => ({ a: count(a), b: count(b), both: count(a.map((on, i) => on && b[i])) }));
    const wide = LEFT + SIDE * open[0][0].length;
    const squares = open.map(([a, b], l) => {
      const units = a.map((on, i) => {
        const kind = on && b[i] ? "both" : on ? "one" : b[i] ? "other" : "none";
        return `<rect class="${kind}" x="${LEFT + SIDE * i + 1}" y="${ROW * l + 8}" width="${SIDE - 2}" height="${SIDE - 2}"/>`;
      });
      return `<text x="0" y="${ROW * l + 17}">layer ${l + 1}</text>${units.join("")}`;
    });
    this.rows.innerHTML = `<svg viewBox="0 0 ${wide} ${ROW * open.length}" style="max-width: ${1.6 * wide}px" aria-hidden="true">${squares.join("")}</svg>`;
    const product = name => counts.reduce((all, layer) => all * layer[name], 1).toLocaleString("en");
    this.told.textContent = `Units on at both (in the colour of this text), layer by layer: ${counts.map(({ both }) => both).join(" · ")} = ${product("both")} shared paths. ` +
      `Those on at A alone are blue, at B alone orange; ${product("a")} paths are active at A, ${product("b")} at B.`;
  }
}

const count = gates => gates.filter(Boolean).length;

/** A point of the plane in words: its angle if it lies on the circle. */
function place([a, b]) {
  if (Math.abs(Math.hypot(a, b) - 1) < 1e-3) return `${Math.round((Math.atan2(b, a) * 180 / Math.PI + 360) % 360)}°`;
  return `(${a.toFixed(2)}, ${b.toFixed(2)})`.replaceAll("-", "−");
}
