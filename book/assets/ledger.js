// A filter for the ledger. (`q` in an address belongs to the search of the book.) Its state is in the address (claims.html?find=sharpness&unsure&source=Yadav), so that it can be sent.
addEventListener("DOMContentLoaded", () => {
  const folds = [...document.querySelectorAll("#all-claims details.sd-dropdown")];
  if (!folds.length) return;
  const plain = (text) => text.replace(/\s+/g, " ").trim();
  const rows = folds.flatMap((fold) => [...fold.querySelectorAll("tbody tr")].map((row) => {
    const [held, sets] = row.cells[4].textContent.match(/\d+/g) ?? [];
    const source = plain(row.querySelector(".bibtex-citation")?.textContent ?? "this book");
    const words = plain(`${fold.querySelector(".sd-summary-text").textContent} ${row.textContent}`).toLowerCase();
    return { row, fold, words, source, unsure: held !== sets };
  }));
  const form = document.createElement("form");
  form.className = "dlgn-filter";
  form.setAttribute("role", "search");
  form.setAttribute("aria-label", "Filter the claims");
  form.innerHTML = `<label>Search the claims <input type="search" name="find" autocomplete="off"></label>
    <label>Source <select name="source"><option value="">any</option></select></label>
    <label><input type="checkbox" name="unsure" value="1"> only those that did not hold in every set of fresh seeds</label>
    <p role="status"></p>`;
  const { find, source, unsure } = form.elements, status = form.querySelector("[role=status]");
  for (const name of new Set(rows.map((one) => one.source).sort())) source.add(new Option(name, name));
  folds[0].before(form);

  function filter() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean), active = words.length > 0 || source.value || unsure.checked;
    const hits = rows.filter((one) => words.every((word) => one.words.includes(word))
      && (!source.value || one.source === source.value) && (!unsure.checked || one.unsure));
    const hit = new Set(hits.map((one) => one.row)), pages = new Set(hits.map((one) => one.fold));
    for (const { row } of rows) row.hidden = !hit.has(row);
    for (const fold of folds) {
      fold.hidden = !pages.has(fold);
      fold.open = Boolean(active) && pages.has(fold);
      for (const table of fold.querySelectorAll(".pst-scrollable-table-container")) {
        table.hidden = !table.querySelector("tbody tr:not([hidden])"); // and so its heading
        table.previousElementSibling.hidden = table.hidden;
      }
    }
    const count = (number, word) => `${number} ${word}${number === 1 ? "" : "s"}`;
    status.textContent = active ? (hits.length ? `${count(hits.length, "claim")} on ${count(pages.size, "page")}` : "no claim") : "";
    const asked = new URLSearchParams([...new FormData(form)].filter(([, value]) => value)).toString();
    history.replaceState(history.state, "", location.pathname + (asked && `?${asked}`) + location.hash);
  }
  let waiting;
  form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 150); });
  form.addEventListener("submit", (event) => event.preventDefault());
  const asked = new URLSearchParams(location.search);
  find.value = asked.get("find") ?? "";
  unsure.checked = asked.has("unsure");
  source.value = [...source.options].find((option) => asked.get("source") && option.value.includes(asked.get("source")))?.value ?? "";
  if ([...new FormData(form)].some(([, value]) => value)) filter();
});
