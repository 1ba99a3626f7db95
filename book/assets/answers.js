(() => { // names of its own: the scripts of a page share one scope
// Exercises answered in the page: the same verdicts as the self-check of the notebook (dlgn_lib.book.check), without a kernel.
const sameNumber = (a, b) => typeof b === "object"
  ? b.low <= a && a <= b.high
  : Math.abs(a - b) <= 1e-9 + 1e-4 * Math.abs(b);
const same = (a, b) => typeof b === "string" ? a === b
  : Array.isArray(b) ? a.length === b.length && b.every((one, place) => sameNumber(a[place], one))
  : sameNumber(a, b);

// A number as people write it: 0.25, -3, 1/4, 2e-3, 50%, also with a typographic minus.
function asNumber(text) {
  const [, top, bottom, percent] = text.trim().replace(/\u2212/g, "-").match(/^([-+]?[\d.]+(?:e[-+]?\d+)?)(?:\s*\/\s*([\d.]+))?\s*(%?)$/i) ?? [];
  return top === undefined ? NaN : Number(top) / Number(bottom ?? 1) / (percent ? 100 : 1);
}

function verdict({ kind, right, hints, words = {} }, text) {
  // a translated page has the sentences in its language in `words`
  const say = (template, fields = {}) => (words[template] ?? template).replace(/\{(\w+)\}/g, (_, name) => fields[name]);
  if (!text) return say("Not yet: give your answer.");
  const numbers = kind === "choice" ? [] : (kind === "numbers" ? text.replace(/^[[(]|[\])]$/g, "").split(/[,;]/) : [text]).map(asNumber);
  if (numbers.some(Number.isNaN)) return say("Not yet: write numbers like 0.25, −3 or 1/4.");
  if (kind === "numbers" && numbers.length !== right.length) {
    return say("Not yet: {count} numbers are asked for, you gave {given}.", { count: right.length, given: numbers.length });
  }
  const answer = { choice: text, number: numbers[0], numbers }[kind];
  if (same(answer, right)) return say("✓ Right.");
  const hint = hints.find(([, wrong]) => wrong.some((one) => same(answer, one)));
  return hint ? say("✗ Not quite. {hint}", { hint: hint[0] })
    : say("✗ Not quite: {got} is not it. Go through it once more, step by step.", { got: text });
}

addEventListener("DOMContentLoaded", () => {
  for (const form of document.querySelectorAll("form.dlgn-answer")) {
    const key = JSON.parse(form.querySelector("script").textContent), status = form.querySelector("[role=status]");
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const [text = ""] = new FormData(form).values();
      status.textContent = verdict(key, text.trim());
      status.className = { "✓": "holds", "✗": "fails" }[status.textContent[0]] ?? "";
    });
    form.addEventListener("input", () => { status.textContent = ""; });
  }
});
})();
