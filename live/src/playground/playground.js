// The playground: settings in, a net that trains while one looks, every state an address. A page of its own owns the
// browser's address; a place within a chapter (data-address) starts from the one that the chapter gives, and links here if it
// knows where that is (data-page).
import { createTrainer } from "../trainer.js";
import { notebook, pythonCell, shortened } from "./cell.js";
import { element, fill, makeForm, table } from "./controls.js";
import { median } from "./draw.js";
import { fromFile, toFile } from "./files.js";
import { Lines } from "./lines.js";
import { withChanges, writeChanges } from "./looks.js";
import { Own } from "./own.js";
import { alike, carried, owner, shapeOf, told } from "./share.js";
import { MOST, SETTINGS, TASKS, netOptions, python, read, start, write } from "./state.js";
import { VIEWS, asked, fillCells, makeView } from "./views.js";

const SLICE = { one: 30, many: 100 }; // milliseconds of training between two pictures, with one seed and with several
const MANY = 10; // seeds, when one is not enough
const CHOOSE = { paths: "input", pair: "pair", row: "row" }; // views in which something is chosen, and what the address calls it
const PATIENCE = 1000; // milliseconds: a longer walk shows where it is and can be stopped; a voice is not interrupted sooner
const reduced = matchMedia("(prefers-reduced-motion: reduce)");
const FIRST = ["field", "activity", "loss", "angle"], MORE = ["paths", "tiles", "ring", "dose", "directions", "pull", "features", "pair", "overlap", "tangent", "row"];

const button = (text, attributes = {}) => element("button", { type: "button", ...attributes }, text);
const show = value => value === undefined ? "–" : value >= 0.001 ? value.toPrecision(2) : value.toExponential(1).replace("-", "−");

let places = 0;

/** The number of the point that is nearest to a place. */
const nearest = (x, [a, b]) => {
  const far = Array.from({ length: x.length / 2 }, (_, i) => Math.hypot(x[2 * i] - a, x[2 * i + 1] - b));
  return far.indexOf(Math.min(...far));
};

/** Share of a ring of values that lies on its first half: the upper one of a circle. */
const upper = values => values.slice(0, values.length / 2).reduce((a, b) => a + b, 0) / (values.reduce((a, b) => a + b, 0) || 1);

export class Playground {
  /** `trainer` may be a promise: the controls are there before it, and what they ask for waits. */
  constructor(place, trainer) {
    const { address, views = FIRST.join(" "), page = "", controls, install } = place.dataset;
    Object.assign(this, { place, page, install, drawn: null, playing: false, spoke: 0, work: Promise.resolve(), runs: [], doses: [], inline: address !== undefined });
    const elsewhere = document.getElementById(location.hash.slice(1)); // the address names a place on the page
    const first = read(this.inline ? address : elsewhere ? "" : location.hash);
    this.hidden = controls === undefined ? first.hidden : Object.keys(SETTINGS).filter(name => !controls.split(" ").includes(name));
    this.names = views.split(" ");
    this.build();
    this.enqueue(async () => { this.trainer = await trainer; });
    this.follow(first);
    if (!this.inline)
      addEventListener("hashchange", () => {
        if (document.getElementById(location.hash.slice(1))) return; // a place on the page
        this.stop();
        this.remember();
        this.follow(read(location.hash));
        this.place.scrollIntoView();
        this.play.focus();
      });
  }

  /** Show the state of an address. */
  follow({ settings, step, looks, weights, problems }) {
    this.settings = settings;
    this.look(looks);
    this.enqueue(async () => {
      let tensors;
      try {
        if (weights) tensors = withChanges(await this.origin(settings), weights);
      } catch (error) { problems.push(error.message); }
      await this.begin(tensors);
      if (step) await this.walkTo(step);
      if (problems.length) this.say(`The address was taken without what makes no sense: ${problems.join("; ")}.`);
    });
  }

