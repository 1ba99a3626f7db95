// The player: shows one of several frames, chosen by native range and radio inputs. No library, no network.
// A frame is a list of parts of the picture, most of which it shares with others; the parts of the first are in the page.
// For other scripts: `figure.dlgn = {parameters: [{name, values}], at(), show(indices)}`, and the event "dlgn-change" that
// bubbles from the figure, with `detail.at`, after each change. The picture is `svg.dlgn-picture`, its alt text aria-label.
for (const figure of document.querySelectorAll("figure.dlgn-player:not([data-ready])")) {
  figure.dataset.ready = "1";
  const { parameters, pieces, frames, start, words = {} } = JSON.parse(figure.querySelector("script.dlgn-frames").textContent);
  const picture = figure.querySelector("svg.dlgn-picture"), place = picture.firstElementChild;
  const controls = figure.querySelector(".dlgn-controls");
  const [defs, ...parts] = place.children, known = parts.length; // the parts not in the page are made when first needed
  const maker = document.createElementNS(picture.namespaceURI, "g");
  function part(number) {
    if (!parts[number]) {
      maker.innerHTML = pieces[number - known];
      parts[number] = maker.firstElementChild;
    }
    return parts[number];
  }
  const button = controls.querySelector("button");
  const reduced = matchMedia("(prefers-reduced-motion: reduce)");
  let chosen = start.slice(), timer = null;

  const index = at => parameters.reduce((sum, p, i) => sum * p.values.length + at[i], 0);
  function show(at) {
    const [alt, runs] = frames[index(at)], shown = [defs];
    for (let i = 0; i < runs.length; i += 2) for (let n = 0; n < runs[i + 1]; n++) shown.push(part(runs[i] + n));
    place.replaceChildren(...shown);
    picture.setAttribute("aria-label", alt);
    parameters.forEach((p, i) => {
      const inputs = controls.querySelectorAll(`[data-parameter="${i}"]`);
      if (inputs[0].type === "radio") inputs[at[i]].checked = true;
      else {
        inputs[0].value = at[i];
        inputs[0].setAttribute("aria-valuetext", p.values[at[i]]);
        inputs[0].closest("label").querySelector("output").textContent = p.values[at[i]];
      }
    });
    figure.dispatchEvent(new CustomEvent("dlgn-change", { bubbles: true, detail: { at: at.slice() } }));
  }
  function label() {
    const verb = reduced.matches ? "Next" : timer ? "Pause" : "Play";
    button.textContent = { Next: "⏭", Pause: "⏸", Play: "▶" }[verb];
    button.setAttribute("aria-label", `${words[verb] ?? verb}: ${parameters[0].name}`);
    button.title = button.getAttribute("aria-label");
  }
  function stop() { clearInterval(timer); timer = null; label(); }
  function next() { chosen[0] = (chosen[0] + 1) % parameters[0].values.length; show(chosen); }

  controls.addEventListener("input", event => {
    const input = event.target, i = +input.dataset.parameter;
    if (i === 0) stop();
    chosen[i] = +input.value;
    show(chosen);
  });
  button.addEventListener("click", () => {
    if (reduced.matches) return next(); // one step for each press, nothing moves by itself
    if (timer) return stop();
    next();
    timer = setInterval(() => figure.isConnected ? next() : stop(), 700);
    label();
  });
  reduced.addEventListener("change", stop);
  addEventListener("beforeprint", () => show(start));
  addEventListener("afterprint", () => show(chosen));
  figure.dlgn = { parameters, at: () => chosen.slice(), show: at => { stop(); show(chosen = at.slice()); } };
  controls.hidden = false;
  label();
  show(chosen);
}
