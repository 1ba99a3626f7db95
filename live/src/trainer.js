// The page's end: `call(name, args)` promises what the session's method of that name returns, from a worker where one
// starts, else from the page's own thread. Nothing runs unless it is asked for, so to pause is to stop asking.
import { Session } from "./session.js";

export async function createTrainer({ worker = true } = {}) {
  const thread = worker && await startWorker();
  if (!thread) {
    const session = new Session();
    return { where: "page", call: async (name, args = {}) => session[name](args), close() {} };
  }
  const waiting = new Map();
  let next = 0;
  thread.onmessage = ({ data: { id, result, error } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(error));
  };
  return {
    where: "worker",
    call: (name, args = {}) => new Promise((resolve, reject) => {
      waiting.set(++next, { resolve, reject });
      thread.postMessage({ id: next, name, args });
    }),
    close: () => thread.terminate(),
  };
}

/** Promise of a worker that answers, or of null: there is none under file://, nor where the page's policy refuses it. */
function startWorker() {
  return new Promise(resolve => {
    try {
      const thread = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
      thread.onerror = () => resolve(null);
      thread.onmessage = () => resolve(thread);
      thread.postMessage({ id: 0, name: "hello" });
    } catch { resolve(null); } // SecurityError: a worker from there is not allowed
  });
}
