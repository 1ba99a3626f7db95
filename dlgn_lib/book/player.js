// The player: shows one of several rendered frames, chosen by native range and radio inputs. No library, no network.
for (const figure of document.querySelectorAll("figure.dlgn-player:not([data-ready])")) {
  figure.dataset.ready = "1";
  const { parameters, frames, start } = JSON.parse(figure.querySelector("script.dlgn-frames").textContent);
  const image = figure.querySelector("img"), controls = figure.querySelector(".dlgn-controls");
  const button = controls.querySelector("button");
  const fallback = image.src; // the frame in the page is not repeated among the frames
  const reduced = matchMedia("(prefers-reduced-motion: reduce)");
  let chosen = start.slice(), timer = null;

  const index = at => parameters.reduce((sum, p, i) => sum * p.values.length + at[i], 0);
  function show(at) {
    const [alt, source] = frames[index(at)];
    image.src = source || fallback;
    image.alt = alt;
    parameters.forEach((p, i) => {
      const inputs = controls.querySelectorAll(`[data-parameter="${i}"]`);
      if (inputs[0].type === "radio") inputs[at[i]].checked = true;
      else {
        inputs[0].value = at[i];
        inputs[0].setAttribute("aria-valuetext", p.values[at[i]]);
        inputs[0].closest("label").querySelector("output").textContent = p.values[at[i]];
      }
    });
  }
  function label() {
    const verb = reduced.matches ? "Next" : timer ? "Pause" : "Play";
    button.textContent = { Next: "⏭", Pause: "⏸", Play: "▶" }[verb];
    button.setAttribute("aria-label", `${verb}: ${parameters[0].name}`);
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
  controls.hidden = false;
  label();
  show(chosen);
}
