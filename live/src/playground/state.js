// What the playground can be set to, and its address: every run is a link, at every step.
import { OWN, checkerboard, circle, curveLetter, moons, ownCurve, ownPoints, pointText, spiral, xor } from "../tasks.js";
import { WEIGHTS, isLook, readLooks, writeLooks } from "./looks.js";

export const REACH = 1.25; // half the width of the maps
export const MOST = 20000; // steps

/** Tasks by name: what they are called, and their data for the settings. */
export const TASKS = {
  circle: { label: "circle: slow and fast half", data: s => circle(200, s.low, s.high), round: true },
  xor: { label: "XOR", data: () => xor(200) },
  checkerboard: { label: "checkerboard", data: () => checkerboard(300) },
  spiral: { label: "two spirals", data: () => spiral(200) },
  moons: { label: "two moons", data: () => moons(200) },
  drawn: { label: "circle: my own target", data: s => ownCurve(s.curve), round: true },
  points: { label: "my own points", data: s => ownPoints(s.points, REACH) },
};

/** What is there before one draws: a hat on the upper half; a ring of eight points around two. */
const HAT = Array.from({ length: 48 }, (_, i) => curveLetter(i < 24 ? Math.min(1, Math.min(i, 23 - i) / 6) : -0.4)).join("");
const RING = Array.from({ length: 10 }, (_, i) => i < 8
  ? pointText(0.9 * Math.cos(i * Math.PI / 4), 0.9 * Math.sin(i * Math.PI / 4), 1, REACH) : pointText(i === 8 ? -0.15 : 0.15, 0, -1, REACH)).join("");

/** Models by name, as options of the engine. */
export const MODELS = {
  "DLGN": {},
  "frozen DLGN": { frozen: true },
  "shallow DLGN": { shallow: true },
  "ReLU": { kind: "ReLU" },
  "GaLU": { kind: "GaLU" },
  "deep linear": { kind: "deep linear" },
};

const number = (label, low, high, start, step = 1) => ({ label, low, high, start, step });
const choice = (label, values, start, names = {}) => ({ label, values, start, names });
const letters = (label, pattern, start) => ({ label, pattern, start });
const labels = Object.fromEntries(Object.entries(TASKS).map(([name, task]) => [name, task.label]));

/** Every setting, in the order of the page; a change of one starts the training anew. */
export const SETTINGS = {
  task: choice("task", Object.keys(TASKS), "circle", labels),
  low: number("frequency of the slow half", 0, 32, 1, "any"),
  high: number("frequency of the fast half", 0.5, 32, 16, "any"),
  model: choice("network", Object.keys(MODELS), "DLGN"),
  width: number("width", 1, 256, 64),
  depth: number("hidden layers", 1, 8, 4),
  beta: number("sharpness of the gates, β", 0.1, 100, 10, 0.1),
  hard: choice("gates", ["soft", "hard"], "soft"),
  bias: choice("biases", ["no", "yes"], "no"),
  init: choice("initial weights", ["torch", "he", "lecun"], "torch"),
  alpha: number("scale of the output, α", 0.01, 100, 1, "any"),
  optimizer: choice("optimiser", ["adam", "sgd"], "adam", { adam: "Adam", sgd: "gradient descent" }),
  lr: number("learning rate", 0.00001, 10, 0.002, "any"),
  share: choice("weights", ["own", "same"], "own", { own: "each network's own", same: "the same for every network" }),
  scale: number("scale of the initial weights", 0.01, 100, 1, "any"),
  seed: number("first seed", 0, 999999, 0),
  seeds: number("seeds", 1, 20, 1),
  curve: letters("my own target", OWN.curve, HAT),
  points: letters("my own points", OWN.points, RING),
};

/** The settings of the book's canonical run. */
export const start = () => Object.fromEntries(Object.entries(SETTINGS).map(([name, setting]) => [name, setting.start]));

