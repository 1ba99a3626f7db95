// Drawings of the playground: maps on a canvas, curves as SVG in the colours of the page.

const BELOW_ABOVE = [[33, 102, 172], [146, 197, 222], [247, 247, 247], [244, 165, 130], [178, 24, 43]]; // as RdBu in the book
const OFF_ON = [[0, 34, 78], [87, 92, 109], [124, 123, 120], [165, 155, 115], [253, 231, 55]]; // as cividis

/** The colour at t in [0, 1] of a scale, [r, g, b]. */
export function colour(scale, t) {
  const at = Math.min(1, Math.max(0, t)) * (scale.length - 1), low = Math.min(scale.length - 2, Math.floor(at));
  return scale[low].map((part, i) => Math.round(part + (at - low) * (scale[low + 1][i] - part)));
}

export const SCALES = { field: BELOW_ABOVE, activity: OFF_ON };

/** CSS gradient of a scale, for its bar. */
export const gradient = scale => `linear-gradient(to right, ${scale.map(c => `rgb(${c})`).join(", ")})`;

/** Paint values (size·size, first row at the bottom) on a canvas, from `low` to `high`. */
export function paintMap(canvas, values, size, scale, low, high) {
  const image = new ImageData(size, size);
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++) {
      const value = values[(size - 1 - row) * size + column];
      image.data.set([...colour(scale, (value - low) / (high - low)), 255], 4 * (row * size + column));
    }
  const small = new OffscreenCanvas(size, size);
  small.getContext("2d").putImageData(image, 0, 0);
  const pen = canvas.getContext("2d");
  pen.imageSmoothingEnabled = true;
  pen.drawImage(small, 0, 0, canvas.width, canvas.height);
}

/** A pen whose unit is that of the plane: [-reach, reach] in both directions. */
function onPlane(canvas, reach, paint) {
  const pen = canvas.getContext("2d"), scale = canvas.width / (2 * reach);
  pen.save();
  pen.translate(canvas.width / 2, canvas.height / 2);
  pen.scale(scale, -scale);
  paint(pen, 1 / scale);
  pen.restore();
}

/** The lines where the gates of one layer of a DLGN switch. */
export function paintPlanes(canvas, { normals, offsets }, reach) {
  onPlane(canvas, reach, (pen, pixel) => {
    pen.lineWidth = 1.2 * pixel;
    pen.strokeStyle = "rgba(20, 20, 20, .55)";
    offsets.forEach((offset, i) => {
      const a = normals[2 * i], b = normals[2 * i + 1], square = a * a + b * b;
      if (!square) return;
      const x = -offset * a / square, y = -offset * b / square, far = 4 * reach / Math.sqrt(square);
      pen.beginPath();
      pen.moveTo(x - far * b, y + far * a);
      pen.lineTo(x + far * b, y - far * a);
      pen.stroke();
    });
  });
}

/** The points of the data, filled with the colour of their target. */
export function paintPoints(canvas, x, y, reach) {
  onPlane(canvas, reach, (pen, pixel) => {
    y.forEach((value, i) => {
      pen.beginPath();
      pen.arc(x[2 * i], x[2 * i + 1], 3.2 * pixel, 0, 2 * Math.PI);
      pen.fillStyle = `rgb(${colour(BELOW_ABOVE, (value + 1) / 2)})`;
      pen.fill();
      pen.lineWidth = 0.8 * pixel;
      pen.strokeStyle = "#222";
      pen.stroke();
    });
  });
}

const WIDTH = 340, HEIGHT = 190, LEFT = 44, BOTTOM = 30, TOP = 8;
const text = (x, y, content, anchor = "middle") => `<text x="${x}" y="${y}" text-anchor="${anchor}">${content}</text>`;
const frame = (content, x, y) =>
  `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" aria-hidden="true"><path class="axis" d="M${LEFT} ${TOP}V${HEIGHT - BOTTOM}H${WIDTH}"/>` +
  `${content}${text((LEFT + WIDTH) / 2, HEIGHT - 3, x)}<text transform="translate(10 ${(HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${y}</text></svg>`;
const path = points => points.length ? `M${points.map(([a, b]) => `${a.toFixed(1)} ${b.toFixed(1)}`).join("L")}` : "";

/** Losses over steps, on a logarithmic axis: the median of the seeds, and a band from the least to the greatest. */
export function lossChart(losses, last) {
  const floor = 1e-4, count = losses[0].length, every = Math.max(1, Math.ceil(count / 300));
  const across = step => LEFT + (WIDTH - LEFT - 6) * step / Math.max(last, 10);
  const up = loss => TOP + (HEIGHT - BOTTOM - TOP) * Math.log10(Math.max(loss, floor) / 3) / Math.log10(floor / 3);
  const steps = [];
  for (let t = 0; t < count; t += every) steps.push(t);
  if (count > 1 && steps.at(-1) !== count - 1) steps.push(count - 1);
  const at = steps.map(t => losses.map(run => run[t]).sort((a, b) => a - b));
  const band = losses.length > 1
    ? `<path class="band" d="${path([...steps.map((t, i) => [across(t), up(at[i].at(-1))]), ...steps.map((t, i) => [across(t), up(at[i][0])]).reverse()])}Z"/>` : "";
  const ticks = [1, 0.1, 0.01, 0.001].map(v => `<path class="grid" d="M${LEFT} ${up(v)}H${WIDTH}"/>${text(LEFT - 4, up(v) + 4, v, "end")}`).join("");
  const half = Math.max(last, 10) / 2;
  const marks = [0, half, 2 * half].map(t => text(Math.min(across(t), WIDTH - 12), HEIGHT - BOTTOM + 13, Math.round(t))).join("");
  return frame(`${ticks}${marks}${band}<path class="line" d="${path(steps.map((t, i) => [across(t), up(median(at[i]))]))}"/>`, "step", "loss");
}

/** Target and output against the angle, for data on a circle. */
export function angleChart(y, out) {
  const across = i => LEFT + (WIDTH - LEFT - 6) * (i + 0.5) / y.length, up = v => TOP + (HEIGHT - BOTTOM - TOP) * (1.4 - Math.max(-1.4, Math.min(1.4, v))) / 2.8;
  const curve = values => path(Array.from(values, (v, i) => [across(i), up(v)]));
  const ticks = [-1, 0, 1].map(v => text(LEFT - 4, up(v) + 4, `${v}`.replace("-", "−"), "end")).join("");
  const marks = [0, 180, 360].map(a => text(Math.min(LEFT + (WIDTH - LEFT - 6) * a / 360, WIDTH - 14), HEIGHT - BOTTOM + 13, `${a}°`)).join("");
  return frame(`${ticks}${marks}<path class="target" d="${curve(y)}"/><path class="line" d="${curve(out)}"/>`, "angle θ", "target (dotted), output");
}

/** The median of sorted numbers. */
export const median = sorted => (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
