// The half-spaces on the map of the output: a layer and a unit are chosen, and the unit's line is dragged or turned with keys.
import { element } from "./controls.js";
import { mapPlace, paintPlanes, paintUnit } from "./draw.js";
import { REACH } from "./state.js";

const NEAR = 14; // pixels between a pointer and the line that it takes
const TURN = 5, SHIFT = 0.05; // degrees, and distance, of one press of a key
const KEYS = { ArrowLeft: [TURN, 0], ArrowRight: [-TURN, 0], ArrowUp: [0, SHIFT], ArrowDown: [0, -SHIFT] };
const HELP = {
  turn: "Drag a line on the map, or press arrow keys there: left and right turn it.",
  both: "Drag a line on the map to turn it, by its ring to shift it. With arrow keys there: left and right turn, up and down shift.",
  deep: " The weights of the unit change as little as they can; the layers above read it, and move with it.",
};

/** How many layers have half-spaces, in a net of these settings. */
export const layersOf = ({ model, depth }) => model.includes("DLGN") ? depth : model === "deep linear" ? 0 : 1;

/** The tensor of a layer that makes the gates: weights, or biases (undefined without). */
function gating(tensors, layer, part) {
  const kind = tensors.some(({ name }) => name.startsWith("gate")) ? "gate" : "value";
  return tensors.find(({ name }) => name === `${kind}_layers.${layer}.${part}`);
}

/**
 * Give unit i of a layer the half-space normal · x + offset >= 0, in place. Above a first layer of the same gating network,
 * `below` = {normals, offsets}, its weights change by the least that does it. Throws a RangeError where none do.
 */
export function setHalfSpace(tensors, { layer, unit, normal, offset, below }) {
  const { shape: [, fan], values } = gating(tensors, layer, "weight"), bias = gating(tensors, layer, "bias"), row = values.subarray(unit * fan, (unit + 1) * fan);
  if (!below) row.set(normal);
  else {
    const { normals, offsets } = below, through = part => row.reduce((sum, v, j) => sum + v * part(j), 0);
    const missing = normal.map((v, d) => v - through(j => normals[2 * j + d]));
    const gram = (d, e) => offsets.reduce((sum, _, j) => sum + normals[2 * j + d] * normals[2 * j + e], 0);
    const [a, b, c] = [gram(0, 0), gram(0, 1), gram(1, 1)], determinant = a * c - b * b;
    if (!(determinant > 1e-9 * (a + c) ** 2)) throw new RangeError("the layer below has one direction only; this line can turn when those below it do");
    const [p, q] = [(c * missing[0] - b * missing[1]) / determinant, (a * missing[1] - b * missing[0]) / determinant];
    for (let j = 0; j < fan; j++) row[j] += p * normals[2 * j] + q * normals[2 * j + 1];
    offset -= row.reduce((sum, v, j) => sum + v * offsets[j], 0);
  }
  if (bias) bias.values[unit] = offset;
}

/** The middle of the part of a line that the map shows; the point nearest to the origin if it shows none. */
export function middle([a, b], offset) {
  const square = a * a + b * b || 1, foot = [-offset * a / square, -offset * b / square], along = [-b, a];
  let [low, high] = [-Infinity, Infinity];
  along.forEach((slope, d) => {
    if (Math.abs(slope) < 1e-9) return;
    const ends = [-REACH, REACH].map(edge => (edge - foot[d]) / slope);
    [low, high] = [Math.max(low, Math.min(...ends)), Math.min(high, Math.max(...ends))];
  });
  const t = low < high ? (low + high) / 2 : 0;
  return foot.map((v, d) => v + t * along[d]);
}

