// The nets of dlgn_lib.models in the browser: one gating model, one expert model; forward, backward and a step of descent,
// by hand on the kernels. Weights are stored transposed (inputs x outputs), so that a layer is X W; the columns of hidden
// layers are padded with zeros to a multiple of four, and stay zero: no gradient reaches them.
import { makeKernels } from "./kernels.js";
import { INITS, netOptions } from "./options.js";
import { fillNormal, fillUniform, twister } from "./random.js";

const CHUNK = 256; // rows of `evaluate` at a time: small enough for a processor's cache
const up4 = n => n + 3 & ~3;

/**
 * Promise of a net on the data x (N·inDim), y (N·outDim), flat arrays, with the weights that torch draws for its seed.
 * Options: those of dlgn_lib.models, in camelCase, see options.js.
 */
export async function makeNet(x, y, options = {}) {
  const o = netOptions(options), n = x.length / o.inDim;
  if (!Number.isInteger(n) || n < 1) throw new RangeError(`x must hold ${o.inDim} numbers a sample, got ${x.length} in all`);
  if (y.length !== n * o.outDim) throw new RangeError(`y must hold ${o.outDim} numbers for each of ${n} samples, got ${y.length}`);
  const plan = new Net(null, n, o);
  return new Net(await makeKernels(plan.bytes, o.kernels), n, o).start(x, y);
}

export class Net {
  constructor(kernels, n, o) {
    Object.assign(this, { options: o, n, k: kernels, D: o.inDim, K: o.outDim, L: o.widths.length });
    this.linear = o.kind === "DLGN"; // the gates are half-spaces
    this.trainsGates = o.separate && !o.frozen && o.beta < Infinity;
    this.cols = o.widths.map(up4);
    const { D, K, L, cols } = this;
    let length = 0; // in floats
    const layer = (fan, out, rows, columns, bias) => {
      const at = length;
      length += up4(rows * columns);
      const made = { fan, out, rows, columns, w: at, b: bias ? length : null };
      if (bias) length += up4(columns);
      return made;
    };
    const ends = [...o.widths, K], width = [...cols, K];
    this.experts = ends.map((out, l) => layer(l ? ends[l - 1] : D, out, l ? cols[l - 1] : D, width[l], o.bias && !o.separate));
    const experts = length, deep = l => l && !o.shallow;
    this.gating = o.separate
      ? o.widths.map((out, l) => layer(deep(l) ? o.widths[l - 1] : D, out, deep(l) ? cols[l - 1] : D, cols[l], o.bias))
      : [];
    this.length = length;
    this.trained = this.trainsGates ? length : experts;

    let top = kernels?.base ?? 0;
    const room = floats => { const at = top; top += up4(floats) * 4; return at; };
    Object.assign(this, { W: room(length), G: room(length), m: room(length), v: room(length) });
    const most = Math.max(...cols, D, K), rows = Math.max(n, CHUNK);
    this.T = room(most * Math.max(most, rows)); // a transposed matrix
    this.Dg = D + (this.linear && o.bias ? 1 : 0); // what a half-space reads: x, and 1 for its offset
    // The gating network of a DLGN is linear, z_l = x A_l with A_l = V_1 … V_l, so its cost hardly depends on n.
    this.A = this.linear ? this.gating.map((g, l) => deep(l) ? room(this.Dg * cols[l]) : this.W + 4 * g.w) : [];
    this.dA = [room(this.Dg * Math.max(...cols)), room(this.Dg * Math.max(...cols)), room(this.Dg * Math.max(...cols))];
    const buffers = count => {
      const hidden = () => cols.map(c => room(count * c));
      const b = { x: room(count * D), xg: 0, v: 0, y: room(count * K), gate: hidden(), u: hidden(), h: hidden() };
      b.xg = this.Dg > D ? room(count * this.Dg) : b.x;
      b.v = o.valueInput === "ones" ? room(count * D) : b.x;
      if (o.kind === "GaLU") Object.assign(b, { z: hidden(), on: hidden(), r: hidden() });
      return b;
    };
    this.data = buffers(n);
    this.chunk = buffers(CHUNK);
    this.target = room(n * K);
    this.dy = room(n * K);
    this.dh = [room(n * Math.max(...cols)), room(n * Math.max(...cols))];
    this.dz = cols.map(c => room(n * c));
    this.gram = [room(n * n), room(n * n), room(n * n)];
    this.bytes = top - (kernels?.base ?? 0);
  }

