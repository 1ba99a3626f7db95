// One's own data: points on the map, a target on the chart of the circle; with a pointer or with the arrow keys.
import { OWN, curveLetter, ownCurve, ownPoints, pointText } from "../tasks.js";
import { chartPlace, mapPlace, paintCursor } from "./draw.js";
import { element } from "./controls.js";
import { REACH } from "./state.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
const HELP = {
  points: "Click on the map of the output to add a point. With keys: arrows move the cross, Enter adds, Delete removes the nearest point.",
  drawn: "Draw on the chart around the circle. With keys: left and right choose an angle, up and down change the target there.",
};

/** A coordinate, moved onto the map. */
const inside = v => Math.max(-REACH, Math.min(REACH, v));

/** Points without the one nearest to (a, b). */
function without(text, a, b) {
  const { x } = ownPoints(text, REACH), letters = text.match(/.{3}/g);
  const far = letters.map((_, i) => Math.hypot(x[2 * i] - a, x[2 * i + 1] - b));
  return letters.toSpliced(far.indexOf(Math.min(...far)), 1).join("");
}

export class Own {
  /** `get()` gives the settings, `set(changes)` starts anew with changed ones, `say` tells what cannot be done. */
  constructor(get, set, say) {
    Object.assign(this, { get, set, say, cursor: [0, 0], angle: 0 });
    this.colour = element("select", {}, ...[["1", "red, 1"], ["-1", "blue, −1"], ["0", "none: remove the nearest"]].map(([value, text]) => element("option", { value }, text)));
    this.help = element("span");
    this.tools = element("p", { class: "own" }, this.help, " ", this.choice = element("label", {}, "A click adds ", this.colour));
  }

  /** Make the drawing of a view one that can be edited while its task is chosen. */
  attach({ name, drawing }) {
    if (name === "field") {
      const place = event => mapPlace(drawing, event, REACH).map(inside);
      drawing.addEventListener("pointerdown", event => {
        if (this.get().task !== "points") {
          if (this.probe?.(place(event))) drawing.setPointerCapture(event.pointerId);
          return;
        }
        this.cursor = place(event);
        this.point(+this.colour.value);
      });
      drawing.addEventListener("pointermove", event => { if (event.buttons && drawing.hasPointerCapture(event.pointerId) && this.get().task !== "points") this.probe?.(place(event), true); });
      drawing.addEventListener("keydown", event => this.key(event));
    }
    if (name === "angle") {
      drawing.addEventListener("pointerdown", event => {
        if (this.get().task !== "drawn") return;
        event.preventDefault();
        drawing.setPointerCapture(event.pointerId);
        this.stroke = { curve: this.get().curve };
        this.along(drawing, event);
      });
      drawing.addEventListener("pointermove", event => { if (this.stroke) this.along(drawing, event); });
      for (const end of ["pointerup", "pointercancel"])
        drawing.addEventListener(end, () => {
          if (this.stroke) this.set({ curve: this.stroke.curve });
          this.stroke = null;
        });
      drawing.addEventListener("keydown", event => this.turn(event));
    }
    this.views = { ...this.views, [name]: drawing };
  }

  /** Show what can be edited now. */
  follow() {
    const { task } = this.get();
    this.tools.hidden = !(task in HELP);
    this.help.textContent = HELP[task] ?? "";
    this.choice.hidden = task !== "points";
    for (const [name, editable] of [["field", task === "points"], ["angle", task === "drawn"]]) {
      const drawing = this.views?.[name];
      if (!drawing) continue;
      drawing.classList.toggle("editable", editable);
      drawing.setAttribute("role", editable ? "application" : "img");
      if (editable) drawing.tabIndex = 0;
      else drawing.removeAttribute("tabindex");
    }
  }

  point(sign) {
    const { points } = this.get();
    const edited = sign ? points + pointText(...this.cursor, sign, REACH) : without(points, ...this.cursor);
    if (OWN.points.test(edited)) this.set({ points: edited });
    else this.say(edited ? "A hundred points are the most." : "One point has to stay.");
  }

  key(event) {
    if (this.get().task !== "points") return;
    const [right, up] = ARROWS[event.key] ?? [0, 0];
    if (right || up) {
      this.cursor = [inside(this.cursor[0] + right * REACH / 16), inside(this.cursor[1] + up * REACH / 16)];
      this.set({});
    } else if (["Enter", " "].includes(event.key)) this.point(+this.colour.value);
    else if (["Delete", "Backspace"].includes(event.key)) this.point(0);
    else return;
    event.preventDefault();
  }

  /** Follow a stroke of the pointer: all angles since its last place get the value of the pointer. */
  along(drawing, event) {
    const { across, value } = chartPlace(drawing, event), letters = [...this.stroke.curve], n = letters.length;
    const k = Math.max(0, Math.min(n - 1, Math.floor(across * n))), from = this.stroke.k ?? k, before = this.stroke.value ?? value;
    for (let i = Math.min(from, k); i <= Math.max(from, k); i++)
      letters[i] = curveLetter(from === k ? value : before + (value - before) * (i - from) / (k - from));
    Object.assign(this.stroke, { curve: letters.join(""), k, value });
    this.sketch?.(ownCurve(this.stroke.curve).y);
  }

  turn(event) {
    if (this.get().task !== "drawn") return;
    const [right, up] = ARROWS[event.key] ?? [0, 0], letters = [...this.get().curve], n = letters.length;
    if (!right && !up) return;
    event.preventDefault();
    this.angle = (this.angle + right + n) % n;
    if (up) {
      const { y } = ownCurve(this.get().curve, n);
      letters[this.angle] = curveLetter(y[this.angle] + up * 0.1);
    }
    this.set(up ? { curve: letters.join("") } : {});
    this.say(`Angle ${Math.round(360 * (this.angle + 0.5) / n)}°, target ${ownCurve(letters.join(""), n).y[this.angle].toFixed(1).replace("-", "−")}.`);
  }

  /** Where the keys are, drawn on what has the focus; and the input at which one looks inside. */
  mark(canvas, input) {
    if (document.activeElement === canvas && this.get().task === "points") paintCursor(canvas, this.cursor, REACH);
    if (!input) return;
    canvas.classList.add("grip");
    paintCursor(canvas, input, REACH);
  }
}
