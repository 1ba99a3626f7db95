// What a net can be made of: names, defaults and limits, those of dlgn_lib.models.

export const KINDS = ["ReLU", "deep linear", "DLGN", "GaLU"];
export const INITS = { torch: null, he: Math.SQRT2, lecun: 1 };
const DEFAULTS = {
  kind: "DLGN", inDim: 2, width: 64, depth: 4, outDim: 1, beta: 10, bias: false, init: "torch", scale: 1, std: null, valueInput: "x",
  shallow: false, frozen: false, seed: 0, optimizer: "adam", momentum: 0, kernels: "auto",
};

function oneOf(name, value, names) {
  if (!names.includes(value)) throw new RangeError(`${name} must be one of ${names.join(", ")}, got ${value}`);
}

function count(name, value, least = 1) {
  if (!Number.isInteger(value) || value < least) throw new RangeError(`${name} must be a whole number from ${least} on, got ${value}`);
}

/** The complete options of a net, `width` as a list `widths`. Throws a RangeError that names what does not fit. */
export function netOptions(given = {}) {
  const unknown = Object.keys(given).filter(name => !(name in DEFAULTS));
  if (unknown.length) throw new RangeError(`a net has no option ${unknown.join(", ")}; it has ${Object.keys(DEFAULTS).join(", ")}`);
  const o = { ...DEFAULTS, ...given };
  oneOf("kind", o.kind, KINDS);
  oneOf("init", o.init, Object.keys(INITS));
  oneOf("valueInput", o.valueInput, ["x", "ones"]);
  oneOf("optimizer", o.optimizer, ["adam", "sgd"]);
  if (o.std !== null && !(o.std > 0 && o.std < Infinity)) throw new RangeError(`std, that of the initial weights, must be positive, got ${o.std}; null leaves it to init`);
  if (!(o.scale > 0 && o.scale < Infinity)) throw new RangeError(`scale, a factor of all initial weights, must be positive, got ${o.scale}`);
  oneOf("kernels", o.kernels, ["auto", "wasm", "js"]);
  count("inDim", o.inDim);
  count("outDim", o.outDim);
  count("seed", o.seed, 0);
  if (Array.isArray(o.width)) o.widths = o.width;
  else {
    count("depth", o.depth);
    o.widths = Array(o.depth).fill(o.width);
  }
  if (!o.widths.length) throw new RangeError("width must name at least one hidden layer, got none");
  o.widths.forEach(units => count("width", units));
  if (!(o.beta > 0)) throw new RangeError(`beta, the slope of the soft gates, must be positive, got ${o.beta}; Infinity gives hard gates`);
  if (!(o.momentum >= 0 && o.momentum < 1) || (o.momentum && o.optimizer !== "sgd"))
    throw new RangeError(`momentum must be in [0, 1) and belongs to sgd, got ${o.momentum} with ${o.optimizer}`);
  o.separate = o.kind === "DLGN" || o.kind === "GaLU";
  if (o.shallow && o.kind !== "DLGN") throw new RangeError(`shallow gates belong to a DLGN, got ${o.kind}`);
  if (o.frozen && !o.separate) throw new RangeError(`the gates of a ${o.kind} net have no parameters of their own to freeze`);
  if (o.valueInput === "ones" && !o.separate) throw new RangeError(`valueInput "ones" belongs to a DLGN or a GaLU net, got ${o.kind}`);
  return o;
}