  view(pointer, length) { return new Float32Array(this.k.buffer, pointer, length); }

  start(x, y) {
    this.put(this.data, x, this.n);
    this.view(this.target, y.length).set(y);
    if (this.options.kind === "deep linear") // every gate is 1
      for (const b of [this.data, this.chunk])
        b.gate.forEach((at, l) => this.view(at, (b === this.data ? this.n : CHUNK) * this.cols[l]).fill(1));
    return this.reset(this.options.seed);
  }

  /** Copy inputs (n·D) into buffers, with what else the layers read of them. */
  put(b, x, n) {
    const { D, Dg } = this;
    this.view(b.x, n * D).set(x);
    if (b.v !== b.x) this.view(b.v, n * D).fill(1);
    if (b.xg === b.x) return;
    const wide = this.view(b.xg, n * Dg).fill(1);
    for (let i = 0; i < n; i++) for (let d = 0; d < D; d++) wide[i * Dg + d] = x[i * D + d];
  }

  get layers() { return [...this.experts, ...this.gating]; }

  /** Draw new weights from torch's generator, experts first, as dlgn_lib.models does. Descent starts anew. */
  reset(seed = this.options.seed) {
    this.options = { ...this.options, seed };
    const { init, scale, std } = this.options, next = twister(seed), gain = INITS[init], spare = {};
    this.load(this.layers.flatMap(({ fan, out, b }) => {
      const weight = new Float32Array(out * fan), bound = 1 / Math.sqrt(fan);
      if (std !== null) fillNormal(weight, next, std, spare);
      else if (gain === null) fillUniform(weight, next, bound);
      else fillNormal(weight, next, gain * bound, spare);
      if (b === null) return [weight];
      const bias = new Float32Array(out);
      fillUniform(bias, next, bound);
      return [weight, bias];
    }).map(values => scale === 1 ? values : values.map(v => scale * v)));
    return this;
  }

  /** Set the parameters from torch's: for each layer its matrix (outputs x inputs), flat, and its bias if it has one. */
  load(parameters) {
    const all = this.view(this.W, this.length).fill(0), given = [...parameters];
    for (const { fan, out, columns, w, b } of this.layers) {
      const weight = given.shift();
      if (weight?.length !== fan * out) throw new RangeError(`a layer of ${fan} inputs and ${out} outputs cannot have ${weight?.length} weights`);
      for (let j = 0; j < out; j++) for (let i = 0; i < fan; i++) all[w + i * columns + j] = weight[j * fan + i];
      if (b !== null) all.set(given.shift(), b);
    }
    for (const p of [this.m, this.v]) this.view(p, this.length).fill(0);
    this.t = 0;
    this.gatesKnown = false;
  }

  /** The parameters in torch's order and shapes; their gradients if `gradients`. */
  parameters(gradients = false) {
    const all = this.view(gradients ? this.G : this.W, this.length);
    return this.layers.flatMap(({ fan, out, columns, w, b }) => {
      const weight = new Float32Array(out * fan);
      for (let j = 0; j < out; j++) for (let i = 0; i < fan; i++) weight[j * fan + i] = all[w + i * columns + j];
      return b === null ? [weight] : [weight, all.slice(b, b + out)];
    });
  }

  /** The parameters as {name, shape, values}, named as in the state_dict of dlgn_lib's nets. */
  tensors() {
    const named = (layers, kind) => layers.flatMap(({ fan, out, b }, l) => [
      { name: `${kind}_layers.${l}.weight`, shape: [out, fan] }, ...b === null ? [] : [{ name: `${kind}_layers.${l}.bias`, shape: [out] }]]);
    const values = this.parameters();
    return [...named(this.experts, "value"), ...named(this.gating, "gate")].map((tensor, i) => ({ ...tensor, values: values[i] }));
  }

  /** A copy of parameters and moments, to come back to with `restore`. */
  save() { return { t: this.t, state: [this.W, this.m, this.v].map(p => this.view(p, this.length).slice()) }; }

  restore({ t, state }) {
    [this.W, this.m, this.v].forEach((p, i) => this.view(p, this.length).set(state[i]));
    this.t = t;
    this.gatesKnown = false;
  }

