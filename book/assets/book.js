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
