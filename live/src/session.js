// What a page asks of its nets: make them, train them for a while, look at them. Runs in a worker or in the page itself.
import { halfSpaces, overlapKernel, pathActivity, tangentKernel } from "./measure.js";
import { makeNet } from "./net.js";

export class Session {
  /** Make one net for each entry of `nets` (options of makeNet), all on the data x, y. */
  async setup({ x, y, nets }) {
    this.nets = await Promise.all(nets.map(options => makeNet(x, y, options)));
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

  /** What a drawing needs of net number `net`: any of outputs and gates at points (flat), and what is measured on the data. */
  look({ net: number = 0, points, gates = false, activity = false, overlap = false, tangent = false, planes = false }) {
    const net = this.nets[number], result = { step: net.t };
    if (points) Object.assign(result, net.evaluate(points, { gates }));
    if (activity) result.activity = pathActivity(net, true);
    if (overlap) result.overlap = overlapKernel(net, true);
    if (tangent) result.tangent = tangentKernel(net);
    if (planes) result.planes = net.linear ? halfSpaces(net) : null;
    return result;
  }

  /** Parameters of net number `net`, in torch's order and shapes. */
  parameters({ net = 0 } = {}) { return { parameters: this.nets[net].parameters() }; }

  /** Copies of all nets, to come back to with `restore`. */
  save() { return { saved: this.nets.map(net => net.save()) }; }

  restore({ saved }) {
    this.nets.forEach((net, i) => net.restore(saved[i]));
    return { step: this.nets[0].t };
  }
}
