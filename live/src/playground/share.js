// One set of weights for every model: those of the DLGN of a seed, in the nets that can take them.
import { MODELS } from "./state.js";

/** The settings of the DLGN whose weights are carried over. */
export const owner = settings => ({ ...settings, model: "DLGN", share: "own" });

/** What two nets must have in common for the weights of one to fit the other. */
export const shapeOf = ({ width, depth, bias, init, scale, seed }) => [width, depth, bias, init, scale, seed].join();

/** Whether a model has all weights of a DLGN, in the same shapes. */
export const alike = model => ["DLGN", "frozen DLGN", "GaLU"].includes(model);

const TOLD = {
  "shallow DLGN": "The shallow DLGN has the experts of the DLGN, and gates of the same half-spaces in every layer, until one of the two is trained.",
  "ReLU": "The ReLU net has one set of weights: those of the DLGN's gates in the hidden layers, and its last layer of the experts.",
  "deep linear": "The deep linear net has the weights of the DLGN's gates in the hidden layers, and its last layer of the experts; it has no gates.",
};

/** What is carried over into a model, in words. */
export const told = model => TOLD[model] ?? `The weights of the DLGN of this seed: ${model === "GaLU" ? "the GaLU net has all of them, and reads them through ReLU" : "its experts and its gates"}.`;

/** The weights of a DLGN, a list of tensors, as those of another model. */
export function carried(tensors, model) {
  if (alike(model)) return tensors;
  const part = (kind, l, name) => tensors.find(one => one.name === `${kind}_layers.${l}.${name}`), biased = Boolean(part("gate", 0, "bias"));
  const gates = tensors.filter(({ name }) => /^gate.*weight$/.test(name)), depth = gates.length;
  if (MODELS[model].shallow) {
    let below = null;
    return [...tensors.filter(({ name }) => name.startsWith("value")), ...gates.flatMap(({ name, shape: [out, fan], values }, l) => {
      const bias = part("gate", l, "bias"), normals = new Float32Array(2 * out), offsets = Float32Array.from(bias?.values ?? new Float32Array(out));
      for (let i = 0; i < out; i++)
        for (let j = 0; j < fan; j++) {
          for (const d of [0, 1]) normals[2 * i + d] += values[i * fan + j] * (below ? below.normals[2 * j + d] : +(j === d));
          if (below) offsets[i] += values[i * fan + j] * below.offsets[j];
        }
      below = { normals, offsets };
      return [{ name, shape: [out, 2], values: normals }, ...bias ? [{ ...bias, values: offsets }] : []];
    })];
  }
  const last = part("value", depth, "weight");
  return [
    ...tensors.filter(({ name }) => name.startsWith("gate")).map(one => ({ ...one, name: one.name.replace("gate", "value") })), last,
    ...biased ? [{ name: `value_layers.${depth}.bias`, shape: [last.shape[0]], values: new Float32Array(last.shape[0]) }] : []];
}
