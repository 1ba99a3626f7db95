(() => { // names of its own: the scripts of a page share one scope
// Figures with an address of their own: `page.html#fig-page-name?step=7&init=he` opens the page at the figure in that
// state, a slider that is moved keeps the address up to date, and a line below each figure copies the link and saves
// files. A player offers `figure.dlgn`: parameters [{name, values}], at() and show(indices), and fires "dlgn-change".
const licence = "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/";
const book = () => document.querySelector('meta[property="og:site_name"]')?.content ?? document.title;

const make = (tag, attributes = {}, ...children) => {
  const part = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
  part.append(...children);
  return part;
};

// Addresses. Words as a reader would type them: small letters, "-" for a minus and between words.

const plain = (text) => text.trim().toLowerCase().replaceAll("−", "-").replace(/\s+/g, "-");
const words = (texts) => new Set(texts.map(plain)).size === texts.length ? texts.map(plain) : texts;

function fragment(figure) {
  const state = new URLSearchParams();
  if (figure.dlgn) {
    const at = figure.dlgn.at(), names = words(figure.dlgn.parameters.map((parameter) => parameter.name));
    figure.dlgn.parameters.forEach(({ values }, i) => state.set(names[i], words(values.map(String))[at[i]]));
  }
  return `#${figure.id}${state.size ? `?${state}` : ""}`;
}

const address = (figure) => location.href.split("#")[0] + fragment(figure);
const published = (figure) => (document.querySelector('link[rel="canonical"]')?.href ?? location.href.split("#")[0]) + fragment(figure);

// Returns where a figure stands according to an address, and in words what of it there is not.
function understood(figure, query) {
  const parameters = figure.dlgn?.parameters ?? [], at = figure.dlgn?.at() ?? [], unknown = [];
  const names = words(parameters.map((parameter) => parameter.name));
  for (const [name, value] of new URLSearchParams(query)) {
    const i = names.findIndex((known) => known === name || known === plain(name));
    const known = i < 0 ? [] : words(parameters[i].values.map(String));
    const place = known.findIndex((one) => one === value || one === plain(value));
    if (place >= 0) at[i] = place;
    else if (i < 0) unknown.push(`The figure has no control “${name}”.`);
    else unknown.push(`The figure has no “${value}” among the values of ${parameters[i].name}: ${parameters[i].values.join(", ")}.`);
  }
  return [at, unknown];
}

function tell(place, texts) {
  document.querySelectorAll(".dlgn-astray").forEach((note) => note.remove());
  if (texts.length) place(make("p", { class: "dlgn-astray", role: "status" }, `This link is not quite right. ${texts.join(" ")}`));
}

const touched = new WeakSet();
let restoring = false;

function open() {
  const [id, query] = location.hash.slice(1).split(/\?(.*)/s);
  const figure = document.getElementById(id);
  if (!id.startsWith("fig-")) return tell(() => {}, []);
  if (!figure?.matches("figure.dlgn-figure"))
    return tell((note) => document.querySelector(".bd-article h1").after(note), [`There is no figure “${id}” on this page.`]);
  const [at, unknown] = understood(figure, query ?? "");
  tell((note) => figure.before(note), unknown);
  restoring = true;
  if (query && figure.dlgn) figure.dlgn.show(at);
  restoring = false;
  for (let fold = figure.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  (unknown.length ? figure.previousElementSibling : figure).scrollIntoView();
  if (query === undefined) return;
  figure.tabIndex = -1; // as for an address without a state: the next Tab goes on from here
  figure.focus({ preventScroll: true });
}

let waiting;
document.addEventListener("dlgn-change", (event) => {
  const figure = event.target.closest("figure.dlgn-figure[id]");
  if (!figure || restoring || !touched.has(figure)) return;
  clearTimeout(waiting); // browsers allow few changes of the address in a second
  waiting = setTimeout(() => history.replaceState(history.state, "", fragment(figure)), 150);
});
for (const kind of ["pointerdown", "keydown", "input"]) {
  document.addEventListener(kind, (event) => {
    const figure = event.isTrusted && event.target.closest?.("figure.dlgn-figure");
    if (figure) touched.add(figure);
  }, true);
}

// Files: the picture with its caption, where it is from and its licence; always in the light colours, on white.

const textOf = (figure) => {
  const caption = figure.querySelector("figcaption").cloneNode(true);
  caption.querySelectorAll("mjx-assistive-mml, .dlgn-abouts, .dlgn-about").forEach((part) => part.remove());
  return caption.textContent.replace(/\s+/g, " ").trim();
};
const inherited = ["color", "fill", "fill-opacity", "stroke", "stroke-opacity", "stroke-width", "stroke-dasharray", "stroke-dashoffset",
  "stroke-linecap", "stroke-linejoin", "font-family", "font-size", "font-weight", "font-style", "text-anchor", "visibility", "paint-order"];
const own = { opacity: "1", "stop-color": "rgb(0, 0, 0)", "mix-blend-mode": "normal", "image-rendering": "auto", "dominant-baseline": "auto" };
const unseen = "defs, clipPath, mask, marker, pattern, symbol, linearGradient, radialGradient, filter, title, desc, metadata";

// Returns a copy of an SVG with everything in it that style sheets say, as it looks in the light theme.
function inLight(picture) {
  const root = document.documentElement, theme = root.dataset.theme, copy = picture.cloneNode(true);
  const still = make("style", {}, "*, ::before, ::after { transition: none !important; animation: none !important; }");
  document.head.append(still);
  root.dataset.theme = "light";
  picture.after(copy);
  const parts = [copy, ...copy.querySelectorAll("*")], gone = [];
  const said = parts.map((part) => {
    const style = getComputedStyle(part), around = part === copy ? null : getComputedStyle(part.parentNode);
    if (style.display === "none" && !part.closest(unseen)) gone.push(part);
    const differs = [...inherited.filter((name) => style.getPropertyValue(name) !== around?.getPropertyValue(name)),
      ...Object.keys(own).filter((name) => style.getPropertyValue(name) !== own[name])];
    return differs.map((name) => `${name}: ${style.getPropertyValue(name)}`).join("; ");
  });
  copy.remove();
  root.dataset.theme = theme;
  void root.offsetWidth; // the colours are back before anything may fade again
  still.remove();
  parts.forEach((part, i) => {
    for (const name of [...inherited, ...Object.keys(own), "class", "style"]) part.removeAttribute(name);
    if (said[i]) part.setAttribute("style", said[i]);
  });
  gone.forEach((part) => part.remove());
  copy.querySelectorAll("style, script").forEach((part) => part.remove());
  return copy;
}

const svg = (tag, attributes, ...children) => {
  const part = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
  part.append(...children);
  return part;
};

const pictures = (figure) => [...figure.querySelectorAll("svg.dlgn-picture")].filter((picture) => picture.checkVisibility());
const raster = (figure) => [...figure.querySelectorAll("img")].find((image) => image.checkVisibility());

// Returns all pictures of a figure in one, as they stand on the page.
function drawing(figure) {
  const places = pictures(figure).map((picture) => [picture, picture.getBoundingClientRect()]);
  const left = Math.min(...places.map(([, at]) => at.left)), top = Math.min(...places.map(([, at]) => at.top));
  const width = Math.max(...places.map(([, at]) => at.right)) - left, height = Math.max(...places.map(([, at]) => at.bottom)) - top;
  const caption = textOf(figure), [number] = caption.match(/^Figure [^ ]+(?=\.)/) ?? [figure.id];
  const whole = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img" },
    svg("title", {}, `${number}, ${book()}`), svg("desc", {}, `${caption} From: ${book()}, ${published(figure)}. ${licence}`),
    svg("rect", { width: "100%", height: "100%", fill: "#fff" }));
  for (const [picture, at] of places) {
    const copy = inLight(picture);
    for (const [name, value] of Object.entries({ x: at.left - left, y: at.top - top, width: at.width, height: at.height })) copy.setAttribute(name, value);
    whole.append(copy);
  }
  return whole;
}

const written = (figure) => `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(drawing(figure))}\n`;

async function painted(figure) {
  const canvas = make("canvas"), pen = canvas.getContext("2d");
  let image = raster(figure), width = image?.width, height = image?.height;
  if (pictures(figure).length) {
    const whole = drawing(figure);
    [width, height] = ["width", "height"].map((side) => +whole.getAttribute(side));
    image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(whole))}`;
    await image.decode();
  }
  [canvas.width, canvas.height] = [Math.round(2 * width), Math.round(2 * height)];
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}

function save(figure, file, ending) {
  const link = make("a", { href: URL.createObjectURL(file), download: `${fragment(figure).slice(1).replace(/[?&=%+]+/g, "-")}.${ending}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// The line below a figure.

function equip(figure) {
  const [number] = textOf(figure).match(/^Figure [^ ]+(?=\.)/) ?? [figure.id];
  const said = make("span", { role: "status" }), tools = make("div", { class: "dlgn-tools", role: "group", "aria-label": number });
  const tool = (text, name, act) => {
    const button = make("button", { type: "button", "aria-label": name }, text);
    button.addEventListener("click", act);
    tools.append(button);
  };
  tool("Copy link", `Copy link to ${number}`, async () => {
    const link = address(figure);
    tools.querySelector("input")?.remove();
    said.textContent = "";
    try {
      await navigator.clipboard.writeText(link);
      said.textContent = "Link copied";
    } catch { // refused, or the page is not served over https
      const field = make("input", { type: "text", readonly: "", value: link, "aria-label": `Link to ${number}` });
      said.before(field);
      field.focus();
      field.select();
      said.textContent = "Copy it from here";
    }
  });
  if (pictures(figure).length)
    tool("SVG", `Save ${number} as SVG`, () => save(figure, new Blob([written(figure)], { type: "image/svg+xml" }), "svg"));
  tool("PNG", `Save ${number} as PNG`, async () => save(figure, await painted(figure), "png"));
  tools.append(said);
  figure.after(tools);
}

addEventListener("DOMContentLoaded", () => document.querySelectorAll("figure.dlgn-figure[id]").forEach(equip));
addEventListener("load", open);
addEventListener("hashchange", open);
})();
