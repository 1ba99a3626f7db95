// Exact regions of a net with two inputs: polygons in which no gate switches, as in dlgn_lib.regions. In float64.

const SLIVER = 1e-12; // a piece whose area is a smaller share of the box is what rounding left over

/** The part of a convex polygon (a list of [x, y]) where a·x + b·y + c >= 0; with `sign` -1 where it is <= 0. */
export function clip(polygon, [a, b], c, sign = 1) {
  const kept = [], height = ([x, y]) => sign * (a * x + b * y + c);
  polygon.forEach((point, i) => {
    const next = polygon[(i + 1) % polygon.length], here = height(point), there = height(next);
    if (here >= 0) kept.push(point);
    if (here * there < 0) {
      const t = here / (here - there);
      kept.push([point[0] + t * (next[0] - point[0]), point[1] + t * (next[1] - point[1])]);
    }
  });
  return kept;
}

/** Area of a polygon. */
export function area(polygon) {
  let twice = 0;
  polygon.forEach(([x, y], i) => {
    const [u, v] = polygon[(i + 1) % polygon.length];
    twice += x * v - u * y;
  });
  return Math.abs(twice) / 2;
}

const box = ([[left, right], [low, high]]) => [[left, low], [right, low], [right, high], [left, high]];

/** Weights [out][fan] and biases [out] of the layers whose signs are the gates. */
function gateLayers(net) {
  const layers = net.options.separate ? net.gating : net.experts.slice(0, -1);
  const all = net.view(net.W, net.length);
  return layers.map(({ fan, out, columns, w, b }) => ({
    weights: Array.from({ length: out }, (_, j) => Array.from({ length: fan }, (_, i) => all[w + i * columns + j])),
    biases: Array.from({ length: out }, (_, j) => b === null ? 0 : all[b + j]),
  }));
}

function check(net) {
  if (net.D !== 2) throw new RangeError(`regions are polygons for nets of two inputs, this one has ${net.D}`);
}

/**
 * Cells of the box [[left, right], [low, high]] in which the gates of the first `layers` layers are constant: {polygon, pattern},
 * the pattern a list of 0 and 1 for each layer. With a `path` (a unit for each layer) only these units divide, for gates
 * that are half-spaces; for others all units below do, since they bend the boundary.
 */
function cells(net, bounds, path = null) {
  check(net);
  const bent = !net.linear, least = SLIVER * area(box(bounds));
  // on a cell, what a layer reads is affine in x: rows of [coefficient, coefficient, constant]
  const input = [[1, 0, 0], [0, 1, 0]];
  let found = [{ polygon: box(bounds), reads: input, pattern: [] }];
  if (net.options.kind === "deep linear") return found.map(cell => ({ ...cell, pattern: net.options.widths.map(units => Array(units).fill(1)) }));
  gateLayers(net).forEach(({ weights, biases }, l) => {
    const next = [];
    for (const { polygon, reads, pattern } of found) {
      const z = weights.map((row, j) => [0, 1, 2].map(d => row.reduce((sum, w, i) => sum + w * reads[i][d], d === 2 ? biases[j] : 0)));
      const alone = path && (!bent || l === net.L - 1), units = alone ? [path[l]] : [...z.keys()];
      let parts = [{ polygon, on: [] }];
      for (const unit of units) {
        const divided = [];
        const constant = !z[unit][0] && !z[unit][1]; // as below a layer that is off; a gate is on at 0
        for (const part of parts)
          for (const sign of constant ? [z[unit][2] >= 0 ? 1 : -1] : [1, -1]) {
            const piece = clip(part.polygon, z[unit], z[unit][2], sign);
            if (piece.length > 2 && area(piece) > least) divided.push({ polygon: piece, on: [...part.on, +(sign > 0)] });
          }
        parts = divided;
      }
      for (const part of parts) {
        const { on } = part;
        if (path && !on[alone ? 0 : path[l]]) continue;
        const above = net.options.shallow ? input : net.linear ? z : z.map((row, j) => on[j] ? row : [0, 0, 0]);
        next.push({ polygon: part.polygon, reads: above, pattern: [...pattern, on] });
      }
    }
    found = next;
  });
  return found;
}

/** The regions of constant activation pattern: a list of {polygon, pattern}. */
export function activationRegions(net, bounds) {
  return cells(net, bounds).map(({ polygon, pattern }) => ({ polygon, pattern }));
}

/** Where a path, a unit for each layer, is active: a list of polygons; one or none if the gates are half-spaces. */
export function pathRegion(net, path, bounds) {
  path.forEach((unit, l) => {
    if (!(unit >= 0 && unit < net.options.widths[l])) throw new RangeError(`layer ${l} has units 0 to ${net.options.widths[l] - 1}, the path goes through ${unit}`);
  });
  return cells(net, bounds, path).map(cell => cell.polygon);
}
