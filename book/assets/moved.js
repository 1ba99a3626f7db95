(() => { // names of its own: the scripts of a page share one scope
// An address that has moved leads on at once (dlgn_site/moved.py): with its anchor, or with the state of a figure.
function follow() {
  const [name, query] = location.hash.slice(1).split(/\?(.*)/s), notes = [...document.querySelectorAll(".dlgn-moved")];
  const own = name && notes.find((note) => note.id && [note.id, encodeURIComponent(note.id)].includes(name));
  const note = own || notes.find((one) => !one.id);
  if (!note) return;
  const there = new URL(note.querySelector("a").href);
  if (!own && location.hash) there.hash = location.hash;
  else if (query && there.hash) there.hash += `?${query}`;
  location.replace(there);
}
follow();
addEventListener("hashchange", follow);
})();
