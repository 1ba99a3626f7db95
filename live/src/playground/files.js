// Weights as files: JSON, and safetensors (https://huggingface.co/docs/safetensors); names and shapes of the library's state_dict.

/** The file as a Blob. `tensors`: list of {name, shape, values}; `facts`: what else the file says. */
export function toFile(kind, tensors, facts) {
  if (kind === "json") {
    const weights = Object.fromEntries(tensors.map(({ name, shape, values }) => [name, { shape, values: [...values] }]));
    return new Blob([JSON.stringify({ ...facts, weights })], { type: "application/json" });
  }
  const head = { __metadata__: Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, JSON.stringify(value)])) };
  let at = 0;
  for (const { name, shape, values } of tensors) head[name] = { dtype: "F32", shape, data_offsets: [at, at += values.byteLength] };
  let text = JSON.stringify(head);
  text += " ".repeat(-new TextEncoder().encode(text).length & 7); // the numbers begin at a multiple of eight
  const bytes = new TextEncoder().encode(text), length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(bytes.length), true);
  return new Blob([length, bytes, ...tensors.map(({ values }) => values)], { type: "application/octet-stream" });
}

/** {settings, step, tensors} of a file of either kind. Throws an error that says what is wrong with it. */
export async function fromFile(file) {
  const buffer = await file.arrayBuffer(), json = file.name.endsWith(".json");
  try {
    if (json) {
      const { weights, settings, step } = JSON.parse(new TextDecoder().decode(buffer));
      const tensors = Object.entries(weights).map(([name, { shape, values }]) => ({ name, shape, values: Float32Array.from(values.flat(Infinity)) }));
      return { settings, step, tensors };
    }
    const length = Number(new DataView(buffer).getBigUint64(0, true));
    const { __metadata__: facts = {}, ...parts } = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
    const tensors = Object.entries(parts).map(([name, { dtype, shape, data_offsets: [from, to] }]) => {
      if (dtype !== "F32") throw new TypeError(`${name} is ${dtype}`);
      return { name, shape, values: new Float32Array(buffer.slice(8 + length + from, 8 + length + to)) };
    });
    return { settings: facts.settings && JSON.parse(facts.settings), step: facts.step && JSON.parse(facts.step), tensors };
  } catch (error) {
    throw new TypeError(`${file.name} is no file of weights of this playground (JSON or safetensors, float32): ${error.message}`);
  }
}
