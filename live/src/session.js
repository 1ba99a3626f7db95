// What a page asks of its nets: make them, train them for a while, look at them. Runs in a worker or in the page itself.
import { activityOf, halfSpaces, overlapKernel, pathActivity, pulls, tangentKernel } from "./measure.js";
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

  /**
   * Train all nets in turn for `ms` milliseconds or up to step `until`. Returns the step and, for each net, the loss
   * before each step. Throws when a loss is no number any more.
   */
  train({ ms = 6, until = Infinity, lr = 2e-3 }) {
    const losses = this.nets.map(() => []), end = performance.now() + ms;
    while (this.nets[0].t < until && performance.now() < end)
      this.nets.forEach((net, i) => {
        const loss = net.step(lr);
        if (!Number.isFinite(loss)) throw new Error(`training diverged at step ${net.t} with learning rate ${lr}; try a smaller one`);
        losses[i].push(loss);
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
   * matrices at the one input `inside`, gates at the `pair` of points of the data with these numbers, the regions of constant gates in the box `tiles`, the spectrum of the `features`, outputs at the `data` (`fitted`), and what else is measured there. The losses of all
   * nets, as they are now, come with it, but for a look in passing (`losses` false), since they take a step's time each.
   */
  look({ net: number = 0, points, paths = false, inside, pair, tiles, data = false, losses = true, features = false, activity = false, overlap = false, tangent = false, pull = false, planes = false }) {
    const net = this.nets[number], result = { step: net.t };
    if (losses) result.losses = this.nets.map(each => each.gradient());
    if (data) result.fitted = net.evaluate(this.x).out;
    if (points) {
      const { out, gates } = net.evaluate(points, { gates: paths });
      result.out = out;
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
    if (pull) result.pull = pulls(net);
    if (planes) result.planes = net.linear ? halfSpaces(net) : null;
    return result;
  }

  /** Parameters of net number `net` as {name, shape, values}, named as in the library's state_dict. */
  tensors({ net = 0 } = {}) { return { tensors: this.nets[net].tensors() }; }

  /** Parameters of net number `net`, in torch's order and shapes. */
  parameters({ net = 0 } = {}) { return { parameters: this.nets[net].parameters() }; }
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