  /** Choose what an address says, and open the folds that show it. */
  look(looks) {
    if (!this.inline) this.lines.look(looks);
    for (const { name, panel, fold } of this.views) {
      const chosen = looks[CHOOSE[name]];
      if (!chosen) continue;
      panel.choose(name === "row" ? chosen[0] : chosen);
      if (fold) fold.open = true;
    }
  }

  /** What is chosen, in the views that are seen. */
  get looks() {
    const seen = this.views.filter(({ name, fold }) => name in CHOOSE && (!fold || fold.open) && (VIEWS[name].when?.(this.settings) ?? true));
    return { ...this.lines.looks, ...Object.fromEntries(seen.map(({ name, panel }) => [CHOOSE[name], [panel.chosen].flat()])) };
  }

  build() {
    this.lines = new Lines({
      first: this.place.dataset.layer, everyLayer: this.names.includes("gate"), moved: () => this.soon(), edit: change => this.edit(change),
    });
    this.carried = element("p");
    this.form = makeForm(`playground${places++}`, () => this.settings, this.hidden, settings => this.change(settings), text => this.say(text));
    this.own = new Own(() => this.settings, changes => this.redo(changes), text => this.say(text));
    this.own.sketch = y => { const at = this.views.find(view => view.name === "angle"); at.drawing.innerHTML = VIEWS.angle.chart({ data: { y }, outs: [this.out] }); };
    this.play = button("▶ Train", { class: "play" });
    const one = button("One step"), ten = button("Ten steps"), again = button("Back to step 0"), usual = button("All as at first"), link = button("Copy link");
    this.seeds = button(`${MANY} seeds, one by one`);
    this.seeds.addEventListener("click", () => this.more());
    this.slider = element("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": "go back to a step" });
    this.where = element("output", {}, "step 0");
    this.status = element("p", { class: "status" });
    this.voice = element("p", { class: "voice", role: "status" });
    this.play.addEventListener("click", () => this.playing ? this.pause() : this.run());
    one.addEventListener("click", () => this.walk(1));
    ten.addEventListener("click", () => this.walk(10));
    again.addEventListener("click", () => { this.pause(); this.enqueue(() => this.walkTo(0)); });
    usual.addEventListener("click", () => this.change(this.inline ? read(this.place.dataset.address).settings : start()));
    link.addEventListener("click", () => this.copy());
    this.slider.addEventListener("input", () => { this.pause(); this.enqueue(() => this.walkTo(+this.slider.value)); });
    this.numbers = element("div"), this.tried = element("div"), this.code = element("div");
    const fold = (title, ...content) => element("details", {}, element("summary", {}, title), ...content);
    const numbers = fold("The numbers in a table", this.numbers);
    numbers.addEventListener("toggle", () => this.enqueue(() => this.draw()));
    this.views = this.names.map(name => this.view(name));
    const seen = this.views.map(view => view.figure);
    const more = this.inline ? [] : MORE.map(name => this.folded(name));
    this.views.forEach(view => {
      if (view.name === "field") this.lines.attach(view.drawing); // before what a click on the map means elsewhere
      this.own.attach(view);
      this.point(view);
    });
    this.own.probe = (input, dragged) => {
      const [inside, pair] = ["paths", "pair"].map(name => this.views.find(view => view.name === name && (!view.fold || view.fold.open)));
      inside?.panel.choose(input);
      if (!dragged) pair?.panel.click(nearest(this.data.x, input));
      if (inside || pair) this.soon();
      return Boolean(inside);
    };
    this.place.replaceChildren(
      this.form, this.carried,
      element("div", { class: "run" }, this.play, ...this.inline ? [ten, again, ...this.hidden.includes("seeds") ? [] : [this.seeds], ...this.page ? [link] : []] : [one, ten, again, this.seeds, usual, link], element("label", {}, "step ", this.slider, this.where)),
      this.status, this.voice,
      this.own.tools,
      element("div", { class: "views" }, ...seen),
      this.planes = element("div", {}, this.lines.element),
      ...more, numbers, fold("Runs so far", this.tried),
      fold("The same in Python", this.code), ...this.inline ? [this.leave = element("p")] : [this.goOn(), fold("Weights, and a frame for another page", ...this.files())]);
  }

  /** A view; one that looks inside the net has its input chosen there, or by a click on the map of the output. */
  view(name) { return makeView(name, () => this.soon(), text => this.say(text), change => this.edit(change)); }

  /** A view in a fold, measured only while that is open. */
  folded(name) {
    const view = this.view(name), title = view.figure.firstChild.textContent;
    view.fold = element("details", {}, element("summary", {}, title), view.figure);
    view.fold.addEventListener("toggle", () => this.enqueue(() => view.fold.open ? this.draw() : this.mark()));
    this.views.push(view);
    return view.fold;
  }

  /** A click on the map of a kernel chooses what another view looks at: the pair of its two points, or its row. */
  point({ name, drawing }) {
    const looks = { overlap: "pair", tangent: "row" }[name], other = this.views.find(view => view.name === looks);
    if (!other) return;
    drawing.classList.add("pointed");
    drawing.addEventListener("click", event => {
      const box = drawing.getBoundingClientRect(), n = this.data.y.length;
      const at = [event.clientY - box.top, event.clientX - box.left].map(v => Math.max(0, Math.min(n - 1, Math.floor(n * v / box.width))));
      other.panel.choose(looks === "pair" ? at : at[0]);
      this.soon();
    });
  }

  /** A fold with a cell that goes on in Python from here, measured only while it is open. */
  goOn() {
    const copy = button("Copy the cell"), save = button("Save as a notebook");
    copy.addEventListener("click", () => this.enqueue(async () => this.copyText(await this.cell(), "Cell")));
    save.addEventListener("click", () => this.enqueue(async () => {
      this.download(notebook(await this.cell(), this.install), "playground.ipynb");
      this.say("Saved as playground.ipynb.");
    }));
    const colab = element("a", { href: "https://colab.research.google.com/#create=true", target: "_blank", rel: "noopener" }, "new notebook on Colab");
    this.shown = element("div");
    this.further = element("details", {}, element("summary", {}, "Go on in Python, or on Colab"),
      element("p", {}, "One cell holds the data, the network of the first seed with its weights, and the next steps. Adam begins anew. Paste it into a ", colab,
        ", or open the notebook there or on your own computer."),
      element("p", { class: "run" }, copy, save), this.shown);
    this.further.addEventListener("toggle", () => { if (this.further.open) this.enqueue(() => this.draw()); });
    return this.further;
  }

  async cell() {
    const { parameters } = await this.trainer.call("parameters"), { made: settings, step, data, install } = this;
    return pythonCell({ settings, step, parameters, data, loss: show(this.losses[0][step]), install });
  }

  download(blob, name) {
    const file = URL.createObjectURL(blob);
    element("a", { href: file, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(file), 10000);
  }

  files() {
    const save = ["json", "safetensors"].map(kind => {
      const made = button(`Weights as ${kind}`);
      made.addEventListener("click", () => this.enqueue(() => this.save(kind)));
      return made;
    });
    const load = element("input", { type: "file", accept: ".json,.safetensors" }), frame = button("Copy frame");
    load.addEventListener("change", () => { const [file] = load.files; load.value = ""; if (file) this.adopt(() => fromFile(file), `of ${file.name}`); });
    frame.addEventListener("click", () => this.copyText(
      `<iframe src="${new URL("../../embed.html", import.meta.url).href}${this.hash}" width="800" height="900" title="A network that trains in the browser"></iframe>`, "Frame"));
    return [
      element("p", { class: "run" }, ...save, frame), element("p", {}, element("label", {}, "Weights from a file, JSON or safetensors: ", load)),
      element("p", {}, "The files name the weights of the first seed as the library does. ", element("code", {}, 'net, settings = load_weights("weights.json")'), " reads them in Python, ",
        element("code", {}, 'save_weights(net, "weights.json")'), " writes them. Adam begins anew.")];
  }

  /** One thing at a time, in order: a press of a button waits for the picture before it. */
  enqueue(job) { return this.work = this.work.then(job).catch(error => { this.stop(); this.say(error.message); }); }

  /** Draw; of several wishes while something else is drawn, one is enough. */
  soon() {
    if (this.due) return;
    this.due = true;
    this.enqueue(() => { this.due = false; return this.draw(); });
  }

  /** Write what there is to say, and speak it: while it trains from time to time only, else at once. */
  say(text) {
    this.status.textContent = text;
    if (this.playing && performance.now() < this.spoke + 2 * PATIENCE) return;
    this.voice.textContent = text;
    this.spoke = performance.now();
  }

  change(settings) {
    this.stop();
    this.remember();
    this.settings = settings;
    this.enqueue(() => this.begin());
  }

  /** Own data have changed: once more from the start, what trained goes on training. */
  redo(changes) {
    const playing = this.playing && Object.keys(changes).length;
    if (Object.keys(changes).length) this.change({ ...this.settings, ...changes });
    else this.enqueue(() => this.draw());
    if (playing) this.work.then(() => this.run());
  }

  async save(kind) {
    const { tensors } = await this.trainer.call("tensors"), { settings, step } = this;
    this.download(toFile(kind, tensors, { settings, step }), `weights.${kind}`);
    this.say(`Weights of seed ${settings.seed} at step ${step} saved as weights.${kind}.`);
  }

  /** Start from the weights {settings, tensors} that `find` promises, with their settings if they have any; `whose` says where they are from. */
  adopt(find, whose) {
    this.pause();
    this.enqueue(async () => {
      const { settings = {}, tensors } = await find();
      const known = read(new URLSearchParams(settings).toString()).settings, before = this.settings;
      this.settings = { ...(Object.keys(settings).length ? known : before), seeds: 1 };
      try { await this.begin(tensors); } catch (error) {
        this.settings = before;
        await this.begin();
        throw error;
      }
      this.say(`Weights ${whose} taken as step 0.${this.inline || this.weights !== null ? "" : " The address does not hold them."}`);
    });
  }

  /** Make the nets anew, the first from `tensors` if given. */
  async begin(tensors) {
    const { settings } = this;
    this.data = TASKS[settings.task].data(settings);
    const figure = tensors ? undefined : this.printed(settings);
    this.loose = Boolean(tensors ?? figure); // no seed draws them
    const own = tensors;
    tensors ??= settings.share === "same" ? await this.shared(settings) : figure;
    this.given = Boolean(tensors) && !alike(settings.model); // no lines of Python make these weights
    const nets = Array.from({ length: settings.seeds }, (_, i) => netOptions(settings, i));
    const { losses, kernels } = await this.trainer.call("setup", { x: this.data.x, y: this.data.y.map(v => v / settings.alpha), nets, tensors }); // the nets learn y/α
    Object.assign(this, { made: settings, step: 0, furthest: 0, plain: kernels === "js" });
    this.losses = losses.map(loss => [this.scaled(loss)]);
    if (own) this.keepShared(own);
    this.weights = await this.written(tensors);
    this.place.dataset.net = settings.model;
    this.lines.follow(settings);
    this.seeds.hidden = settings.seeds > 1;
    this.planes.hidden = !this.names.includes("field");
    this.carried.textContent = settings.share === "same" ? `${told(settings.model)}${settings.seeds > 1 ? " The other seeds have weights of their own." : ""}` : "";
    fill(this.form, settings);
    this.own.follow();
    await this.draw();
  }

  /** The weights that all models share, as those of the model of these settings: the DLGN's of the seed, or what became of them by hand. */
  async shared(settings) {
    return this.base?.shape === shapeOf(settings) ? carried(this.base.tensors, settings.model) : this.origin(settings);
  }

  /** Have the other models share these weights, if all do and these are complete. */
  keepShared(tensors) {
    const { settings } = this;
    if (settings.share === "same" && alike(settings.model)) this.base = { shape: shapeOf(settings), tensors };
  }

  /** The weights with which an address begins that says nothing of them. */
  async origin(settings) {
    const same = settings.share === "same", first = netOptions(same ? owner(settings) : settings), key = JSON.stringify(first);
    if (this.source?.key !== key) this.source = { key, ...await this.trainer.call("drawn", { options: first }) };
    return same ? carried(this.source.tensors, settings.model) : this.source.tensors;
  }

  /** What the address says of these weights: "" if nothing, null if they are too many for it. */
  async written(tensors) { return tensors ? writeChanges(await this.origin(this.settings), tensors) : ""; }

  /** The weights of a figure that has weights of its own, where the settings are still those of the address; else undefined. */
  printed(settings) {
    const { weights, address } = this.place.dataset;
    if (!weights || shapeOf(settings) !== shapeOf(this.first ??= read(address).settings) || settings.model !== this.first.model) return undefined;
    return JSON.parse(weights).map((rows, l) => ({ name: `value_layers.${l}.weight`, shape: [rows.length, rows[0].length], values: Float32Array.from(rows.flat()) }));
  }

  /** Change weights of the first net by hand, `change(tensors)` in place: they are those of step 0. */
  edit(change) {
    this.stop();
    return this.enqueue(async () => {
      this.remember();
      if (this.made.seeds > 1) {
        this.settings = { ...this.settings, seeds: 1 };
        await this.begin();
      }
      const { tensors } = await this.trainer.call("tensors");
      change(tensors);
      const { losses } = await this.trainer.call("load", { tensors });
      Object.assign(this, { step: 0, furthest: 0, keptAt: 0, loose: true, losses: [[this.scaled(losses[0])]] });
      this.keepShared(tensors);
      this.weights = await this.written(tensors);
      await this.draw();
    });
  }

  /** The loss of the output α ŷ against y, from that of ŷ against y/α. */
  scaled(loss) { return this.made.alpha ** 2 * loss; }

  async advance(until, ms) {
    const { step, losses } = await this.trainer.call("train", { ms, until, lr: this.settings.lr });
    // what comes is the loss before each step; the one after the last comes with the next picture
    losses.forEach((run, i) => this.losses[i].splice(this.step, Infinity, ...run.map(loss => this.scaled(loss))));
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
    const walk = this.walking = {}, start = performance.now();
    for (let seen = start; this.step < step && (this.walking === walk || performance.now() < start + PATIENCE);) {
      await this.advance(step, this.slice(50));
      if (this.step >= step || performance.now() < seen + PATIENCE) continue;
      await this.draw();
      seen = performance.now();
    }
    await this.draw();
  }

  /** Milliseconds to train at once: never long in the page's own thread, which answers the reader, too. */
  slice(ms) { return this.trainer.where === "page" ? Math.min(SLICE.one, ms) : ms; }

  walk(steps) {
    this.pause();
    this.enqueue(() => this.walkTo(Math.min(this.step + steps, MOST)));
  }

  async run() {
    this.playing = true;
    this.play.textContent = "⏸ Pause";
    let seen = 0;
    while (this.playing && this.step < MOST) {
      await this.enqueue(async () => {
        await this.advance(MOST, this.slice(this.settings.seeds > 1 ? SLICE.many : SLICE.one));
        if (reduced.matches && performance.now() < seen + PATIENCE) return; // less motion: a picture a second
        await this.draw();
        seen = performance.now();
      });
      if (document.hidden) await new Promise(requestAnimationFrame); // nobody looks: wait
    }
    this.pause();
  }

  /** From one seed to several: what is seen stays, and each new net joins it when it has come as far. */
  more() {
    this.pause();
    this.enqueue(async () => {
      const { made, step, data } = this;
      if (this.settings !== made || made.seeds > 1) return; // something else was asked for meanwhile
      const settings = this.settings = { ...made, seeds: MANY };
      await this.trainer.call("keep");
      this.keptAt = step;
      const { lanes } = await this.trainer.call("widen", { nets: MANY }), y = data.y.map(v => v / settings.alpha);
      fill(this.form, settings);
      this.seeds.hidden = true;
      for (let next = 1; next < MANY; next += lanes) {
        const numbers = Array.from({ length: Math.min(lanes, MANY - next) }, (_, k) => next + k);
        const found = await Promise.all(numbers.map(number => this.trainer.call("add", { x: data.x, y, number, net: netOptions(settings, number), step, lr: settings.lr })));
        this.losses.push(...found.map(({ losses }) => losses.map(loss => this.scaled(loss))));
        this.made = this.losses.length < MANY ? { ...settings, seeds: this.losses.length } : settings;
        await this.draw();
      }
    });
  }

  /** Stop, and draw once more with all that is left out while it runs. */
  pause() {
    if (this.playing) this.enqueue(() => this.draw());
    this.stop();
  }

  stop() {
    this.playing = false;
    this.walking = null;
    this.play.textContent = "▶ Train";
  }

  /** The address of this state. */
  get hash() {
    const { settings, step, looks, weights } = this;
    return write(settings, step, { hidden: this.inline ? [] : this.hidden, looks, weights: weights ?? "" });
  }

  /** Bring the address up to date. */
  mark() {
    if (this.inline && !this.page) return;
    if (this.inline) this.leave.replaceChildren(element("a", { href: `${this.page}${this.hash}` }, "All settings of this run, in the playground"));
    else history.replaceState(null, "", this.hash || location.pathname + location.search);
  }

  async draw() {
    const { made: settings, step, data, lines } = this; // the form may be ahead of the nets
    const shown = this.views.filter(({ name, fold }) => (!fold || fold.open) && (VIEWS[name].when?.(settings) ?? true));
    const panels = shown.filter(view => view.panel), inside = panels.find(({ name }) => name === "paths");
    const asks = Object.assign(asked(shown.map(({ name }) => name)), ...panels.map(({ panel }) => panel.asks));
    if (asks.gate) asks.gate = lines.chosen;
    const seen = await this.trainer.call("look", { ...asks, planes: asks.planes || lines.at >= 0, data: true, losses: !this.playing });
    seen.losses?.forEach((loss, i) => { this.losses[i][step] = this.scaled(loss); });
    const larger = values => values?.map(v => settings.alpha * v);
    seen.out = larger(seen.out);
    const out = larger(seen.fitted), outs = seen.runs?.map(each => larger(each.out)), shares = seen.runs?.filter(({ activity }) => activity).map(({ activity }) => upper(activity));
    this.share = shares?.length && TASKS[settings.task].round ? median(shares.sort((a, b) => a - b)) : null;
    const run = { seen, data, out, outs, doses: this.dosed(), losses: this.losses, furthest: this.furthest, lines, settings };
    this.out = out;
    for (const view of this.views) {
      const { name, drawing, figure, fold } = view, { when, paint, chart } = VIEWS[name];
      (fold ?? figure).hidden = when ? !when(settings) : false;
      if (!shown.includes(view)) continue;
      if (view.panel) view.panel.update(seen, data.y);
      else if (paint) paint(drawing, run);
      else drawing.innerHTML = chart(run);
      if (view.cells?.open && !this.playing) fillCells(view, run, step);
      if (name === "field") this.own.mark(drawing, inside?.panel.input);
    }
    this.tell(out);
    if (this.further?.open && !this.playing) this.shown.replaceChildren(element("pre", { tabindex: 0 }, shortened(await this.cell())));
    await this.drawn?.();
  }

  /** The runs with the task of two frequencies: those before, as they were left, and this one. */
  dosed() {
    const { made: { task, model, low, high }, step, share } = this;
    if (share === null || task !== "circle") return this.doses;
    this.current = { model, low, high, step, share };
    return [...this.doses, this.current];
  }

  /** Say in words and numbers what is seen. */
  tell(out) {
    const { settings, step, data, losses } = this;
    const now = losses.map(run => run[step] ?? run.at(-1)).sort((a, b) => a - b), loss = show(median(now));
    const right = [...out].filter((v, i) => v * data.y[i] > 0).length / out.length;
    const parts = [`Step ${step}, loss ${loss}${settings.seeds > 1 ? ` (median of ${settings.seeds} seeds, ${show(now[0])} to ${show(now.at(-1))})` : ""}`];
    parts.push(`${Math.round(100 * right)} % of the points have the right sign`);
    if (this.share !== null) parts.push(`${Math.round(100 * this.share)} % of path activity on the ${settings.task === "circle" ? "slow" : "upper"} half`);
    const below = losses[0].findIndex(v => v < 0.01);
    if (below >= 0 && below <= step) parts.push(`loss below 0.01 at step ${below}`);
    if (this.weights === null && (this.page || !this.inline)) parts.push("from weights that the address does not hold");
    this.say(`${parts.join(", ")}.${this.plain ? " WebAssembly is missing here; plain JavaScript trains about ten times as slowly." : ""}`);
    for (const { name, drawing } of this.views) drawing.setAttribute("aria-label", VIEWS[name].says(step, Math.round(100 * right), loss, this.dosed()));
    Object.assign(this.slider, { max: this.furthest, value: step });
    this.where.textContent = step;
    if (this.numbers.parentElement.open) this.numbers.replaceChildren(table(["point", "target", "output"], [...out].map((v, i) => [`(${data.x[2 * i].toFixed(2)}, ${data.x[2 * i + 1].toFixed(2)})`, data.y[i].toFixed(2), v.toFixed(2)])));
    if (this.playing) return;
    this.code.replaceChildren(this.snippet());
    this.mark();
  }

  snippet() {
    if (this.loose || this.given)
      return element("p", {}, `These weights are not those of a seed, so no such lines make them.${this.inline ? "" : " The next fold has them."}`);
    const code = python(this.settings, this.step);
    return code ? element("pre", {}, code) : element("p", {}, "The library has the circle and what you draw; the other tasks are the playground's own.");
  }

  /** Add the run so far to the table of runs. */
  remember() {
    if (!this.step) return;
    if (this.current) this.doses.push(this.current);
    this.current = null;
    const below = this.losses[0].findIndex(v => v < 0.01), usual = start();
    const changed = Object.entries(this.settings).filter(([name, value]) => value !== usual[name]).map(([name, value]) => `${SETTINGS[name].label} ${value}`);
    const words = changed.join(", ") || "as at first";
    const again = this.inline && !this.page ? words : element("a", { href: `${this.page}${this.hash}` || "#" }, words);
    this.runs.push([again, this.step, show(this.losses[0].at(-1)), below < 0 ? "–" : below]);
    this.tried.replaceChildren(table(["what differs from the start", "steps", "loss", "below 0.01 at"], this.runs));
  }

  copy() { return this.copyText(new URL(`${this.page}${this.hash}` || "#", location.href).href, "Link"); }

  async copyText(text, what) {
    try {
      await navigator.clipboard.writeText(text);
      this.say(`${what} copied.`);
    } catch { // the browser keeps the clipboard to itself
      this.say(`${what}: ${text}`);
    }
  }
}

/** Start what stands open; a place in a fold starts when it is opened, and pauses when that is closed. */
for (const place of document.querySelectorAll("[data-playground]:not([data-race])")) {
  const fold = place.closest("details"), begin = () => { place.playground ??= new Playground(place, createTrainer()); };
  if (!fold) begin();
  else
    fold.addEventListener("toggle", () => {
      if (fold.open) begin();
      else place.playground?.pause();
    });
}
