// The race below a figure: the formula of the pathways at once, and a ReLU net on the same task while it trains.
import { contextModes, contextTask, formulaLoss, halfStep } from "../race.js";
import { createTrainer } from "../trainer.js";
import { element, table } from "./controls.js";
import { raceChart } from "./draw.js";

const RATE = 1e-3, PICTURE = 40; // learning rate of ½ Σ (y − ŷ)²; milliseconds of training between two pictures
const CONTROLS = {
  contexts: { label: "contexts", low: 2, high: 6, start: 3, step: 1 },
  size: { label: "initial weights: 10 to the power", low: -8, high: -1.5, start: -5, step: 0.25 },
  width: { label: "units", low: 24, high: 400, start: 100, step: 4 },
  seed: { label: "seed", low: 0, high: 999, start: 0, step: 1 },
};
let places = 0;

/** {settings, problems} of an address: `#race&contexts=4&size=-3`; what makes no sense is left at its start, and told. */
function read(hash) {
  const given = new URLSearchParams(hash.slice(1)), settings = {}, problems = [];
  for (const [name, { label, low, high, start, step }] of Object.entries(CONTROLS)) {
    const text = given.has("race") ? given.get(name) : null, value = Number(text);
    settings[name] = start;
    if (text === null) continue;
    if (text !== "" && value >= low && value <= high && Number.isInteger((value - low) / step)) settings[name] = value;
    else problems.push(`${label} must be from ${low} to ${high}${step === 1 ? "" : ` in steps of ${step}`}, got ${text}`);
  }
  return { settings, problems };
}

/** The address of a race. */
const write = settings => `#race&${new URLSearchParams(settings)}`;

class Race {
  constructor(place, trainer) {
    Object.assign(this, { place, trainer, playing: false, work: Promise.resolve() });
    place.dataset.net = "ReLU";
    this.settings = read("").settings;
    this.build(places++);
    this.follow(read(location.hash));
  }

  /** Show the race of an address. */
  follow({ settings, problems }) {
    Object.entries(settings).forEach(([name, value]) => { this.form.elements[name].value = value; });
    this.begin(settings);
    if (problems.length) this.enqueue(() => this.say(`The address was taken without what makes no sense: ${problems.join("; ")}.`));
  }

  async copy() {
    const { href } = new URL(write(this.settings), location.href);
    try {
      await navigator.clipboard.writeText(href);
      this.say("Link copied.");
    } catch { // the browser keeps the clipboard to itself
      this.say(`Link: ${href}`);
    }
  }

  build(number) {
    const form = this.form = element("form", { class: "settings", "aria-label": "What is trained" }, ...Object.entries(CONTROLS).map(([name, { label, low, high, step }]) => {
      const id = `race${number}-${name}`;
      return element("div", { class: "setting" }, element("label", { for: id }, label), element("input", { id, name, type: "number", min: low, max: high, step, value: this.settings[name] }));
    }));
    form.addEventListener("submit", event => event.preventDefault());
    form.addEventListener("change", ({ target }) => this.set(target));
    this.play = element("button", { type: "button", class: "play" }, "▶ Train");
    this.play.addEventListener("click", () => this.playing ? this.stop() : this.run());
    const again = element("button", { type: "button" }, "Back to step 0");
    again.addEventListener("click", () => this.begin());
    const link = element("button", { type: "button" }, "Copy link");
    link.addEventListener("click", () => this.copy());
    this.status = element("p", { class: "status", role: "status", "aria-live": "polite" });
    this.chart = element("div", { role: "img", "aria-label": "Loss: not drawn yet" });
    this.stages = element("div");
    this.place.replaceChildren(
      form, element("div", { class: "run" }, this.play, again, link), this.status,
      element("figure", {}, element("figcaption", {}, "Loss of the net (blue line) and of the formula (dashed red)"), this.chart),
      element("details", {}, element("summary", {}, "The stages in a table"), this.stages));
  }

  set(input) {
    const { label, low, high } = CONTROLS[input.name];
    if (!input.checkValidity() || input.value === "") this.say(`${label} must be from ${low} to ${high}.`.replaceAll("-", "−"));
    else this.begin({ ...this.settings, [input.name]: Number(input.value) });
  }

  /** Draw the formula, and make the net. */
  begin(settings = this.settings) {
    this.stop();
    this.settings = settings;
    this.enqueue(async () => {
      const { contexts, width, size, seed } = settings, std = 10 ** size, { x, y, inDim, outDim, n } = contextTask(contexts);
      this.modes = contextModes(contexts, { width, std, lr: RATE });
      this.scale = n * outDim / 2; // from the mean of squares to half their sum
      this.last = 250 * Math.ceil(1.1 * Math.max(...this.modes.map(mode => halfStep(mode, RATE) + 2 / (mode.s * RATE))) / 250);
      const net = { kind: "ReLU", inDim, width, depth: 1, outDim, std, optimizer: "sgd", seed };
      const { losses } = await this.trainer.call("setup", { x, y, nets: [net] });
      Object.assign(this, { step: 0, losses: [losses[0] * this.scale] });
      this.draw();
    });
  }

  async run() {
    this.playing = true;
    this.play.textContent = "⏸ Pause";
    while (this.playing && this.step < this.last)
      await this.enqueue(async () => {
        const { step, losses } = await this.trainer.call("train", { ms: PICTURE, until: this.last, lr: RATE * this.scale });
        this.losses.splice(this.step, Infinity, ...losses[0].map(loss => loss * this.scale));
        this.step = step;
        this.draw();
      });
    this.stop();
  }

  stop() {
    this.playing = false;
    this.play.textContent = "▶ Train";
  }

  enqueue(job) { return this.work = this.work.then(job).catch(error => { this.stop(); this.say(error.message); }); }

  say(text) { this.status.textContent = text; }

  draw() {
    const { modes, step, last, losses } = this, formula = t => formulaLoss(modes, t, RATE);
    this.chart.innerHTML = raceChart(losses, formula, last);
    const told = `Step ${step} of ${last}: loss of the net ${losses.at(-1).toFixed(1)}, of the formula ${formula(step).toFixed(1)}`;
    this.chart.setAttribute("aria-label", told);
    this.say(`${told}.`);
    this.stages.replaceChildren(table(["stage", "modes", "half learned at step", "loss of the formula then"], modes
      .map(mode => [mode.name, mode.copies, Math.round(halfStep(mode, RATE))]).sort((a, b) => a[2] - b[2]).map(row => [...row, formula(row[2]).toFixed(1)])));
  }
}

/** Start each place when its fold is opened, and pause when that is closed. */
for (const place of document.querySelectorAll("[data-race]"))
  place.closest("details").addEventListener("toggle", async ({ target }) => {
    if (!target.open) place.race?.stop();
    else if (!place.dataset.begun) {
      place.dataset.begun = "1";
      place.race = new Race(place, await createTrainer());
    }
  });

/** An address with a race opens the first fold. */
function arrive() {
  const place = document.querySelector("[data-race]"), fold = place.closest("details");
  if (!new URLSearchParams(location.hash.slice(1)).has("race")) return;
  if (place.race) place.race.follow(read(location.hash));
  fold.open = true;
  fold.scrollIntoView();
}
addEventListener("hashchange", arrive);
arrive();
