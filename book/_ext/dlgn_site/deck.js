(() => {
// Turns the slides of a deck: arrow keys, Page Up and Down, Home, End; N shows the notes, F fills the screen. `#/3` is the
// third slide, `#fig-paths-walk` that of the figure. Nothing slides or fades, so there is nothing to reduce.
const main = document.querySelector("main"), slides = [...main.querySelectorAll(".slide")];
const bar = document.querySelector(".bar"), said = document.querySelector("body > .unseen");
const button = (name) => bar.querySelector(`[data-do="${name}"]`);
const WIDTHS = [480, 620, 760, 900, 1080, 1300]; // pixels in which the lines of a slide may be set before it is enlarged
const [LEAST, MOST] = [0.75, 3]; // how much it may be made smaller or larger; what does not fit then scrolls
let here = 0;

// Sets what a slide shows in the width in which it can be the largest: a figure its picture, all else its letters.
function fit(slide) {
  const room = slide.querySelector(".room"), part = room.firstElementChild, paper = document.documentElement.matches(".paper");
  part.style.zoom = "";
  part.style.width = "";
  if (slide.matches(".title") || (!paper && (innerWidth < 700 || slide.matches(".live")))) return scrolls(slide);
  const { clientWidth: width, clientHeight: height } = room, picture = part.querySelector("svg.dlgn-picture");
  const tried = WIDTHS.map((wide) => {
    part.style.width = `${wide}px`;
    const cut = [...part.querySelectorAll("pre, div, section, p, li")].some((block) => block.scrollWidth > block.clientWidth + 1);
    const zoom = Math.min(width / Math.max(wide, part.scrollWidth), height / part.offsetHeight) * 0.99;
    const worth = Math.min(zoom, MOST) * (picture?.getBoundingClientRect().width ?? 1);
    return { wide, zoom, worth: worth * (cut ? 0.01 : 1) * (zoom < LEAST ? 0.1 : 1) };
  });
  const { wide, zoom } = tried.reduce((best, one) => one.worth > best.worth * 1.001 ? one : best);
  part.style.width = `${wide}px`;
  part.style.zoom = Math.min(Math.max(zoom, paper ? 0.2 : LEAST), MOST);
  scrolls(slide);
}

// What scrolls takes the focus, so that keys can scroll it.
function scrolls(slide) {
  for (const part of slide.querySelectorAll(".room, .notes, pre, .math")) {
    if (part.scrollHeight > part.clientHeight + 1 || part.scrollWidth > part.clientWidth + 1) part.tabIndex = 0;
    else part.removeAttribute("tabindex");
  }
}

function turn(to, speak = true) {
  here = Math.min(Math.max(to, 0), slides.length - 1);
  slides.forEach((slide, number) => {
    slide.hidden = number !== here;
    const live = slide.querySelector("details.dlgn-live");
    if (live) live.open = number === here && location.protocol !== "file:"; // starts when it opens, pauses when it closes
  });
  const slide = slides[here], number = `${here + 1} / ${slides.length}`;
  bar.querySelector("[data-number]").textContent = number;
  button("back").disabled = here === 0;
  button("next").disabled = here === slides.length - 1;
  button("notes").disabled = !slide.querySelector(".notes");
  if (location.hash !== `#/${here + 1}`) history.replaceState(null, "", `#/${here + 1}`);
  fit(slide);
  if (!speak) return;
  slide.focus({ preventScroll: true });
  said.textContent = `Slide ${here + 1} of ${slides.length}: ${slide.dataset.title}`;
}

function asked() {
  const hash = decodeURIComponent(location.hash.slice(1)), number = /^\/(\d+)$/.exec(hash);
  if (number) return Number(number[1]) - 1;
  return Math.max(0, slides.indexOf(document.getElementById(hash)?.closest(".slide")));
}

let noted = false;
function notes() {
  noted = !noted;
  button("notes").setAttribute("aria-pressed", noted);
  main.querySelectorAll("details.notes").forEach((fold) => { fold.open = noted; });
}

const full = () => document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
const actions = { back: () => turn(here - 1), next: () => turn(here + 1), notes, full };
const keys = {
  ArrowRight: actions.next, PageDown: actions.next, ArrowLeft: actions.back, PageUp: actions.back,
  Home: () => turn(0), End: () => turn(slides.length - 1), n: notes, N: notes, f: full, F: full, " ": actions.next,
};
addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
  const own = target.closest('input, select, textarea, [contenteditable], [tabindex="0"]:not(.room, .notes, pre, .math)');
  if (own && key === "Escape") return slides[here].focus(); // gives the keys back to the deck
  if (own || (key === " " && target.closest("button, summary, a")) || !keys[key]) return;
  if (key === "f" || key === "F") if (!document.fullscreenEnabled) return;
  event.preventDefault();
  keys[key]();
});
bar.addEventListener("click", (event) => actions[event.target.closest("[data-do]")?.dataset.do]?.());

// Paper: all slides, each fitted to its page.
function paper(on) {
  document.documentElement.classList.toggle("paper", on);
  if (on) slides.forEach(fit);
  else turn(here, false);
}
addEventListener("beforeprint", () => paper(true));
addEventListener("afterprint", () => paper(false));

document.documentElement.classList.add("turning");
bar.hidden = false;
button("full").hidden = !document.fullscreenEnabled;
// Browsers let no file load a module: live networks need a host, and say so.
const live = new Set([...main.querySelectorAll("[data-playground]")].map((place) => place.matches("[data-race]") ? "race" : "playground"));
for (const place of main.querySelectorAll("details.dlgn-live")) place.hidden = location.protocol === "file:";
for (const note of main.querySelectorAll(".live .on-paper")) note.classList.toggle("on-paper", location.protocol !== "file:");
if (location.protocol !== "file:")
  for (const name of live) import(new URL(`live/src/playground/${name}.js`, document.currentScript.src).href).then(() => {
    for (const fold of main.querySelectorAll("details.dlgn-live[open]")) { // opened before the engine was there
      fold.open = false;
      requestAnimationFrame(() => { fold.open = fold.closest(".slide") === slides[here]; });
    }
  });
turn(asked(), false);
addEventListener("load", async () => {
  await window.MathJax?.startup?.promise;
  await Promise.all([...document.fonts].map((font) => font.load())); // also those of slides that were not seen: paper waits for none
  fit(slides[here]);
  document.documentElement.dataset.ready = "";
});
addEventListener("resize", () => document.documentElement.matches(".paper") || fit(slides[here]));
main.addEventListener("toggle", (event) => event.target.matches(".notes") && fit(slides[here]), true);
addEventListener("hashchange", () => turn(asked()));
})();
