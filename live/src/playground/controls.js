// The form of the playground: one native control for each setting.
import { SETTINGS } from "./state.js";

/** An element with attributes and children. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function control(prefix, name, { label, values, names, low, high, step }) {
  const id = `${prefix}-${name}`;
  const input = values
    ? element("select", { id, name }, ...values.map(value => element("option", { value }, names[value] ?? value)))
    : element("input", { id, name, type: "number", min: low, max: high, step, inputmode: "decimal" });
  return element("div", { class: "setting" }, element("label", { for: id }, label), input, ...name === "beta" ? [slider(label, low, high)] : []);
}

/** A slider that sets the number before it, on a scale of ratios. */
function slider(label, low, high) {
  const made = element("input", { type: "range", min: Math.log10(low), max: Math.log10(high), step: 0.05, "aria-label": `${label}, as a slider` });
  made.addEventListener("input", () => {
    const number = made.previousElementSibling, value = 10 ** made.value;
    const before = number.value;
    number.value = value < 10 ? Math.round(10 * value) / 10 : Math.round(value);
    if (number.value !== before) number.dispatchEvent(new Event("change", { bubbles: true }));
  });
  return made;
}

/** A table with these heads, in a box of its own that scrolls. */
export function table(heads, rows) {
  const line = (cells, kind) => element("tr", {}, ...cells.map(cell => element(kind, {}, cell)));
  return element("div", { class: "table", tabindex: 0 }, element("table", {}, element("thead", {}, line(heads, "th")), element("tbody", {}, ...rows.map(row => line(row, "td")))));
}

/** The form; `changed(settings)` is called with the complete settings after each valid change. */
export function makeForm(prefix, settings, hidden, changed, complain) {
  const form = element("form", { class: "settings", "aria-label": "What is trained" });
  for (const [name, setting] of Object.entries(SETTINGS)) if (!setting.pattern && !hidden.includes(name)) form.append(control(prefix, name, setting));
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("change", ({ target }) => {
    const { name } = target, setting = SETTINGS[name];
    if (!setting) return;
    if (!setting.values && !target.checkValidity()) {
      complain(`${setting.label} must be from ${setting.low} to ${setting.high}${setting.step === 1 ? ", a whole number" : ""}`);
      return;
    }
    changed({ ...settings(), [name]: setting.values ? target.value : Number(target.value) });
  });
  return form;
}

/** Show settings in the form. Frequencies belong to the circle, sharpness to soft gates of a net of their own. */
export function fill(form, settings) {
  for (const [name, value] of Object.entries(settings)) {
    const input = form.elements[name];
    if (!input) continue;
    input.value = value;
    const gated = settings.model.includes("DLGN") || settings.model === "GaLU";
    const idle = ["low", "high"].includes(name) ? settings.task !== "circle"
      : name === "hard" ? !gated : name === "beta" ? !gated || settings.hard === "hard" : false;
    input.disabled = idle;
    const { nextElementSibling: slider } = input;
    if (!slider) continue;
    slider.disabled = idle;
    slider.setAttribute("aria-valuetext", value);
    if (document.activeElement !== slider) slider.value = Math.log10(value);
  }
}
