// What a page asks of its nets: make them, train them for a while, look at them. Runs in a worker or in the page itself.
import { activityOf, knownHalfSpaces, overlapKernel, pathActivity, pulls, tangentKernel } from "./measure.js";
import { makeNet } from "./net.js";
import { activationRegions } from "./regions.js";
import { featureSpectrum } from "./spectrum.js";

export class Session {
  /** Make one net for each entry of `nets` (options of makeNet), all on the data x, y; the first starts from `tensors` if given. */
  async setup({ x, y, nets, tensors }) {
    this.nets = await Promise.all(nets.map(options => makeNet(x, y, options)));
    if (tensors) this.nets[0].load(matched(this.nets[0].tensors(), tensors));
    Object.assign(this, { x, y });
    this.kept = new Map();
    this.keep();
    return { step: 0, losses: this.nets.map(net => net.gradient()), kernels: this.nets[0].k.name };
  }

  /** Give the first net other weights, by name: it is at step 0 with them. */
  load({ tensors }) {
    const [net] = this.nets;
    net.load(matched(net.tensors(), tensors));
    this.kept = new Map();
    this.keep();
    return { step: 0, losses: [net.gradient()] };
  }

  /** The weights that a net with these options begins with. */
  async drawn({ options }) {
    const { inDim = 2, outDim = 1 } = options, net = await makeNet(new Float32Array(inDim), new Float32Array(outDim), options);
    return { tensors: net.tensors() };
  }

  /** How many nets can be added at a time: one, in one thread. */
  widen() { return { lanes: 1 }; }

  /**
   * One more net on the same data, trained with rate `lr` to the step of the others while they wait. Returns the losses before each
   * of its steps. With `fresh` it is the first one of this session. What was kept in between is forgotten: one can go back to the start, and to now.
   */
  async add({ x, y, net: options, step, lr, fresh = false }) {
    if (fresh) Object.assign(this, { nets: [], kept: new Map() });
    const net = await makeNet(x, y, options), losses = [], before = net.save();
    for (let pause = performance.now() + 30; net.t < step;) {
      losses.push(checked(net, lr));
      if (performance.now() < pause) continue;
      await new Promise(resolve => setTimeout(resolve));
      pause = performance.now() + 30;
    }
    const kept = at => this.kept.get(at) ?? [];
    this.kept = new Map([[0, [...kept(0), before]], [step, step ? [...kept(step), net.save()] : [...kept(0), before]]]);
    Object.assign(this, { x, y, nets: [...this.nets, net] });
    return { losses };
  }

  /**
   * Train all nets in turn for `ms` milliseconds or up to step `until`. Returns the step and, for each net, the loss
   * before each step. Throws when a loss is no number any more.
   */
  train({ ms = 6, until = Infinity, lr = 2e-3 }) {
    const losses = this.nets.map(() => []), end = performance.now() + ms;
    while (this.nets[0].t < until && performance.now() < end)
      this.nets.forEach((net, i) => {
        losses[i].push(checked(net, lr));
      });
    return { step: this.nets[0].t, losses };
  }

  /** Keep copies of all nets at this step, to come back to. */
  keep() { this.kept.set(this.nets[0].t, this.nets.map(net => net.save())); return { step: this.nets[0].t }; }

  /** Go back to the last copy at or before a step; training from there takes the same steps as the first time. */
  back({ step }) {
    const from = Math.max(...[...this.kept.keys()].filter(kept => kept <= step));
    this.nets.forEach((net, i) => net.restore(this.kept.get(from)[i]));
    return { step: from };
  }

