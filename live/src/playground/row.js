// The view of one row of the tangent kernel: how far a small step on one point moves the outputs at all, by experts and by gates.
import { element } from "./controls.js";
import { rowChart } from "./draw.js";

export class Row {
  /** `moved()` is called when the reader chooses another point. */
  constructor(moved) {
    this.point = 33; // at 60°, where the figure begins
    this.slider = element("input", { type: "range", min: 0, max: 199, value: this.point, "aria-label": "point that is pushed" });
    this.slider.addEventListener("input", () => { this.point = +this.slider.value; moved(); });
    this.name = element("span");
    this.chart = element("div");
    this.told = element("p");
    this.element = element("div", { class: "row" }, element("p", { class: "run" }, element("label", {}, "push the output at ", this.slider), this.name), this.chart, this.told);
  }

  /** What is chosen here. */
  get chosen() { return this.point; }

  get asks() { return { row: this.point }; }

  /** Choose a point by its place in the data. */
  choose(point) { this.slider.value = this.point = point; }

  update({ row: { at, full, expert, gate } }, { length }) {
    const degrees = i => Math.round(360 * (i + 0.5) / length), own = full[at] || 1, share = part => Array.from(part, v => v / own);
    this.slider.max = length - 1;
    this.choose(Math.min(this.point, length - 1)); // perhaps another one than at the time of this look
    this.name.textContent = `${degrees(at)}°`;
    this.slider.setAttribute("aria-valuetext", this.name.textContent);
    this.chart.innerHTML = rowChart(share(full), share(expert), share(gate), at);
    const moved = full.reduce((count, v) => count + (Math.abs(v) > Math.abs(own) / 2), 0);
    this.told.textContent = `In units of the rise at the pushed point: whole row (line), experts (dashed), gates (dash-dotted). ` +
      `${moved} of ${length} points move by more than half of it. At the point itself the gates make ${Math.round(100 * gate[at] / own)} % of the rise.`;
  }
}