export class Lines {
  /** `first`: the layer that is chosen at first, a number from 1, "last", or "" for none; `moved()` is called when another one is chosen, `edit(change)` changes weights. */
  constructor({ first = "", everyLayer, moved, edit }) {
    Object.assign(this, { everyLayer, moved, edit, planes: [], unit: first ? 0 : -1, wanted: null });
    this.layer = first === "last" ? Infinity : first ? first - 1 : -1;
    this.layers = element("select", { "aria-label": "layer whose half-spaces are drawn" });
    this.units = element("select", { "aria-label": "unit whose half-space is chosen" });
    const slider = attributes => element("input", { type: "range", ...attributes });
    this.turn = slider({ min: -180, max: 180, step: 1 });
    this.shift = slider({ min: -REACH, max: REACH, step: 0.01 });
    this.layers.addEventListener("change", () => { this.layer = +this.layers.value; this.choose(this.unit); });
    this.units.addEventListener("change", () => this.choose(+this.units.value));
    for (const one of [this.turn, this.shift]) one.addEventListener("input", () => this.set(+this.turn.value, this.biased ? +this.shift.value : 0));
    const label = (text, control) => element("label", {}, text, control);
    this.help = element("span");
    this.element = element("div", { class: "planes" }, element("p", { class: "run" }, label("Half-spaces of layer ", this.layers), this.one = label("unit ", this.units)),
      this.tools = element("p", { class: "run" }, label("direction ", this.turn), this.far = label("distance ", this.shift), this.help));
  }

  /** Whether the borders of half-spaces can lie away from the origin. */
  get biased() { return this.made.bias === "yes"; }

  /** Whether pointer and keys on the map are for the lines: with points of one's own they are for these. */
  get free() { return this.made.task !== "points"; }

  /** The layer in use, or -1. */
  get at() { return Math.min(this.layer, this.count - 1); }

  /** The chosen unit's plane, or null: there is none, or it is no half-space. */
  get plane() {
    const layer = this.planes[this.at];
    if (!layer || this.unit < 0 || this.unit >= layer.offsets.length) return null;
    return { normal: [...layer.normals.subarray(2 * this.unit, 2 * this.unit + 2)], offset: layer.offsets[this.unit] };
  }

  /** What the session must measure: for the views of one gate [layer, unit]. */
  get chosen() { return [Math.max(0, this.at), Math.max(0, this.unit)]; }

  /** What is chosen, for the address. */
  get looks() {
    if (!(this.at >= 0)) return {}; // none, or not known yet
    return { layer: [this.at + 1], ...this.unit >= 0 && { unit: [this.unit] } };
  }

  /** Choose what an address says. */
  look({ layer: [layer] = [0], unit: [unit] = [-1] }) { Object.assign(this, { layer: layer - 1, unit }); }

  choose(unit) {
    this.unit = unit;
    this.follow(this.made);
    this.moved();
  }

  /** Offer the layers and units of a net of these settings; what was chosen stays, if it is there. */
  follow(settings) {
    this.made = settings;
    this.count = settings.model === "deep linear" ? 0 : this.everyLayer ? settings.depth : layersOf(settings);
    this.unit = Math.min(this.unit, settings.width - 1);
    const options = (names, value, select) => {
      select.replaceChildren(element("option", { value: -1 }, "none"), ...names.map((name, i) => element("option", { value: i }, name)));
      select.value = value;
    };
    options(Array.from({ length: this.count }, (_, l) => l + 1), this.at, this.layers);
    options(Array.from({ length: settings.width }, (_, i) => i), this.unit, this.units);
    this.one.hidden = this.at < 0;
    this.element.hidden = !this.count;
  }

  /** Take the planes of a net as it is, and paint those of the layer on the map. */
  paint(canvas, planes) {
    this.planes = planes ?? [];
    const { plane, biased, free } = this, shown = this.planes[this.at];
    if (plane) paintUnit(canvas, plane.normal, plane.offset, middle(plane.normal, plane.offset), REACH, biased);
    if (shown) paintPlanes(canvas, shown, REACH);
    this.tools.hidden = !plane;
    this.far.hidden = !biased;
    this.help.textContent = plane && free ? HELP[biased ? "both" : "turn"] + (this.below ? HELP.deep : "") : "";
    canvas.classList.toggle("grip", Boolean(plane));
    if (free && plane) Object.assign(canvas, { tabIndex: 0, role: "application" });
    else if (free && canvas.role === "application") {
      canvas.role = "img";
      canvas.removeAttribute("tabindex");
    }
    if (!plane) return;
    const { angle, distance } = polar(plane);
    if (document.activeElement !== this.turn) this.turn.value = angle;
    if (document.activeElement !== this.shift) this.shift.value = distance;
    this.turn.setAttribute("aria-valuetext", `on towards ${Math.round(angle)}°`);
  }