  /** A_l = A_{l-1} V_l, with offsets in their last row if there are biases. */
  collapse() {
    const { k, D, Dg, cols, A, W } = this;
    for (let l = 1; l < A.length && !this.options.shallow; l++) {
      const { rows, w, b } = this.gating[l];
      k.gemm(A[l], A[l - 1], W + 4 * w, Dg, cols[l], rows, rows, 1);
      if (b !== null) k.add_row(A[l] + 4 * D * cols[l], W + 4 * b, 1, cols[l]);
    }
  }

  /** Gates of every layer at the inputs in a buffer; those of a ReLU net come with `forward`. */
  openGates(b, n) {
    const { k, D, Dg, cols, W } = this, beta = this.options.beta;
    if (this.linear)
      cols.forEach((c, l) => {
        k.gemm(b.gate[l], b.xg, this.A[l], n, c, Dg, Dg, 1);
        k.gate(b.gate[l], b.gate[l], n * c, beta);
      });
    if (this.options.kind === "GaLU")
      this.gating.forEach(({ rows, w, b: bias }, l) => {
        const size = n * cols[l];
        k.gemm(b.z[l], l ? b.r[l - 1] : b.x, W + 4 * w, n, cols[l], rows, rows, 1);
        if (bias !== null) k.add_row(b.z[l], W + 4 * bias, n, cols[l]);
        k.gate(b.on[l], b.z[l], size, Infinity);
        k.mul(b.r[l], b.on[l], b.z[l], size);
        k.gate(b.gate[l], b.z[l], size, beta);
      });
  }

  forward(b, n, keepGates = false) {
    const { k, L, cols, W } = this;
    if (!keepGates) this.openGates(b, n);
    let h = b.v;
    this.experts.forEach(({ rows, columns, w, b: bias }, l) => {
      const to = l < L ? b.u[l] : b.y;
      k.gemm(to, h, W + 4 * w, n, columns, rows, rows, 1);
      if (bias !== null) k.add_row(to, W + 4 * bias, n, columns);
      if (l === L) return;
      if (this.options.kind === "ReLU") k.gate(b.gate[l], to, n * cols[l], Infinity);
      k.mul(b.h[l], b.gate[l], to, n * cols[l]);
      h = b.h[l];
    });
  }

  /** Mean squared error on the data; leaves its gradient in G. */
  gradient() {
    const { n, K } = this, frozen = this.gatesKnown && this.options.separate && !this.trainsGates;
    if (!frozen) this.collapse();
    this.forward(this.data, n, frozen);
    this.gatesKnown = true;
    const y = this.view(this.data.y, n * K), target = this.view(this.target, n * K), dy = this.view(this.dy, n * K);
    let loss = 0;
    for (let i = 0; i < n * K; i++) { const r = y[i] - target[i]; loss += r * r; dy[i] = 2 * r / (n * K); }
    this.backward(true);
    return loss / (n * K);
  }

  /**
   * From dy back through every layer. The signal of each hidden layer goes to `signal(kind, l, pointer)` once it is
   * complete: "expert" for what reaches u_l, "gate" for what reaches z_l; with `gradients`, those of the weights go to G.
   */
  backward(gradients, signal = () => {}) {
    const { k, n, L, cols, W, G, T, data: b } = this, { beta } = this.options;
    let [dh, other] = this.dh, up = this.dy;
    for (let l = L; l >= 0; l--) {
      const { rows, columns, w, b: bias } = this.experts[l];
      if (l < L) {
        if (this.trainsGates) k.gate_back(this.dz[l], up, b.u[l], b.gate[l], n * cols[l], beta);
        else k.mul(up, up, b.gate[l], n * cols[l]);
      }
      signal("expert", l, up);
      if (gradients) {
        k.gemm(G + 4 * w, l ? b.h[l - 1] : b.v, up, rows, columns, n, 1, rows);
        if (bias !== null) k.sum_rows(G + 4 * bias, up, n, columns);
      }
      if (!l) break;
      k.transpose(T, W + 4 * w, rows, columns);
      k.gemm(dh, up, T, n, rows, columns, columns, 1);
      [up, dh, other] = [dh, other, dh];
    }
    if (!this.trainsGates) return;
    if (this.linear && gradients) this.backThroughPlanes();
    else this.backThroughGating(gradients, signal);
  }

