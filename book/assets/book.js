(() => { // names of its own: the scripts of a page share one scope
// On a phone a wide figure scrolls inside its frame; a keyboard must be able to reach a frame that scrolls.
function mark() {
  for (const frame of document.querySelectorAll(".dlgn-scroll, .math-wrapper, div.math, div.cell_output .output")) {
    if (frame.scrollWidth > frame.clientWidth) frame.tabIndex = 0;
    else frame.removeAttribute("tabindex");
  }
}
addEventListener("load", mark);
addEventListener("resize", mark);

// An address may lead into a fold: it opens, with all that it lies in.
function unfold() {
  const target = document.querySelector(":target"); // the browser reads the address, however it is written
  for (let fold = target?.parentElement?.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  if (target?.closest("details")) target.scrollIntoView();
}
addEventListener("load", unfold);
addEventListener("hashchange", unfold);

// What stands behind a number, beside it: on hover, focus and tap; Escape, or a press elsewhere, closes it.
const box = document.createElement("span");
box.className = "dlgn-about";
let asked, touched = false, leaving;
function tell(link) {
  clearTimeout(leaving);
  if (link === asked) return;
  asked = link;
  if (!link) return box.remove();
  box.replaceChildren(...document.getElementById(link.getAttribute("aria-describedby")).parentElement.cloneNode(true).childNodes);
  box.querySelector("[id]").removeAttribute("id");
  link.after(box);
  place();
}
function place() {
  if (!asked) return;
  const { left, top, bottom } = asked.getBoundingClientRect(), { width, height } = box.getBoundingClientRect();
  box.style.left = `${Math.max(8, Math.min(left, document.documentElement.clientWidth - width - 8))}px`;
  box.style.top = `${bottom + height + 8 < innerHeight ? bottom + 2 : Math.max(8, top - height - 2)}px`;
}
const number = (event) => event.target.closest?.("a.dlgn-to-claim[aria-describedby]");
addEventListener("pointerover", (event) => {
  if (event.pointerType !== "mouse") return;
  if (number(event)) tell(number(event));
  else if (box.contains(event.target)) clearTimeout(leaving);
});
addEventListener("pointerout", (event) => {
  if (event.pointerType !== "mouse" || !asked || !(number(event) || box.contains(event.target))) return;
  clearTimeout(leaving);
  leaving = setTimeout(() => asked?.matches(":focus-visible") || box.matches(":focus-within") || tell(), 250);
});
addEventListener("focusin", (event) => {
  if (event.target.matches(":focus-visible") && number(event)) tell(number(event));
  else if (asked && !box.contains(event.target) && !touched) tell();
});
addEventListener("pointerdown", (event) => {
  touched = event.pointerType === "touch";
  if (asked && !number(event) && !box.contains(event.target)) tell();
}, true);
addEventListener("click", (event) => {
  const link = number(event);
  if (!link || !touched || link === asked) return;
  event.preventDefault(); // a finger cannot hover: the first tap tells, the second follows the link
  tell(link);
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (box.contains(document.activeElement)) asked.focus();
  tell();
});
addEventListener("scroll", place, { capture: true, passive: true });
addEventListener("resize", place);

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
})();
