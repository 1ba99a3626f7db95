// A session in a thread of its own: {id, name, args} in, {id, result} or {id, error} out.
import { Session } from "./session.js";

const session = new Session();
onmessage = async ({ data: { id, name, args } }) => {
  try {
    postMessage({ id, result: name === "hello" ? {} : await session[name](args) });
  } catch (error) {
    postMessage({ id, error: error.message });
  }
};
