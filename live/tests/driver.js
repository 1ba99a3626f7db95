// Runs one case of tests/test_live.py on the engine: weights and data in, everything that is compared out.
import { circle } from "../src/tasks.js";
import { halfSpaces, overlapKernel, pathActivity, pulls, tangentKernel } from "../src/measure.js";
import { makeNet } from "../src/net.js";
import { activationRegions, area, pathRegion } from "../src/regions.js";
import { TASKS, netOptions as options, read } from "../src/playground/state.js";
import { pathTerms } from "../src/paths.js";
import { contextModes, contextTask, formulaLoss } from "../src/race.js";
import { Session } from "../src/session.js";
import { createTrainer } from "../src/trainer.js";
import { featureSpectrum } from "../src/spectrum.js";

const list = part => Array.from(part);
/** JSON has no infinity: a beta of null is one. */
const unpacked = options => "beta" in options ? { ...options, beta: options.beta ?? Infinity } : options;

/** A net with these weights on these data, and the weights that were drawn for it. */
async function made({ options, x, y, parameters }) {
  const net = await makeNet(Float32Array.from(x), Float32Array.from(y), unpacked(options)), drawn = net.parameters().map(list);
  net.load(parameters.map(part => Float32Array.from(part)));
  return { net, drawn };
}

/** All that one pass gives. */
export async function compare({ x, ...given }) {
  const { net, drawn } = await made({ x, ...given }), result = { kernels: net.k.name, drawn };
  result.loss = net.gradient();
  result.gradients = net.parameters(true).map(list);
  const seen = net.evaluate(Float32Array.from(x), { gates: true, features: true });
  Object.assign(result, { out: list(seen.out), gates: seen.gates.map(list), features: list(seen.features) });
  result.activity = [false, true].map(hard => list(pathActivity(net, hard)));
  result.overlap = [false, true].map(hard => list(overlapKernel(net, hard)));
  result.tangent = ["full", "expert", "gate"].map(part => list(tangentKernel(net, part)));
  result.planes = net.linear ? halfSpaces(net).flatMap(({ normals, offsets }) => [list(normals), list(offsets)]) : [];
  return result;
}

/** The losses of so many steps, once more from a copy of the start, and the weights on the way, after `weights` steps. */
export async function descend({ steps, weights, lr, ...given }) {
  const { net } = await made(given), start = net.save(), go = count => Array.from({ length: count }, () => net.step(lr));
  const first = go(weights), trained = net.parameters().map(list), losses = [...first, ...go(steps - weights)];
  net.restore(start);
  return { losses, trained, again: go(steps) };
}

/** Areas of all activation regions, by pattern, and of all regions of one path. */
export async function regions({ options, bounds, path }) {
  const net = await makeNet(new Float32Array(options.inDim), new Float32Array(1), unpacked(options));
  const found = activationRegions(net, bounds).map(({ polygon, pattern }) => [pattern.flat().join(""), area(polygon)]);
  return { found, path: pathRegion(net, path, bounds).map(area) };
}

/** The paths of a net at one input, as the playground lists them, and the output there. */
export async function paths({ options, input }) {
  const session = new Session();
  await session.setup({ x: Float32Array.from(input), y: new Float32Array(1), nets: [unpacked(options)] });
  const { out, gates, matrices } = session.look({ inside: Float32Array.from(input) }).inside;
  return { out, terms: pathTerms(matrices, gates, input) };
}

/** The pull of both halves on every unit of a net on the circle. */
export async function pull({ options, n }) {
  const { x, y } = circle(n, 1, 16), { above, below, most } = pulls(await makeNet(x, y, unpacked(options)));
  return { above: list(above), below: list(below), most: list(most) };
}

/** The task with contexts, the formula's losses at steps, and those of a net that starts from given weights. */
export async function contexts({ contexts, width, std, lr, steps, parameters }) {
  const { x, y, inDim, outDim, n } = contextTask(contexts), modes = contextModes(contexts, { width, std, lr });
  const net = await makeNet(x, y, { kind: "ReLU", inDim, width, depth: 1, outDim, std, optimizer: "sgd" }), scale = n * outDim / 2;
  const drawn = net.parameters().map(list);
  net.load(parameters.map(part => Float32Array.from(part)));
  const losses = Array.from({ length: steps.at(-1) + 1 }, () => scale * net.step(lr * scale));
  return { x: list(x), y: list(y), drawn, formula: steps.map(t => formulaLoss(modes, t, lr)), losses: steps.map(t => losses[t]) };
}

/** Losses of several seeds in so many threads, after steps forward, back and forward again, and what is seen of the last net. */
export async function team({ threads, seeds, steps }) {
  const trainer = await createTrainer({ threads }), { x, y } = circle(40, 1, 4), lr = 2e-3, losses = Array.from({ length: seeds }, () => []);
  const go = async until => {
    for (let step = 0; step < until;) {
      const found = await trainer.call("train", { ms: 5, until, lr });
      step = found.step;
      found.losses.forEach((run, i) => losses[i].push(...run));
    }
  };
  const nets = Array.from({ length: seeds }, (_, seed) => ({ width: 5, depth: 2, seed }));
  const before = (await trainer.call("setup", { x, y, nets })).losses;
  await go(steps);
  await trainer.call("keep");
  await go(2 * steps);
  const { step } = await trainer.call("back", { step: 2 * steps - 1 });
  await go(2 * steps);
  const seen = await trainer.call("look", { net: seeds - 1, data: true });
  const { tensors } = await trainer.call("tensors", { net: seeds - 1 });
  trainer.close();
  return { where: trainer.where, before, step, losses, last: seen.losses, out: list(seen.fitted), weight: list(tensors[0].values) };
}

export function spectrum({ features, n, target }) {
  const { eigenvalues, effectiveDimension, quality } = featureSpectrum(Float64Array.from(features), n, target);
  return { eigenvalues, effectiveDimension, quality };
}

export const task = ({ n, low, high }) => { const { x, y } = circle(n, low, high); return { x: list(x), y: list(y) }; };

/** The message of the error that options raise, "" if they raise none. */
export async function refusal({ options, x = [0, 0], y = [0] }) {
  try {
    await makeNet(Float32Array.from(x), Float32Array.from(y), options);
    return "";
  } catch (error) {
    return error.message;
  }
}

/** Step at which the canonical run on the circle falls below a loss, or null; and what it took, in milliseconds. */
export async function race({ options, below, steps, lr }) {
  const { x, y } = circle(200, 1, 16), net = await makeNet(x, y, unpacked(options)), start = performance.now();
  for (let t = 0; t < steps; t++) if (net.step(lr) < below) return { step: t, ms: performance.now() - start };
  return { step: null, ms: performance.now() - start };
}

/** Losses of the first seeds of what an address of the playground sets. */
export async function experiment({ address, steps, seeds }) {
  const { settings, problems } = read(address), { x, y } = TASKS[settings.task].data(settings);
  if (problems.length) throw new Error(problems.join("; "));
  return Promise.all(Array.from({ length: seeds }, async (_, seed) => {
    const net = await makeNet(x, y, options(settings, seed));
    return Array.from({ length: steps + 1 }, () => net.step(settings.lr));
  }));
}
