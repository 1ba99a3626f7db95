// Modules that came as texts, since a notebook takes one file: each becomes an address of its own, after those that it imports.
const FILES = {};
const made = {};

function address(path) {
  const text = FILES[path].replace(/(from |new URL\()"(\.[^"]+\.js)"/g, (_, before, name) => `${before}"${address(new URL(name, `file:///${path}`).pathname.slice(1))}"`);
  return made[path] ??= URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
}

export default { render: async context => (await import(address("playground/widget.js"))).render(context) };
