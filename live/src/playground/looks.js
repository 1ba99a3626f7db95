// What an address says beside the settings: at what one looks, and which weights were changed by hand.

/** Parts by name: how many numbers, whole or not, and their limits for {width, depth}, the number of points, and the reach of the map. */
const LOOKS = {
  layer: { count: 1, whole: true, limits: ({ depth }) => [1, depth] },
  unit: { count: 1, whole: true, limits: ({ width }) => [0, width - 1] },
  pair: { count: 2, whole: true, limits: (_, points) => [0, points - 1] },
  row: { count: 1, whole: true, limits: (_, points) => [0, points - 1] },
  input: { count: 2, whole: false, limits: (_, points, reach) => [-reach, reach] },
};

/** Whether an address may say this in looks. */
export const isLook = name => name in LOOKS;

/** {looks, problems} of the parts of an address: lists of numbers by name; what makes no sense is left out, and told. */
export function readLooks(given, settings, points, reach) {
  const looks = {}, problems = [];
  for (const [name, text] of given) {
    const { count, whole, limits } = LOOKS[name], [low, high] = limits(settings, points, reach), parts = text.split("_"), numbers = parts.map(Number);
    const fits = (v, i) => parts[i] !== "" && v >= low && v <= high && (!whole || Number.isInteger(v));
    if (numbers.length === count && numbers.every(fits)) looks[name] = numbers;
    else problems.push(`${name} must be ${count === 1 ? "a" : count} ${whole ? "whole " : ""}number${count === 1 ? "" : "s"} from ${low} to ${high}, got ${text}`);
  }
  if (looks.unit && !looks.layer) {
    delete looks.unit;
    problems.push("unit is one of a layer, and there is none");
  }
  return { looks, problems };
}

export const writeLooks = looks => Object.entries(looks).map(([name, numbers]) => [name, numbers.map(v => +v.toFixed(3)).join("_")]);

const MOST = 100; // weights in an address; with more it would be too long to send
const ENTRY = /([vg])(\d+)([wb])(\d+)((?:\*-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)+)/;
/** Weights in an address: `v1w3*0.5*-2` are numbers 3 and 4 of the weights of value layer 1; `g0b2*1`, a bias of a gate layer. */
export const WEIGHTS = new RegExp(`^${ENTRY.source}(?:_${ENTRY.source})*$`);

/** The weights of `tensors` that are not those of `origin`, to the four digits that one sees, as text; null if they are too many. */
export function writeChanges(origin, tensors) {
  const runs = [];
  let count = 0;
  for (const { name, values } of origin) {
    const now = tensors.find(one => one.name === name).values, [, kind, layer, part] = /^(.).*\.(\d+)\.(.)/.exec(name);
    let run = null;
    for (let i = 0; i < values.length; i++) {
      if (now[i] === values[i]) run = null;
      else {
        if (++count > MOST) return null;
        if (!run) runs.push(run = [`${kind}${layer}${part}${i}`]);
        run.push(+now[i].toPrecision(4));
      }
    }
  }
  return runs.map(run => run.join("*")).join("_");
}

/** A copy of the tensors with the changes that a text holds. Throws a RangeError where there is no such weight. */
export function withChanges(origin, text) {
  const tensors = origin.map(one => ({ ...one, values: one.values.slice() }));
  for (const entry of text.split("_")) {
    const [, kind, layer, part, first, numbers] = ENTRY.exec(entry), values = numbers.slice(1).split("*").map(Number);
    const name = `${kind === "v" ? "value" : "gate"}_layers.${layer}.${part === "w" ? "weight" : "bias"}`, found = tensors.find(one => one.name === name);
    if (!found) throw new RangeError(`the network has no ${name} to change`);
    if (+first + values.length > found.values.length) throw new RangeError(`${name} has ${found.values.length} values, there is no number ${+first + values.length - 1}`);
    found.values.set(values, +first);
  }
  return tensors;
}