  /** The gradients of a DLGN's gating network, from those of its collapsed matrices: nothing of size n but x. */
  backThroughPlanes() {
    const { k, n, D, Dg, L, cols, W, G, T, A, data: b } = this;
    let [dA, dB, through] = this.dA;
    for (let l = L - 1; l >= 0; l--) {
      const { rows, columns, w, b: bias } = this.gating[l], first = !l || this.options.shallow;
      k.gemm(dB, b.xg, this.dz[l], Dg, columns, n, 1, Dg);
      if (l < L - 1 && !this.options.shallow) { // A_{l+1} = A_l V_{l+1}
        const above = this.gating[l + 1];
        k.transpose(T, W + 4 * above.w, above.rows, above.columns);
        k.gemm(through, dA, T, Dg, above.rows, above.columns, above.columns, 1);
        k.add(dB, dB, through, up4(Dg * columns));
      }
      [dA, dB] = [dB, dA];
      if (first) this.view(G + 4 * w, Dg * columns).set(this.view(dA, Dg * columns));
      else {
        k.gemm(G + 4 * w, A[l - 1], dA, rows, columns, Dg, 1, rows);
        if (bias !== null) this.view(G + 4 * bias, columns).set(this.view(dA + 4 * D * columns, columns));
      }
    }
  }

  /** The same layer by layer, for gates of a ReLU net, and for signals. */
  backThroughGating(gradients, signal) {
    const { k, n, L, cols, W, G, T, data: b, dh: [back] } = this, deep = !this.options.shallow;
    for (let l = L - 1; l >= 0; l--) {
      const { rows, columns, w, b: bias } = this.gating[l], dz = this.dz[l];
      signal("gate", l, dz);
      if (gradients) {
        k.gemm(G + 4 * w, l ? b.r[l - 1] : b.x, dz, rows, columns, n, 1, rows);
        if (bias !== null) k.sum_rows(G + 4 * bias, dz, n, columns);
      }
      if (!l || !deep) continue;
      k.transpose(T, W + 4 * w, rows, columns);
      k.gemm(back, dz, T, n, rows, columns, columns, 1);
      if (!this.linear) k.mul(back, back, b.on[l - 1], n * cols[l - 1]);
      k.add(this.dz[l - 1], this.dz[l - 1], back, n * cols[l - 1]);
    }
  }

  /** One step of descent on all data. Returns the loss before it, as torch logs it. */
  step(lr = 2e-3) {
    const loss = this.gradient(), t = ++this.t, { optimizer, momentum } = this.options;
    if (optimizer === "sgd") this.k.sgd(this.W, this.G, this.m, this.trained, lr, momentum);
    else this.k.adam(this.W, this.G, this.m, this.v, this.trained, lr / (1 - 0.9 ** t), 1 / Math.sqrt(1 - 0.999 ** t), 1e-8);
    return loss;
  }

  /** Outputs (n·K) at points x (n·D), with `gates` those of every layer, a list of (n·M), with `features` the last layer. */
  evaluate(x, { gates = false, features = false } = {}) {
    const { D, K, L, cols, chunk: b } = this, n = x.length / D, { widths } = this.options;
    const out = new Float32Array(n * K), all = gates ? widths.map(units => new Float32Array(n * units)) : null;
    const last = features ? new Float32Array(n * widths[L - 1]) : null;
    this.collapse();
    for (let i = 0; i < n; i += CHUNK) {
      const rows = Math.min(CHUNK, n - i);
      this.put(b, x.subarray(i * D, (i + rows) * D), rows);
      this.forward(b, rows);
      out.set(this.view(b.y, rows * K), i * K);
      all?.forEach((g, l) => this.unpad(b.gate[l], rows, l, g.subarray(i * widths[l])));
      if (last) this.unpad(b.h[L - 1], rows, L - 1, last.subarray(i * widths[L - 1]));
    }
    return { out, gates: all, features: last };
  }

  /** Copy a padded (n x columns) buffer of layer l without its padding. */
  unpad(pointer, n, l, to) {
    const columns = this.cols[l], units = this.options.widths[l], from = this.view(pointer, n * columns);
    for (let i = 0; i < n; i++) for (let j = 0; j < units; j++) to[i * units + j] = from[i * columns + j];
    return to;
  }
}
