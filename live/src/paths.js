// The output as a sum over paths at one input, for nets small enough to list them: dlgn_lib.paths in the browser.

/** All paths through hidden layers of these widths, as lists of unit numbers; the last layer's unit changes fastest. */
export const allPaths = widths =>
  widths.reduce((paths, width) => paths.flatMap(path => Array.from({ length: width }, (_, unit) => [...path, unit])), [[]]);

/**
 * For each path its units, its gate f, its expert g and their product at the input `v` (D) that the experts read:
 * the products add up to the output. `matrices` are those of the experts, each {shape, values}, `gates` a list per layer.
 */
export function pathTerms(matrices, gates, v) {
  const at = (l, to, from) => matrices[l].values[to * matrices[l].shape[1] + from];
  return allPaths(gates.map(layer => layer.length)).map(units => {
    const gate = units.reduce((product, unit, l) => product * gates[l][unit], 1);
    const first = Array.from(v).reduce((sum, value, d) => sum + value * at(0, units[0], d), 0);
    const expert = units.reduce((product, unit, l) => product * at(l + 1, units[l + 1] ?? 0, unit), first);
    return { units, gate, expert, product: gate * expert };
  });
}
