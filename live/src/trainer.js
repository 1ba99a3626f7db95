// The page's end: `call(name, args)` promises what the session's method of that name returns, from workers where they
// start, else from the page's own thread. Nothing runs unless it is asked for, so to pause is to stop asking.
import { Session } from "./session.js";

const MOST = 4; // workers

/** Promise of a trainer, in `threads` workers at most when there are several nets; in the page itself without `worker`. */
export async function createTrainer({ worker = true, threads = Math.min(MOST, navigator.hardwareConcurrency || 1) } = {}) {
  const first = worker && await startWorker();
  return first ? new Team(first, threads) : new Page();
}

class Page {
  constructor() { Object.assign(this, { where: "page", session: new Session() }); }
  async call(name, args = {}) {
    await new Promise(resolve => setTimeout(resolve)); // between two calls the page answers its reader
    return this.session[name](args);
  }
  close() {}
}

/** Workers that share the nets, number i in worker i modulo their number, and take the same steps at the same time. */
class Team {
  constructor(first, threads) { Object.assign(this, { where: "worker", all: [first], used: [first], threads, step: 0 }); }

  async call(name, args = {}) {
    if (["setup", "train", "look", "widen", "add"].includes(name)) return this[name](args);
    const answers = await (["keep", "back"].includes(name) ? this.each(name, () => args) : this.ask(name, args));
    const answer = Array.isArray(answers) ? answers[0] : answers;
    if (["back", "load"].includes(name)) this.step = answer.step;
    return answer;
  }

  close() { this.all.forEach(thread => thread.close()); }

  /** What each worker in use answers. */
  each(name, argsOf) { return Promise.all(this.used.map((thread, i) => thread.call(name, argsOf(i)))); }

  /** What the worker answers that has net number `net`. */
  ask(name, { net = 0, ...args }) {
    const { used } = this;
    return used[net % used.length].call(name, { ...args, net: Math.floor(net / used.length) });
  }

  /** One list for all nets, in their order, of the lists of the workers. */
  joined(lists) { return lists[0].flatMap((_, k) => lists.filter(list => k < list.length).map(list => list[k])); }

  /** Use so many workers as there are threads, for so many nets. */
  async widen({ nets }) {
    const wanted = Math.min(this.threads, nets);
    while (this.all.length < wanted) {
      const next = await startWorker();
      if (!next) break;
      this.all.push(next);
    }
    this.used = this.all.slice(0, wanted);
    return { lanes: this.used.length };
  }

  /** One more net: number `number`, from 1 on, after one was set up and the workers for all are there. */
  add({ number, ...args }) {
    const lanes = this.used.length;
    return this.used[number % lanes].call("add", { ...args, fresh: number < lanes });
  }

  async setup({ nets, tensors, ...args }) {
    await this.widen({ nets: nets.length });
    this.step = 0;
    const answers = await this.each("setup", i => ({ ...args, nets: nets.filter((_, k) => k % this.used.length === i), tensors: i ? undefined : tensors }));
    return { ...answers[0], losses: this.joined(answers.map(({ losses }) => losses)) };
  }

  /** As Session.train; several workers take as many steps as they had time for the last time. */
  async train({ ms = 6, until = Infinity, lr }) {
    const alone = this.used.length === 1, start = performance.now();
    const goal = alone ? until : Math.min(until, this.step + Math.max(1, Math.round(ms * (this.speed ?? 0))));
    const answers = await this.each("train", () => ({ ms: alone ? ms : Infinity, until: goal, lr }));
    const { step } = answers[0];
    this.speed = (step - this.step) / Math.max(1, performance.now() - start);
    this.step = step;
    return { step, losses: this.joined(answers.map(({ losses }) => losses)) };
  }

  async look({ losses = true, runs, ...args }) {
    const others = losses || runs ? this.each("look", () => ({ losses, runs })) : [];
    const [seen, all] = await Promise.all([this.ask("look", { ...args, losses: false }), others]);
    const joined = name => this.joined(all.map(one => one[name]));
    return { ...seen, ...losses && { losses: joined("losses") }, ...runs && { runs: joined("runs") } };
  }
}

/** Promise of a worker that answers, or of null: there is none under file://, nor where the page's policy refuses it. */
function startWorker() {
  return new Promise(resolve => {
    try {
      const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
      worker.onerror = () => resolve(null);
      worker.onmessage = () => resolve(thread(worker));
      worker.postMessage({ id: 0, name: "hello" });
    } catch { resolve(null); } // SecurityError: a worker from there is not allowed
  });
}

/** A worker with `call`. */
function thread(worker) {
  const waiting = new Map();
  let next = 0;
  worker.onmessage = ({ data: { id, result, error } }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(error));
  };
  return {
    call: (name, args = {}) => new Promise((resolve, reject) => {
      waiting.set(++next, { resolve, reject });
      worker.postMessage({ id: next, name, args });
    }),
    close: () => worker.terminate(),
  };
}
