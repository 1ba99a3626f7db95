// The playground: settings in, a net that trains while one looks, every state an address.
import { createTrainer } from "../trainer.js";
import { element, fill, makeForm } from "./controls.js";
import { SCALES, angleChart, gradient, lossChart, median, paintMap, paintPlanes, paintPoints } from "./draw.js";
import { SETTINGS, TASKS, netOptions, python, read, start, write } from "./state.js";

const SIDE = 48, REACH = 1.25, PIXELS = 384; // the maps: points a side, half their width, pixels
const SLICE = 20; // milliseconds of training between two pictures
const MOST = 20000; // steps

const grid = Float32Array.from({ length: 2 * SIDE * SIDE }, (_, i) => {
  const point = i >> 1, place = i & 1 ? Math.floor(point / SIDE) : point % SIDE;
  return REACH * (2 * (place + 0.5) / SIDE - 1);
});
const button = (text, attributes = {}) => element("button", { type: "button", ...attributes }, text);
const show = value => value === undefined ? "–" : value >= 0.001 ? value.toPrecision(2) : value.toExponential(1).replace("-", "−");

class Playground {
  constructor(place, trainer) {
    Object.assign(this, { place, trainer, playing: false, work: Promise.resolve(), runs: [] });
    const address = read(location.hash);
    this.hidden = address.hidden;
    this.build();
    this.follow(address);
    addEventListener("hashchange", () => {
      this.pause();
      this.remember();
      this.follow(read(location.hash));
      this.place.scrollIntoView();
      this.play.focus();
    });
  }

  /** Show the state of an address. */
  follow({ settings, step, problems }) {
    this.settings = settings;
    this.enqueue(async () => {
      await this.begin();
      if (step) await this.walkTo(step);
      if (problems.length) this.say(`The address was taken without what makes no sense: ${problems.join("; ")}.`);
    });
  }