  /**
   * What a drawing needs of net number `net`: any of outputs and path activity at points (flat), gates and experts'
   * matrices at the one input `inside`, at the points the gates of one unit (`gate`, its layer and its number), gates at the `pair` of points of the data with these numbers, the regions of constant gates in the box `tiles`, the spectrum of the `features`, outputs at the `data` (`fitted`), the `row` of the tangent kernel with its two parts, and what else is measured there.
   * With `runs`, the outputs of all nets at the data, and with its `activity` their path activity. The losses of all nets, as they are now, come with it, but for a look in passing (`losses` false), since they take a step's time each.
   */
  look({ net: number = 0, points, paths = false, gate, inside, pair, tiles, data = false, losses = true, features = false, activity = false, runs, overlap = false, tangent = false, row, pull = false, planes = false }) {
    const net = this.nets[number], result = { step: net.t };
    if (losses) result.losses = this.nets.map(each => each.gradient());
    if (data) result.fitted = net.evaluate(this.x).out;
    if (points) {
      const { out, gates } = net.evaluate(points, { gates: paths || Boolean(gate) });
      result.out = out;
      if (gate) {
        const layer = Math.min(gate[0], net.L - 1), units = net.options.widths[layer], unit = Math.min(gate[1], units - 1);
        result.gate = Float32Array.from({ length: out.length / net.K }, (_, i) => gates[layer][i * units + unit]);
      }
      if (paths) result.paths = activityOf(net, gates, points.length / net.D);
    }
    if (inside) {
      const { out, gates } = net.evaluate(inside, { gates: true });
      const matrices = net.tensors().filter(({ name }) => name.startsWith("value_") && name.endsWith(".weight"));
      result.inside = { out: out[0], gates: gates.map(layer => Array.from(layer)), matrices };
    }
    if (pair) {
      const at = pair.map(number => Math.min(number, net.n - 1)), inputs = at.map(i => Array.from(this.x.subarray(i * net.D, (i + 1) * net.D)));
      const { gates } = net.evaluate(Float32Array.from(inputs.flat()), { gates: true });
      result.pair = { at, inputs, gates: gates.map((layer, l) => [0, 1].map(k => Array.from(layer.subarray(k * net.options.widths[l], (k + 1) * net.options.widths[l])))) };
    }
    if (tiles)
      result.tiles = activationRegions(net, tiles).map(({ polygon, pattern }) => ({ polygon, on: pattern.map(layer => layer.reduce((a, b) => a + b, 0)) }));
    if (features) {
      const { eigenvalues, quality } = featureSpectrum(net.evaluate(this.x, { features: true }).features, net.n, this.y);
      result.features = { eigenvalues, quality };
    }
    if (activity) result.activity = pathActivity(net, true);
    if (overlap) result.overlap = overlapKernel(net, true);
    if (tangent) result.tangent = tangentKernel(net);
    if (row !== undefined) {
      const at = Math.min(row, net.n - 1), of = kernel => kernel.slice(at * net.n, (at + 1) * net.n);
      const [expert, gate] = ["expert", "gate"].map(part => of(tangentKernel(net, part)));
      result.row = { at, full: of(result.tangent ?? tangentKernel(net)), expert, gate };
    }
    if (runs) result.runs = this.nets.map(each => ({ out: each.evaluate(this.x).out, activity: runs.activity ? pathActivity(each, true) : null }));
    if (pull) result.pull = pulls(net);
    if (planes) result.planes = knownHalfSpaces(net);
    return result;
  }

  /** Parameters of net number `net` as {name, shape, values}, named as in the library's state_dict. */
  tensors({ net = 0 } = {}) { return { tensors: this.nets[net].tensors() }; }

  /** Parameters of net number `net`, in torch's order and shapes. */
  parameters({ net = 0 } = {}) { return { parameters: this.nets[net].parameters() }; }
}

/** A step of a net. Returns the loss before it; throws when that is no number any more. */
function checked(net, lr) {
  const loss = net.step(lr);
  if (!Number.isFinite(loss)) throw new Error(`training diverged at step ${net.t} with learning rate ${lr}; try a smaller one`);
  return loss;
}

/** The values of `given`, tensors by name in any order, in the order of a net's own. Throws a RangeError that says what does not fit. */
function matched(own, given) {
  const known = new Map(given.map(tensor => [tensor.name, tensor]));
  const unknown = [...known.keys()].filter(name => !own.some(tensor => tensor.name === name));
  if (unknown.length) throw new RangeError(`the network has no weights ${unknown.join(", ")}; it has ${own.map(tensor => tensor.name).join(", ")}`);
  return own.map(({ name, shape }) => {
    const found = known.get(name);
    if (!found) throw new RangeError(`the weights ${name} are missing`);
    if (String(found.shape) !== String(shape) || found.values.length !== shape.reduce((a, b) => a * b, 1))
      throw new RangeError(`${name} must have the shape ${shape.join(" × ")}, got ${found.shape.join(" × ")}`);
    if (!found.values.every(Number.isFinite)) throw new RangeError(`${name} holds values that are no numbers`);
    return found.values;
  });
}
