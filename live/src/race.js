// The task with contexts, and the formula of its linear pathways, as in dlgn_lib.gdln.contexts: pages neighbours/haste and race.

const ITEMS = 8, PROPERTIES = 2 * ITEMS - 1;
const LEVELS = [[7, 1], [3, 2], [1, 4]]; // σ² of a level of the tree, and how many modes it has

/** Properties of item i: a one for each node of the tree above it, the root first, the leaf last. */
function properties(i) {
  const row = new Float32Array(PROPERTIES);
  for (let size = 1, first = 0; size <= ITEMS; first += size, size *= 2) row[first + Math.floor(i * size / ITEMS)] = 1;
  return row;
}

/** Each item in each context: x (8C·(8 + C)) and y (8C·15(C + 1)), flat, with these sizes. */
export function contextTask(contexts) {
  const n = ITEMS * contexts, inDim = ITEMS + contexts, outDim = PROPERTIES * (contexts + 1);
  const x = new Float32Array(n * inDim), y = new Float32Array(n * outDim);
  for (let c = 0, row = 0; c < contexts; c++)
    for (let item = 0; item < ITEMS; item++, row++) {
      x[row * inDim + item] = x[row * inDim + ITEMS + c] = 1;
      for (const block of [0, c + 1]) y.set(properties(item), row * outDim + block * PROPERTIES);
    }
  return { x, y, inDim, outDim, n };
}

/** The step at which a mode has half of its final strength s/d. */
export const halfStep = ({ s, d, start, begin }, lr) => begin + Math.log(s / d / start - 1) / (2 * s * lr);

/**
 * The modes of the pathways "common" and "all contexts but one" of a ReLU net with `width` units, half of which serve the
 * common pathway and half the others together: {name, copies, s, d, start, begin}. `std` is that of the initial weights.
 */
export function contextModes(contexts, { width, std, lr }) {
  const c = contexts, m = c - 1, common = Math.floor(width / 2), starts = [common, Math.floor(common / c)].map(units => units * std ** 2 / 2);
  const modes = [
    { name: "mean", copies: 1, s: Math.sqrt(PROPERTIES * (c + ITEMS) * (c + 1)), d: c + ITEMS, start: starts[0], begin: 0 },
    { name: "between contexts", copies: m, s: Math.sqrt(PROPERTIES * ITEMS), d: ITEMS, start: starts[0], begin: 0 },
  ];
  const late = LEVELS.map(([square, copies]) => {
    const sigma = Math.sqrt(square), s = sigma * Math.sqrt(1 - 1 / c), grows = sigma * Math.sqrt(m * m + m);
    const early = { name: `common, level ${square}`, copies, s: sigma * Math.sqrt(c * (c + 1)), d: c, start: starts[0], begin: 0 };
    modes.push(early);
    const begin = halfStep(early, lr), start = starts[1] * Math.exp(2 * grows * lr * begin) * ((1 + s / grows) / 2) ** 2;
    return { name: `in context, level ${square}`, copies: c * copies, s, d: 1, start, begin };
  });
  return [...modes, ...late];
}

/** The loss ½ Σ (y − ŷ)² of all modes after t steps with learning rate lr. */
export const formulaLoss = (modes, t, lr) => modes.reduce((sum, { copies, s, d, start, begin }) => {
  const strength = s / d / (1 + (s / d / start - 1) * Math.exp(-2 * s * (t - begin) * lr));
  return sum + copies * d * (s / d - strength) ** 2 / 2;
}, 0);
