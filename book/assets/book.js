// On a phone a wide figure scrolls inside its frame; a keyboard must be able to reach a frame that scrolls.
function mark() {
  for (const frame of document.querySelectorAll(".dlgn-scroll, .math-wrapper, div.math, div.cell_output .output")) {
    if (frame.scrollWidth > frame.clientWidth) frame.tabIndex = 0;
    else frame.removeAttribute("tabindex");
  }
}
addEventListener("load", mark);
addEventListener("resize", mark);

// Many checked claims in a row fold into one line. A false one stays in sight.
function foldClaims() {
  for (const output of document.querySelectorAll("div.cell_output")) {
    const claims = [...output.querySelectorAll(".dlgn-claim")];
    if (claims.length < 4 || claims.some((claim) => claim.classList.contains("fails"))) continue;
    const fold = document.createElement("details"), line = document.createElement("summary");
    fold.className = "dlgn-claims";
    line.textContent = `✓ ${claims.length} claims hold`;
    const parts = claims.map((claim) => claim.closest(".output") ?? claim);
    parts[0].before(fold);
    fold.append(line, ...parts);
  }
}
addEventListener("DOMContentLoaded", foldClaims);

// On a phone a table of four columns or more becomes a list (book.css); each cell then starts with the name of its column.
function labelColumns() {
  for (const table of document.querySelectorAll(".bd-article table")) {
    const names = [...table.querySelectorAll("thead th")].map((cell) => cell.querySelector(".math") ? "" : cell.textContent.trim());
    if (names.length < 4 || names.slice(1).includes("")) continue;
    table.classList.add("dlgn-stack");
    for (const row of table.tBodies[0].rows) [...row.cells].forEach((cell, number) => cell.dataset.column = names[number]);
  }
}
addEventListener("DOMContentLoaded", labelColumns);

// Paper is white: print in the light theme, whatever the screen shows.
let theme;
addEventListener("beforeprint", () => {
  theme ??= document.documentElement.dataset.theme;
  document.documentElement.dataset.theme = "light";
});
addEventListener("afterprint", () => {
  if (theme) document.documentElement.dataset.theme = theme;
  theme = undefined;
});

// What the theme's buttons did by code in their attributes, which the content security policy refuses.
const actions = { fullscreen: () => toggleFullScreen(), print: () => window.print() };
addEventListener("click", (event) => actions[event.target.closest("[data-action]")?.dataset.action]?.());
