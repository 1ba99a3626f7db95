// A page of the site becomes paper: folds are open, what needs a computer is gone, links lead where paper can follow.
({ address, site }) => {
  const article = document.querySelector(".bd-article");
  dispatchEvent(new Event("beforeprint"));
  for (const live of article.querySelectorAll("details.dlgn-live")) live.remove();
  for (const fold of article.querySelectorAll("details")) fold.open = true;
  const here = location.href.split("#")[0];
  for (const link of document.links) {
    if (typeof link.href !== "string" || link.href.split("#")[0] === here || !link.href.startsWith(address)) continue;
    link.href = site + link.href.slice(address.length);
  }
  const text = (tag) => {
    const copy = tag.cloneNode(true);
    copy.querySelectorAll(".headerlink").forEach((sign) => sign.remove());
    return copy.textContent.replace(/\s+/g, " ").trim();
  };
  // Chromium notes the place of an anchor only if a link of the same page leads to it
  const anchors = document.createElement("nav");
  anchors.hidden = true;
  for (const { id } of article.querySelectorAll("[id]:not(svg *):not(mjx-container *)")) {
    const link = anchors.appendChild(document.createElement("a"));
    link.href = "#" + encodeURIComponent(id);
  }
  article.append(anchors);
  // a formula or a table that is wider than the paper gets smaller letters; else Chromium makes the whole page smaller
  const over = (tag) => Math.max(tag.scrollWidth, tag.getBoundingClientRect().width) / (innerWidth - tag.getBoundingClientRect().left);
  for (const tag of article.querySelectorAll("mjx-container, table")) {
    for (let tries = 0; tries < 8 && tag.checkVisibility() && over(tag) > 1; tries++) {
      const size = parseFloat(getComputedStyle(tag).fontSize);
      tag.style.setProperty("font-size", `${size * Math.max(0.8, 0.99 / over(tag))}px`, "important");
    }
  }
  return {
    headings: [...article.querySelectorAll("section[id] > :is(h1, h2, h3)")].map((tag) => (
      { level: Number(tag.tagName[1]), text: text(tag), anchor: tag.parentElement.id })),
    figures: [...article.querySelectorAll("a.dlgn-figure-number")].map((tag) => tag.textContent.trim()),
    wide: [...article.querySelectorAll("figure, figure svg, figure img, pre, table, mjx-container")]
      .filter((tag) => tag.checkVisibility() && tag.getBoundingClientRect().right > innerWidth + 1)
      .map((tag) => `${tag.tagName.toLowerCase()} ${tag.closest("[id]").id}`),
  };
}
