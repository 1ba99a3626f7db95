// On a phone a wide figure scrolls inside its frame; a keyboard must be able to reach a frame that scrolls.
function mark() {
  for (const frame of document.querySelectorAll(".dlgn-scroll, .math-wrapper, div.math, div.cell_output .output")) {
    if (frame.scrollWidth > frame.clientWidth) frame.tabIndex = 0;
    else frame.removeAttribute("tabindex");
  }
}
addEventListener("load", mark);
addEventListener("resize", mark);
