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

/** The tensor of one layer of a list, undefined if there is none. */
const find = (tensors, kind, layer, part) => tensors.find(({ name }) => name === `${kind}_layers.${layer}.${part}`);

/** The gates of a DLGN, each layer as the half-spaces of the input that it makes: {normals, offsets}. */
function halfSpaces(tensors, depth) {
  let below = { normals: [1, 0, 0, 1], offsets: [0, 0] }; // the input itself
  return Array.from({ length: depth }, (_, l) => {
    const { shape: [out, fan], values } = find(tensors, "gate", l, "weight"), bias = find(tensors, "gate", l, "bias");
    const normals = new Float32Array(2 * out), offsets = Float32Array.from(bias?.values ?? new Float32Array(out));
    for (let i = 0; i < out; i++)
      for (let j = 0; j < fan; j++) {
        for (const d of [0, 1]) normals[2 * i + d] += values[i * fan + j] * below.normals[2 * j + d];
        offsets[i] += values[i * fan + j] * below.offsets[j];
      }
    return below = { normals, offsets };
  });
}

/** The weights of a DLGN, a list of tensors, as those of another model. */
export function carried(tensors, model) {
  if (alike(model)) return tensors;
  const gates = tensors.filter(({ name }) => name.startsWith("gate")), depth = gates.filter(({ name }) => name.endsWith("weight")).length;
  if (MODELS[model].shallow) {
    const planes = halfSpaces(tensors, depth);
    const shallow = ({ name, ...one }) => {
      const { normals, offsets } = planes[name.split(".")[1]];
      return name.endsWith("weight") ? { name, shape: [offsets.length, 2], values: normals } : { name, ...one, values: offsets };
    };
    return [...tensors.filter(({ name }) => name.startsWith("value")), ...gates.map(shallow)];
  }
  const last = find(tensors, "value", depth, "weight"), [out] = last.shape, biased = gates.length > depth;
  const hidden = gates.map(({ name, ...one }) => ({ name: name.replace("gate", "value"), ...one }));
  return [...hidden, last, ...biased ? [{ name: `value_layers.${depth}.bias`, shape: [out], values: new Float32Array(out) }] : []];
}
