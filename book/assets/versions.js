(() => { // names of its own: the scripts of a page share one scope
// The versions of the book that lie beside this one (dlgn_site/versions.py, publish.py): a fold in the sidebar that leads to the
// same page and anchor of another version if it has them, and a strip on a page of a version that is not the newest.
if (location.protocol === "file:") return; // a page opened from a disk may read nothing
const root = new URL(document.documentElement.dataset.content_root, location.href);

async function read(url) {
  try {
    const answer = await fetch(url);
    return answer.ok ? await answer.json() : null;
  } catch { // no network, or no such file: there is one version, this one
    return null;
  }
}

const make = (tag, attributes, ...children) => {
  const part = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, value);
  part.append(...children);
  return part;
};

// Returns where a version has this page and anchor: there, or where its own redirects say; else its start.
function same(start, has) {
  const page = location.pathname.slice(root.pathname.length).replace(/\.html$/, "");
  const [anchor, query] = location.hash.slice(1).split(/\?(.*)/s);
  const names = (name) => has?.pages[name], moved = has?.moved ?? {};
  const known = (name, id) => names(name)?.includes(id);
  const state = query ? `?${query}` : "";
  const [to, id] = (moved[`${page}#${anchor}`] ?? moved[page] ?? page).split("#");
  if (!names(to)) return start;
  const there = id ?? (known(to, anchor) ? anchor : "");
  return new URL(`${to}.html${there && `#${there}${state}`}`, start);
}

function link(entry, text, attributes = {}) {
  const start = new URL(entry.path, root), part = make("a", { href: start, ...attributes }, text);
  part.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return; // a tab of its own: its start page
    event.preventDefault();
    location.assign(same(start, await read(new URL("anchors.json", start))));
  });
  return part;
}

function choose(versions, here) {
  const list = make("ul", {});
  versions.forEach((entry, i) => list.append(make("li", {}, link(entry, i ? entry.version : `${entry.version} (newest)`, i === here ? { "aria-current": "true" } : {}))));
  const fold = make("details", { class: "dlgn-versions sidebar-primary-item" }, make("summary", {}, `Version ${versions[here].version}${here ? "" : " (newest)"}`), list);
  document.querySelector(".sidebar-primary-items__start .sidebar-primary-item")?.after(fold);
}

function warn(versions, here) {
  const strip = make("aside", { class: "dlgn-old", "aria-label": "An old version" }, `You read version ${versions[here].version} of this book. `,
    link(versions[0], `Go to the newest${versions[0].version === versions[here].version ? "" : `, ${versions[0].version}`}`), ".");
  document.querySelector("article.bd-article")?.prepend(strip);
}

// A report of a mistake says of which commit the page was made.
function complete(event) {
  const report = event.target.closest?.("a.dlgn-report");
  if (!report || report.dataset.complete) return;
  const there = new URL(report.href);
  there.searchParams.set("version", `${this.version} (${this.commit})`);
  report.href = there;
  report.dataset.complete = "";
}

read(new URL("versions.json", root)).then((told) => {
  if (told?.format !== 1) return;
  const { versions, here } = told;
  if (versions[here].commit)
    for (const kind of ["pointerover", "focusin", "click"]) document.addEventListener(kind, complete.bind(versions[here]), true);
  if (versions.length > 1) choose(versions, here);
  if (here > 0) warn(versions, here);
});
})();
