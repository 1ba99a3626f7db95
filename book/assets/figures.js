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

// Files: the picture, and below it its caption, where it is from and its licence; always in the light colours, on white.

const textOf = (figure) => {
  const caption = figure.querySelector("figcaption").cloneNode(true);
  caption.querySelectorAll(".dlgn-about").forEach((part) => part.remove());
  return caption.textContent.replace(/\s+/g, " ").trim();
};
const numberOf = (figure) => textOf(figure).match(/^Figure [^ ]+(?=\.)/)?.[0] ?? figure.id;
const svg = (tag, attributes, ...children) => {
  const part = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
  part.append(...children);
  return part;
};

// A formula as one line of text: 10⁻⁴, V₁, a/b.
const signs = (from, to) => Object.fromEntries([...from].map((sign, i) => [sign, [...to][i]]));
const RAISED = signs("0123456789−-+′", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻⁺′"), LOWERED = signs("0123456789−-+", "₀₁₂₃₄₅₆₇₈₉₋₋₊");
const shifted = (text, known, mark) => [...text].every((sign) => known[sign]) ? [...text].map((sign) => known[sign]).join("")
  : mark + (text.length > 1 ? `(${text})` : text);
function linear(node) {
  if (!node.children.length) return node.textContent.trim();
  const [first, second, third] = [...node.children].map(linear);
  switch (node.localName) {
    case "msup": return first + shifted(second, RAISED, "^");
    case "msub": return first + shifted(second, LOWERED, "_");
    case "msubsup": return first + shifted(second, LOWERED, "_") + shifted(third, RAISED, "^");
    case "mfrac": return `${first}/${second}`;
    case "msqrt": return `√${[...node.children].map(linear).join("")}`;
    default: return [...node.children].map(linear).join("").replace(/([=<>≤≥→])/g, " $1 ");
  }
}

// What stands below the picture in a file, in lines of this width in pixels; other programs may have wider letters.
function legend(figure, width) {
  const caption = figure.querySelector("figcaption").cloneNode(true), pen = make("canvas").getContext("2d");
  for (const part of caption.querySelectorAll(".dlgn-about, .dlgn-order")) part.remove();
  for (const formula of caption.querySelectorAll("mjx-container")) formula.replaceWith(linear(formula.querySelector("math")));
  pen.font = "12px sans-serif";
  const fits = (text) => text.length < 2 || pen.measureText(text).width < 0.94 * width, lines = [];
  const pieces = (word) => { // an address may be longer than a line
    let size = word.length;
    while (!fits(word.slice(0, size))) size--;
    return size < word.length ? [word.slice(0, size), ...pieces(word.slice(size))] : [word];
  };
  for (const text of [caption.textContent, `From ${book()}, ${published(figure)}.`, licence]) {
    let line = "";
    for (const word of text.trim().split(/\s+/).flatMap(pieces)) {
      if (line && !fits(`${line} ${word}`)) {
        lines.push(line);
        line = "";
      }
      line += line ? ` ${word}` : word;
    }
    lines.push(line);
  }
  return lines;
}

// The colours of a picture are variables of the page, each with its light value to fall back on: that is what a file has.
function written(figure) {
  const picture = figure.querySelector("svg.dlgn-picture"), copy = picture.cloneNode(true), caption = textOf(figure);
  for (const name of ["class", "aria-label", "style"]) copy.removeAttribute(name);
  for (const [name, value] of [["stroke-linejoin", "round"], ["stroke-linecap", "butt"]]) copy.setAttribute(name, value); // as player.css
  const [wide, high] = ["width", "height"].map((side) => Number(picture.getAttribute(side))), lines = legend(figure, wide - 16);
  const { width, height } = picture.viewBox.baseVal, unit = width / wide, below = 18 * lines.length + 12;
  copy.setAttribute("height", high + below);
  copy.setAttribute("viewBox", `0 0 ${width} ${height + below * unit}`);
  const texts = lines.map((line, n) => svg("text", { x: 8 * unit, y: height + (18 * n + 18) * unit }, line));
  copy.append(svg("g", { "font-family": "sans-serif", "font-size": 12 * unit, fill: "#333" }, ...texts));
  copy.prepend(
    svg("title", {}, `${numberOf(figure)}: ${picture.getAttribute("aria-label")}`),
    svg("desc", {}, `${caption} From: ${book()}, ${published(figure)}. ${licence}`),
    svg("rect", { width: "100%", height: "100%", fill: "#fff" }),
  );
  return new XMLSerializer().serializeToString(copy).replace(/var\(--[\w-]+,\s*([^()]+)\)/g, "$1");
}

async function painted(figure) {
  const canvas = make("canvas"), pen = canvas.getContext("2d"), image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(written(figure))}`;
  await image.decode();
  [canvas.width, canvas.height] = [2 * image.naturalWidth, 2 * image.naturalHeight];
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
  const number = numberOf(figure);
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
  tool("SVG", `Save ${number} as SVG`, () => save(figure, new Blob([`<?xml version="1.0" encoding="UTF-8"?>\n${written(figure)}\n`], { type: "image/svg+xml" }), "svg"));
  tool("PNG", `Save ${number} as PNG`, async () => save(figure, await painted(figure), "png"));
  const note = figure.nextElementSibling; // the link that is there without this script leads to the figure as it begins
  if (note?.matches(".dlgn-report-figure")) {
    const report = note.querySelector("a");
    const follow = () => {
      const there = new URL(report.href);
      there.searchParams.set("where", published(figure));
      report.href = there;
    };
    figure.addEventListener("dlgn-change", follow);
    follow();
    tools.append(report);
    note.remove();
  }
  tools.append(said);
  figure.after(tools);
}

// A caption that names panels by their side says where they are when a narrow screen puts them below each other.

const sided = /(?<!\b(?:the|from|to|upper) )\b(left|right)\b(?! half| column| sign)/gi;
const narrow = matchMedia("(max-width: 600px)");

function tellOrder() {
  for (const caption of document.querySelectorAll("figure.dlgn-figure > figcaption")) {
    caption.querySelector(".dlgn-order")?.remove();
    const panels = [...caption.parentElement.querySelectorAll(".dlgn-panels > svg")];
    const named = new Set([...caption.textContent.matchAll(sided)].map(([side]) => side.toLowerCase()));
    if (narrow.matches && named.size === 2 && panels.some((panel) => panel.getBoundingClientRect().top > panels[0].getBoundingClientRect().bottom))
      caption.append(make("p", { class: "dlgn-order" }, "On this narrow screen the panels stand below each other, those on the left first."));
  }
}

addEventListener("DOMContentLoaded", () => document.querySelectorAll("figure.dlgn-figure[id]").forEach(equip));
addEventListener("load", tellOrder);
narrow.addEventListener("change", tellOrder);
addEventListener("load", open);
addEventListener("hashchange", open);
})();