  /** What the chosen layer reads, if that is a layer of half-spaces. */
  get below() { return this.at > 0 && this.made.model !== "shallow DLGN" ? this.planes[this.at - 1] : undefined; }

  /** Turn the chosen half-space to an angle, in degrees, its border at a distance from the origin. */
  set(angle, distance) {
    const { plane } = this;
    if (!plane) return;
    const length = Math.hypot(...plane.normal), t = angle * Math.PI / 180;
    this.aim([length * Math.cos(t), length * Math.sin(t)], -length * distance);
  }

  /** Give the chosen unit a half-space; of several wishes while the net is busy the last one counts. */
  aim(normal, offset) {
    const waits = this.wanted;
    this.wanted = { normal, offset };
    if (waits) return;
    this.edit(tensors => {
      const { wanted, at: layer, unit, below } = this;
      this.wanted = null;
      setHalfSpace(tensors, { ...wanted, layer, unit, below });
    });
  }

  /** Follow pointer and keys on the map. */
  attach(canvas) {
    canvas.addEventListener("pointerdown", event => this.take(canvas, event));
    canvas.addEventListener("pointermove", event => { if (this.drag) this.pull(canvas, event); });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { this.drag = null; });
    canvas.addEventListener("keydown", event => this.key(event));
  }

  /** Take the line under the pointer, the chosen one before others: by its ring to shift it, else to turn it. */
  take(canvas, event) {
    const layer = this.planes[this.at];
    if (!layer || !this.free) return;
    const { normals, offsets } = layer, point = mapPlace(canvas, event, REACH), reach = NEAR * 2 * REACH / canvas.getBoundingClientRect().width;
    const far = Array.from(offsets, (offset, i) => {
      const [a, b] = normals.subarray(2 * i, 2 * i + 2);
      return Math.abs(a * point[0] + b * point[1] + offset) / (Math.hypot(a, b) || 1e-9);
    });
    const nearest = this.unit >= 0 && far[this.unit] < reach ? this.unit : far.indexOf(Math.min(...far));
    if (far[nearest] > reach) return;
    event.stopImmediatePropagation();
    canvas.setPointerCapture(event.pointerId);
    if (nearest !== this.unit) this.choose(nearest);
    const { plane: { normal, offset }, biased } = this, pivot = biased ? middle(normal, offset) : [0, 0];
    this.drag = { normal, pivot, shifts: biased && Math.hypot(point[0] - pivot[0], point[1] - pivot[1]) < 1.5 * reach };
  }

  /** Lay the line that was taken through the pointer. */
  pull(canvas, event) {
    event.stopImmediatePropagation();
    const point = mapPlace(canvas, event, REACH), { normal, pivot, shifts } = this.drag;
    if (shifts) return this.aim(normal, -normal[0] * point[0] - normal[1] * point[1]);
    const [x, y] = [point[0] - pivot[0], point[1] - pivot[1]], far = Math.hypot(x, y), length = Math.hypot(...normal);
    if (far < 0.02) return;
    const sign = Math.sign(-y * normal[0] + x * normal[1]) || 1, turned = [-sign * length * y / far, sign * length * x / far];
    this.drag.normal = turned;
    this.aim(turned, -turned[0] * pivot[0] - turned[1] * pivot[1]);
  }

  key(event) {
    const [turn, shift] = KEYS[event.key] ?? [], { plane } = this;
    if (turn === undefined || !plane || !this.free) return;
    event.preventDefault();
    const { angle, distance } = polar(plane);
    this.set(angle + turn, distance + (this.biased ? shift : 0));
  }
}

/** The direction of a normal in degrees, and how far along it the border lies from the origin. */
function polar({ normal: [a, b], offset }) {
  return { angle: Math.atan2(b, a) * 180 / Math.PI, distance: -offset / (Math.hypot(a, b) || 1) };
}
