// Tasks to train on: inputs x (N·2) and targets y (N), flat.
import { twister } from "./random.js";

const f = Math.fround;

/** The circle task of dlgn_lib.data: sin(low·θ) on the upper half, sin(high·θ) on the lower, rounded as torch does. */
export function circle(n = 200, low = 1, high = 16) {
  const x = new Float32Array(2 * n), y = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const angle = f(f(f(2 * Math.PI) * (i + 0.5)) / n);
    x[2 * i] = Math.cos(angle);
    x[2 * i + 1] = Math.sin(angle);
    y[i] = Math.sin(f(f(angle < Math.PI ? low : high) * angle));
  }
  return { x, y };
}

/** A task whose points are drawn in the square from -1 to 1, always the same ones, each with the sign that `label` gives. */
function scattered(n, label) {
  const next = twister(0), unit = () => (next() & 0xffffff) * 2 ** -23 - 1;
  const x = Float32Array.from({ length: 2 * n }, unit);
  return { x, y: Float32Array.from({ length: n }, (_, i) => label(x[2 * i], x[2 * i + 1])) };
}

/** Product of the signs of both coordinates. */
export const xor = n => scattered(n, (a, b) => a * b >= 0 ? 1 : -1);

/** A board of `fields` x `fields`, black and white by turns. */
export const checkerboard = (n, fields = 4) =>
  scattered(n, (a, b) => (Math.floor((a + 1) * fields / 2) + Math.floor((b + 1) * fields / 2)) % 2 ? -1 : 1);

/** Two arms, `turns` times round the origin. */
export function spiral(n, turns = 1.25) {
  const x = new Float32Array(2 * n), y = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const arm = i % 2, t = (Math.floor(i / 2) + 1) / Math.ceil(n / 2), angle = 2 * Math.PI * turns * t + arm * Math.PI;
    x[2 * i] = t * Math.cos(angle);
    x[2 * i + 1] = t * Math.sin(angle);
    y[i] = arm ? -1 : 1;
  }
  return { x, y };
}

/** Two half circles that reach into one another. */
export function moons(n) {
  const x = new Float32Array(2 * n), y = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const other = i % 2, angle = Math.PI * (Math.floor(i / 2) + 0.5) / Math.ceil(n / 2);
    x[2 * i] = 0.55 * (other ? 1 - Math.cos(angle) - 0.5 : Math.cos(angle) - 0.5);
    x[2 * i + 1] = 0.55 * (other ? 0.25 - Math.sin(angle) : Math.sin(angle) - 0.25);
    y[i] = other ? -1 : 1;
  }
  return { x, y };
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"; // a place or a value in one letter of an address

/** Own points of a text: three letters a point, where across, where up (64 steps over [-reach, reach]) and r (1) or b (-1). */
export function ownPoints(text, reach) {
  const place = letter => reach * (2 * (DIGITS.indexOf(letter) + 0.5) / 64 - 1);
  const points = text.match(/.{3}/g) ?? [];
  return {
    x: Float32Array.from(points.flatMap(([a, b]) => [place(a), place(b)])),
    y: Float32Array.from(points, ([, , sign]) => sign === "r" ? 1 : -1),
  };
}

/** The letters of one point. */
export function pointText(a, b, sign, reach) {
  const letter = v => DIGITS[Math.max(0, Math.min(63, Math.floor((v / reach + 1) * 32)))];
  return letter(a) + letter(b) + (sign > 0 ? "r" : "b");
}

/** An own target on the circle: a letter for each of equally spaced angles, from -1.26 to 1.26, straight between them. */
export function ownCurve(text, n = 200) {
  const values = Array.from(text, letter => (DIGITS.indexOf(letter) - 31.5) / 25), { x } = circle(n);
  const y = Float32Array.from({ length: n }, (_, i) => {
    const at = (i + 0.5) / n * values.length - 0.5, low = Math.floor(at), value = k => values[(k + values.length) % values.length];
    return value(low) + (at - low) * (value(low + 1) - value(low));
  });
  return { x, y };
}

/** The letter of a value of such a target. */
export const curveLetter = v => DIGITS[Math.max(0, Math.min(63, Math.round(25 * v + 31.5)))];

export const OWN = { points: /^([\w-]{2}[rb]){1,100}$/, curve: /^[\w-]{4,64}$/ };
