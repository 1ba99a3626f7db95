// A cell that goes on in Python: the settings of a run, its data, and the weights that the nets have now.
import { TASKS, pythonData, pythonNet } from "./state.js";

const MOST = 40000; // numbers that fit into a cell; wider nets come from a file
const FLOATS = 'def floats(text):\n    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.float32)\n\n\n';

/** Numbers as text: float32, base64. */
function base64(values) {
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

const floats = values => `floats("${base64(values)}")`;

/** The cell. `parameters`: arrays in torch's order; `data` {x, y}; `loss` as the playground shows it; `install`: what pip installs on Colab. */
export function pythonCell({ settings, step, parameters, data, loss, install }) {
  const { task, seed, optimizer, lr, alpha } = settings, own = pythonData(settings);
  const { kind, math, lines } = pythonNet(settings), small = parameters.reduce((sum, { length }) => sum + length, 0) <= MOST;
  const decodes = small || !own, circles = own?.includes("circle("), scaled = alpha === 1 ? "" : `${alpha} * `, squared = alpha === 1 ? "" : `${alpha}**2 * `;
  return [
    `# Goes on from the playground: ${TASKS[task].label}, ${settings.model}, seed ${seed}, step ${step}\n`,
    install ? `# On Colab run this first, in a cell of its own: %pip install -q --no-deps "${install}"\n` : "",
    decodes ? "import base64\n" : "", math && small ? "import math\n" : "", decodes || math && small ? "\n" : "", "import torch\n\n",
    `from dlgn_lib import ${[...small ? [kind] : [], ...circles ? ["circle"] : []].map(name => `${name}, `).join("")}train\n`,
    small ? "" : "from dlgn_lib.weights import load_weights\n", decodes ? `\n\n${FLOATS}` : "\n",
    own ?? `x = ${floats(data.x)}.reshape(-1, 2)\ny = ${floats(data.y)}[:, None]\n`,
    small
      ? `${lines}torch.nn.utils.vector_to_parameters(${floats(parameters.flatMap(values => [...values]))}, net.parameters())\n`
      : 'net, settings = load_weights("weights.json")  # too many to stand here: save them as json, and put the file beside the notebook\n',
    `print("loss", (${scaled}net(x) - y).square().mean().item())  # ${loss} in the playground\n`,
    `run = train(net, x, y${alpha === 1 ? "" : ` / ${alpha}`}, steps=500, lr=${lr}, optimizer="${optimizer}")\n`,
    `print("after 500 more steps", ${squared}run.losses[-1])\n`,
  ].join("");
}

/** A cell to look at: numbers in letters are shortened. */
export const shortened = cell => cell.replace(/(floats\("[^"]{48})[^"]{24,}/g, "$1…");

/** A notebook with the cell, and before it one that installs the library where it is missing. */
export function notebook(cell, install) {
  const setup = `# Where the book's library is missing, as on Colab, it is installed.\ntry:\n    import dlgn_lib\nexcept ModuleNotFoundError:\n    %pip install -q --no-deps "${install}"\n    import importlib\n\n    importlib.invalidate_caches()`;
  const code = (id, text) => ({ cell_type: "code", id, execution_count: null, metadata: {}, outputs: [], source: text.trimEnd().split(/(?<=\n)/) });
  const cells = [...install ? [code("setup", setup)] : [], code("go-on", cell)];
  const metadata = { kernelspec: { display_name: "Python 3", language: "python", name: "python3" }, language_info: { name: "python" } };
  return new Blob([JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }, null, 1)], { type: "application/x-ipynb+json" });
}