/** {settings, step, hidden, looks, weights, problems} of an address's hash: what makes no sense is left at its start, and told. */
export function read(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, "")), settings = start(), problems = [], hidden = [];
  const parts = [];
  let step = 0, weights = "";
  for (const [name, text] of given) {
    const setting = SETTINGS[name], value = Number(text);
    if (name === "hide")
      for (const one of text.split(",")) {
        if (one in SETTINGS) hidden.push(one);
        else problems.push(`there is no setting ${one} to hide`);
      }
    else if (name === "step") {
      if (text !== "" && Number.isInteger(value) && value >= 0 && value <= MOST) step = value;
      else problems.push(`step must be a whole number up to ${MOST}, got ${text}`);
    } else if (isLook(name)) parts.push([name, text]);
    else if (name === "weights") {
      if (WEIGHTS.test(text)) weights = text;
      else problems.push("weights cannot be read from the address");
    } else if (!setting) problems.push(`there is no setting ${name}`);
    else if (setting.values) {
      if (setting.values.includes(text)) settings[name] = text;
      else problems.push(`${setting.label} must be one of ${setting.values.join(", ")}, got ${text}`);
    } else if (setting.pattern) {
      if (setting.pattern.test(text)) settings[name] = text;
      else problems.push(`${setting.label} cannot be read from the address`);
    } else if (text !== "" && value >= setting.low && value <= setting.high && (setting.step !== 1 || Number.isInteger(value))) settings[name] = value;
    else problems.push(`${setting.label} must be from ${setting.low} to ${setting.high}, got ${text}`);
  }
  const { looks, problems: more } = readLooks(parts, settings, TASKS[settings.task].data(settings).y.length, REACH);
  return { settings, step, hidden, looks, weights, problems: [...problems, ...more] };
}

/** The hash of a state: only what differs from the start, so that it is short enough to send. */
export function write(settings, step, { hidden = [], looks = {}, weights = "" } = {}) {
  const given = new URLSearchParams();
  for (const [name, { start: usual }] of Object.entries(SETTINGS)) if (settings[name] !== usual) given.set(name, settings[name]);
  if (step) given.set("step", step);
  for (const [name, text] of writeLooks(looks)) given.set(name, text);
  if (weights) given.set("weights", weights);
  if (hidden.length) given.set("hide", hidden.join(","));
  return given.size ? `#${given}` : "";
}

/** Options of the engine for one of the seeds. */
export function netOptions(settings, number = 0) {
  const { model, width, depth, beta, hard, bias, init, scale, optimizer, seed } = settings;
  return {
    ...MODELS[model], width, depth, beta: hard === "hard" ? Infinity : beta, bias: bias === "yes", init, scale, optimizer, seed: seed + number,
  };
}

const PYTHON = { "ReLU": "ReLUNet", "GaLU": "GaLUNet", "deep linear": "DeepLinearNet" };

const list = values => `[${Array.from(values, v => +v.toFixed(4)).join(", ")}]`;

/** Lines of Python that make the data; null for tasks that the library does not have. */
export function pythonData({ task, low, high, curve, points }) {
  if (task === "circle") return `x, y = circle(200, low=${low}, high=${high})\n`;
  if (task === "drawn") return `x, _ = circle(200)\ny = torch.tensor(${list(ownCurve(curve).y)})[:, None]\n`;
  if (task !== "points") return null;
  const { x, y } = ownPoints(points, REACH);
  return `x = torch.tensor(${list(x)}).reshape(-1, 2)\ny = torch.tensor(${list(y)})[:, None]\n`;
}

/** {kind, math, lines}: the class of a net of these settings, whether its lines need math, and these; `more` arguments come last. */
export function pythonNet({ model, width, depth, beta, hard, bias }, more = []) {
  const kind = PYTHON[model] ?? "DLGN", gates = kind === "DLGN" || kind === "GaLUNet", math = gates && hard === "hard";
  const all = [
    gates && (math ? "beta=math.inf" : `beta=${beta}`), bias === "yes" && "bias=True", model === "shallow DLGN" && "shallow=True", ...more,
  ].filter(Boolean);
  return { kind, math, lines: `net = ${kind}(${[2, width, depth, ...all].join(", ")})\n${model === "frozen DLGN" ? "net.freeze_gates()\n" : ""}` };
}

/** The same run in Python, with the library; null for tasks that the library does not have. */
export function python(settings, step) {
  const { init, scale, alpha, optimizer, lr, seed } = settings;
  const data = pythonData(settings);
  if (data === null) return null;
  const { kind, math, lines } = pythonNet(settings, [init !== "torch" && `init="${init}"`, `generator=torch.Generator().manual_seed(${seed})`]);
  return [
    math ? "import math\n" : "",
    `import torch\n\nfrom dlgn_lib import ${kind}${data.includes("circle(") ? ", circle" : ""}, train\n\n`,
    data,
    lines,
    scale === 1 ? "" : `with torch.no_grad():\n    for parameter in net.parameters():\n        parameter *= ${scale}\n`,
    `run = train(net, x, y${alpha === 1 ? "" : ` / ${alpha}`}, steps=${step || 500}, lr=${lr}, optimizer="${optimizer}")\n`,
    `print(${alpha === 1 ? "" : `${alpha}**2 * `}run.losses[-1])\n`,
  ].join("");
}
