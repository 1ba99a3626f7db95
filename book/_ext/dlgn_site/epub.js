// The article of a page as XHTML for an e-book: what paper shows, mathematics as MathML, pictures taken out, no script.
() => {
  const article = document.querySelector(".bd-article"), pictures = [];
  const MATHML = "http://www.w3.org/1998/Math/MathML";
  for (const formula of window.MathJax?.startup.document.math ?? []) {
    const holder = document.createElement("template");
    holder.innerHTML = MathJax.startup.toMML(formula.root);
    const math = holder.content.querySelector("math");
    math.setAttribute("alttext", formula.math);
    for (const tag of [math, ...math.querySelectorAll("*")])
      for (const { name } of [...tag.attributes])
        if (name.startsWith("data-") || ["class", "style", "id"].includes(name)) tag.removeAttribute(name);
    if (formula.display) math.setAttribute("display", "block");
    if (article.contains(formula.typesetRoot)) formula.typesetRoot.replaceWith(math);
  }
  const outside = (tag) => tag.namespaceURI !== MATHML && !tag.parentElement.closest("svg");
  const hidden = [...article.querySelectorAll("*")].filter((tag) => outside(tag) && getComputedStyle(tag).display === "none");
  for (const tag of hidden) tag.remove();
  for (const tag of [...article.querySelectorAll("script, style, button, input, form, iframe, canvas, link, .headerlink")]) tag.remove();
  for (const drawing of [...article.querySelectorAll("svg")].filter(outside)) {
    const picture = document.createElement("img");
    picture.alt = drawing.getAttribute("aria-label") ?? drawing.querySelector("title")?.textContent ?? "";
    picture.setAttribute("src", `picture:${pictures.length}`);
    pictures.push({ kind: "svg", text: new XMLSerializer().serializeToString(drawing) });
    drawing.replaceWith(picture);
  }
  for (const picture of article.querySelectorAll("img:not([src^='picture:'])")) {
    pictures.push({ kind: "address", text: picture.src });
    picture.setAttribute("src", `picture:${pictures.length - 1}`);
  }
  const rename = (tag, name) => {
    const other = document.createElement(name);
    for (const { name, value } of tag.attributes) other.setAttribute(name, value);
    other.append(...tag.childNodes);
    tag.replaceWith(other);
  };
  for (const tag of [...article.querySelectorAll("details, article, fieldset")]) rename(tag, "div");
  for (const tag of [...article.querySelectorAll("summary, legend")]) {
    tag.classList.add("fold");
    rename(tag, "p");
  }
  const anchors = new Set();
  for (const tag of article.querySelectorAll("*")) {
    if (tag.namespaceURI === MATHML) continue;
    if (tag.id && (anchors.has(tag.id) || /\s/.test(tag.id))) tag.removeAttribute("id");
    anchors.add(tag.id);
    for (const { name } of [...tag.attributes])
      if (!["id", "class", "href", "src", "alt", "colspan", "rowspan", "lang", "start"].includes(name)) tag.removeAttribute(name);
  }
  article.querySelectorAll("label, output, font").forEach((tag) => tag.replaceWith(...tag.childNodes));
  const body = document.createElement("div");
  body.append(...article.childNodes);
  return { body: new XMLSerializer().serializeToString(body), pictures };
}