  build() {
    const canvas = name => element("canvas", { width: PIXELS, height: PIXELS, role: "img", "data-view": name });
    const figure = (title, content, scale, ends) => element("figure", {}, element("figcaption", {}, title), content,
      ...scale ? [element("div", { class: "scale" }, ends[0], element("span", { style: `background: ${gradient(scale)}` }), ends[1])] : []);
    const chart = name => element("div", { role: "img", "data-view": name });
    this.views = { field: canvas("field"), activity: canvas("activity"), loss: chart("loss"), angle: chart("angle") };
    this.layer = element("select", { "aria-label": "layer whose half-spaces are drawn" });
    this.layer.addEventListener("change", () => this.enqueue(() => this.draw()));
    this.form = makeForm(() => this.settings, this.hidden, settings => this.change(settings), text => this.say(text));
    this.play = button("▶ Train", { class: "play" });
    const one = button("One step"), ten = button("Ten steps"), again = button("Back to step 0"), usual = button("All as at first"), link = button("Copy link");
    this.slider = element("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": "go back to a step" });
    this.where = element("output", {}, "step 0");
    this.status = element("p", { class: "status", role: "status", "aria-live": "polite" });
    this.play.addEventListener("click", () => this.playing ? this.pause() : this.run());
    one.addEventListener("click", () => this.walk(1));
    ten.addEventListener("click", () => this.walk(10));
    again.addEventListener("click", () => { this.pause(); this.enqueue(() => this.walkTo(0)); });
    usual.addEventListener("click", () => this.change(start()));
    link.addEventListener("click", () => this.copy());
    this.slider.addEventListener("input", () => { this.pause(); this.enqueue(() => this.walkTo(+this.slider.value)); });
    this.numbers = element("div"), this.tried = element("div"), this.code = element("div");
    const fold = (title, content) => element("details", {}, element("summary", {}, title), content);
    this.angle = figure("Around the circle", this.views.angle);
    this.place.replaceChildren(
      this.form,
      element("div", { class: "run" }, this.play, one, ten, again, usual, link, element("label", {}, "step ", this.slider, this.where)),
      this.status,
      element("div", { class: "views" },
        figure("Output, with the data", this.views.field, SCALES.field, ["−1", "1"]),
        figure("Paths that are active, as a share of the most", this.views.activity, SCALES.activity, ["0", "1"]),
        figure("Loss", this.views.loss), this.angle),
      this.planes = element("p", { class: "planes" }, element("label", {}, "Half-spaces of layer ", this.layer)),
      fold("The numbers in a table", this.numbers), fold("Runs so far", this.tried), fold("The same in Python", this.code));
  }

  /** One thing at a time, in order: a press of a button waits for the picture before it. */
  enqueue(job) { return this.work = this.work.then(job).catch(error => { this.pause(); this.say(error.message); }); }

  say(text) { this.status.textContent = text; }

  change(settings) {
    this.pause();
    this.remember();
    this.settings = settings;
    this.enqueue(() => this.begin());
  }

  /** Make the nets anew. */
  async begin() {
    const { settings } = this;
    this.data = TASKS[settings.task].data(settings);
    const nets = Array.from({ length: settings.seeds }, (_, i) => netOptions(settings, i));
    const { losses } = await this.trainer.call("setup", { ...this.data, nets });
    Object.assign(this, { step: 0, furthest: 0, losses: losses.map(loss => [loss]) });
    const drawn = settings.model.includes("DLGN");
    this.layer.replaceChildren(element("option", { value: -1 }, "none"), ...Array.from({ length: drawn ? settings.depth : 0 }, (_, l) => element("option", { value: l }, l + 1)));
    this.planes.hidden = !drawn;
    fill(this.form, settings);
    await this.draw();
  }

  async advance(until, ms) {
    const { step, losses } = await this.trainer.call("train", { ms, until, lr: this.settings.lr });
    // what comes is the loss before each step; the one after the last comes with the next picture
    losses.forEach((run, i) => this.losses[i].splice(this.step, Infinity, ...run));
    this.step = step;
    this.furthest = Math.max(this.furthest, step);
    if (step >= (this.keptAt ?? 0) + Math.max(10, step / 10) || step < (this.keptAt ?? 0)) {
      await this.trainer.call("keep");
      this.keptAt = step;
    }
  }

  async walkTo(step) {
    if (step < this.step) {
      this.step = (await this.trainer.call("back", { step })).step;
      this.keptAt = this.step;
    }
    while (this.step < step) await this.advance(step, 50);
    await this.draw();
  }

  walk(steps) {
    this.pause();
    this.enqueue(() => this.walkTo(Math.min(this.step + steps, MOST)));
  }

  async run() {
    this.playing = true;
    this.play.textContent = "⏸ Pause";
    while (this.playing && this.step < MOST) {
      await this.enqueue(async () => {
        await this.advance(MOST, SLICE);
        await this.draw();
      });
      await new Promise(requestAnimationFrame);
    }
    this.pause();
  }

  pause() {
    if (this.playing) this.enqueue(() => this.mark());
    this.playing = false;
    this.play.textContent = "▶ Train";
  }

  /** Bring the address up to date. */
  mark() { history.replaceState(null, "", write(this.settings, this.step, this.hidden) || location.pathname + location.search); }

  async draw() {
    const { settings, step, data } = this, layer = +this.layer.value;
    const seen = await this.trainer.call("look", { points: grid, paths: true, planes: layer >= 0 });
    const field = this.views.field, most = seen.paths.reduce((a, b) => Math.max(a, b), 1e-9);
    seen.losses.forEach((loss, i) => { this.losses[i][step] = loss; });
    paintMap(field, seen.out, SIDE, SCALES.field, -1, 1);
    if (seen.planes) paintPlanes(field, seen.planes[layer], REACH);
    paintPoints(field, data.x, data.y, REACH);
    paintMap(this.views.activity, seen.paths, SIDE, SCALES.activity, 0, most);
    this.views.loss.innerHTML = lossChart(this.losses, this.furthest);
    const { out } = await this.trainer.call("look", { points: data.x });
    const round = TASKS[settings.task].round;
    this.angle.hidden = !round;
    if (round) this.views.angle.innerHTML = angleChart(data.y, out);
    this.tell(out);
  }

  /** Say in words and numbers what is seen. */
  tell(out) {
    const { settings, step, data, losses } = this;
    const now = losses.map(run => run[step]).sort((a, b) => a - b), loss = show(median(now));
    const right = [...out].filter((v, i) => v * data.y[i] > 0).length / out.length;
    const parts = [`Step ${step}, loss ${loss}${settings.seeds > 1 ? ` (median of ${settings.seeds} seeds, ${show(now[0])} to ${show(now.at(-1))})` : ""}`];
    parts.push(`${Math.round(100 * right)} % of the points have the right sign`);
    const below = losses[0].findIndex(v => v < 0.01);
    if (below >= 0 && below <= step) parts.push(`loss below 0.01 at step ${below}`);
    this.say(`${parts.join(", ")}.`);
    for (const [name, text] of Object.entries({
      field: `Map of the output at step ${step}; ${Math.round(100 * right)} % of the points have the right sign`,
      activity: `Map of how many paths are active at step ${step}`, loss: `Curve of the loss up to step ${step}, now ${loss}`,
      angle: `Target and output against the angle at step ${step}`,
    })) this.views[name].setAttribute("aria-label", text);
    Object.assign(this.slider, { max: this.furthest, value: step });
    this.where.textContent = step;
    this.numbers.replaceChildren(table(["point", "target", "output"], [...out].map((v, i) => [`(${data.x[2 * i].toFixed(2)}, ${data.x[2 * i + 1].toFixed(2)})`, data.y[i].toFixed(2), v.toFixed(2)])));
    this.code.replaceChildren(this.snippet());
    if (!this.playing) this.mark();
  }

  snippet() {
    const code = python(this.settings, this.step);
    return code ? element("pre", {}, code) : element("p", {}, "The library has the circle; the other tasks are the playground's own.");
  }

  /** Add the run so far to the table of runs. */
  remember() {
    if (!this.step) return;
    const below = this.losses[0].findIndex(v => v < 0.01), usual = start();
    const changed = Object.entries(this.settings).filter(([name, value]) => value !== usual[name]).map(([name, value]) => `${SETTINGS[name].label} ${value}`);
    this.runs.push([changed.join(", ") || "as at first", this.step, show(this.losses[0].at(-1)), below < 0 ? "–" : below]);
    this.tried.replaceChildren(table(["what differs from the start", "steps", "loss", "below 0.01 at"], this.runs));
  }

  async copy() {
    const link = new URL(write(this.settings, this.step, this.hidden) || "#", location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      this.say("Link copied.");
    } catch { // the browser keeps the clipboard to itself
      this.say(`The link: ${link}`);
    }
  }
}

function table(heads, rows) {
  const line = (cells, kind) => element("tr", {}, ...cells.map(cell => element(kind, {}, cell)));
  return element("div", { class: "table", tabindex: 0 }, element("table", {}, element("thead", {}, line(heads, "th")), element("tbody", {}, ...rows.map(row => line(row, "td")))));
}

const place = document.querySelector("[data-playground]");
if (place) createTrainer().then(trainer => { place.playground = new Playground(place, trainer); });
