// What the book measures of a net on its data: half-spaces, path activity, overlap kernel, tangent kernel.

/** Normals (M·D) and offsets (M) of every layer of a DLGN: unit i is on where normal i · x + offset i >= 0. */
export function halfSpaces(net) {
  if (!net.linear) throw new TypeError(`the gates of a ${net.options.kind} net are no half-spaces; those of a DLGN are`);
  const { D, Dg, cols, options: { widths } } = net;
  net.collapse();
  return net.A.map((pointer, l) => {
    const A = net.view(pointer, Dg * cols[l]), normals = new Float32Array(widths[l] * D), offsets = new Float32Array(widths[l]);
    for (let i = 0; i < widths[l]; i++) {
      for (let d = 0; d < D; d++) normals[i * D + d] = A[d * cols[l] + i];
      if (Dg > D) offsets[i] = A[D * cols[l] + i];
    }
    return { normals, offsets };
  });
}

/**
 * What of a net's gates is half-spaces, as `halfSpaces` gives it: all layers of a DLGN, the first of a GaLU or a ReLU net,
 * nothing of a deep linear net.
 */
export function knownHalfSpaces(net) {
  if (net.linear) return halfSpaces(net);
  if (net.options.kind === "deep linear") return [];
  const kind = net.options.separate ? "gate" : "value", [first, second] = net.tensors().filter(({ name }) => name.startsWith(kind));
  return [{ normals: first.values, offsets: net.options.bias ? second.values : new Float32Array(net.options.widths[0]) }];
}

/** Bring the net's buffers up to date with its weights. */
function refresh(net) {
  net.collapse();
  net.forward(net.data, net.n);
}

/** What a constant unit adds in each layer: paths through biases, in nets whose gates and experts share them. */
const constant = net => +(net.options.bias && !net.options.separate);

/** Path activity of the data (N), the product over layers of the sum of gates, thresholded if `hard`. */
export function pathActivity(net, hard = false) {
  const { n, cols, data: b, options: { widths } } = net, result = new Float64Array(n).fill(1);
  refresh(net);
  b.gate.forEach((pointer, l) => {
    const g = net.view(pointer, n * cols[l]);
    for (let i = 0; i < n; i++) {
      let sum = constant(net);
      for (let j = i * cols[l], end = j + widths[l]; j < end; j++) sum += hard ? +(g[j] >= 0.5) : g[j];
      result[i] *= sum;
    }
  });
  return result;
}

function addOne(net, gram) {
  const entries = net.view(gram, net.n * net.n);
  for (let i = 0; i < entries.length; i++) entries[i] += 1;
}

/**
 * The pull of the data on the normal of every gated unit of a DLGN in the plane, −∂loss/∂A_l with all other normals held:
 * (units·2) from the data above the first axis and from those below, all layers in turn, and the length (units) that it
 * would have if all points pulled the same way. As on the page learning/allocation.
 */
export function pulls(net) {
  if (!net.linear || !net.trainsGates || net.D !== 2) throw new TypeError("only the soft gates of a DLGN that are trained on points of the plane are pulled");
  const { n, cols, data: b, options: { widths } } = net, units = widths.reduce((a, c) => a + c, 0);
  const above = new Float64Array(2 * units), below = new Float64Array(2 * units), most = new Float64Array(units);
  net.gradient(); // leaves ∂loss/∂z of every layer in dz
  const x = net.view(b.x, 2 * n);
  let first = 0;
  widths.forEach((width, l) => {
    const dz = net.view(net.dz[l], n * cols[l]);
    for (let p = 0; p < n; p++) {
      const a = x[2 * p], c = x[2 * p + 1], half = c > 0 ? above : below, length = Math.hypot(a, c);
      for (let i = 0; i < width; i++) {
        const push = -dz[p * cols[l] + i], unit = first + i;
        half[2 * unit] += push * a;
        half[2 * unit + 1] += push * c;
        most[unit] += Math.abs(push) * length;
      }
    }
    first += width;
  });
  return { above, below, most };
}

/** Path activity (n) of thresholded gates, a list of (n·M) as `evaluate` gives them. */
export function activityOf(net, gates, n) {
  const result = new Float64Array(n).fill(1);
  gates.forEach((layer, l) => {
    const units = net.options.widths[l];
    for (let i = 0; i < n; i++) {
      let open = constant(net);
      for (let j = i * units, end = j + units; j < end; j++) open += layer[j] >= 0.5;
      result[i] *= open;
    }
  });
  return result;
}

/** Overlap kernel of the data (N·N), the product over layers of <gate(x), gate(x')>, of thresholded gates if `hard`. */
export function overlapKernel(net, hard = false) {
  const { k, n, cols, T, data: b, gram: [product, next], dh: [scratch], options: { widths } } = net;
  refresh(net);
  b.gate.forEach((pointer, l) => {
    let gates = pointer;
    if (hard) {
      gates = scratch;
      const from = net.view(pointer, n * cols[l]), to = net.view(scratch, n * cols[l]);
      for (let i = 0; i < to.length; i++) to[i] = +(from[i] >= 0.5);
    }
    k.transpose(T, gates, n, cols[l]);
    k.gemm(l ? next : product, gates, T, n, n, widths[l], cols[l], 1); // the padding is left out: its gates are not 0
    if (constant(net)) addOne(net, l ? next : product);
    if (l) k.mul(product, product, next, n * n);
  });
  return net.view(product, n * n).slice();
}

/**
 * Neural tangent kernel of the data (N·N), summed over outputs, layer by layer as in dlgn_lib.kernels.tangent: for each
 * matrix the product of two small ones. `part` is "full", "expert" or "gate"; gates that are not trained have no part.
 */
export function tangentKernel(net, part = "full") {
  if (!["full", "expert", "gate"].includes(part)) throw new RangeError(`part must be full, expert or gate, got ${part}`);
  const { k, n, K, D, cols, T, A, Dg, data: b, gram: [sum, backward, into], options: { shallow } } = net;
  refresh(net);
  const total = net.view(sum, n * n).fill(0);
  const product = (to, pointer, columns) => {
    k.transpose(T, pointer, n, columns);
    k.gemm(to, pointer, T, n, n, columns, columns, 1);
  };
  /** What layer l of the gating network reads: (pointer, columns). */
  const gateInput = l => {
    if (!l || shallow) return [b.x, D];
    if (!net.linear) return [b.r[l - 1], cols[l - 1]];
    const z = net.dh[1];
    k.gemm(z, b.xg, A[l - 1], n, cols[l - 1], Dg, Dg, 1);
    return [z, cols[l - 1]];
  };
  const add = (kind, l, signal) => {
    if (part !== "full" && part !== kind) return;
    const { columns, b: own } = (kind === "gate" ? net.gating : net.experts)[l];
    product(backward, signal, columns);
    const [pointer, width] = kind === "gate" ? gateInput(l) : l ? [b.h[l - 1], cols[l - 1]] : [b.v, D];
    product(into, pointer, width);
    if (own !== null) addOne(net, into);
    k.mul(backward, backward, into, n * n);
    k.add(sum, sum, backward, n * n);
  };
  const dy = net.view(net.dy, n * K);
  for (let output = 0; output < K; output++) {
    for (let i = 0; i < dy.length; i++) dy[i] = +(i % K === output);
    net.backward(false, add);
  }
  return total.slice();
}
