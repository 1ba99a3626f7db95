// The playground as a widget of a notebook (anywidget.dev): Python gives settings and weights, and is told what became of them.
import { createTrainer } from "../trainer.js";
import { element } from "./controls.js";
import { Playground } from "./playground.js";
import { read } from "./state.js";

const PAUSE = 500; // milliseconds between two reports while it trains

const address = ({ settings }) => String(new URLSearchParams(settings));
const floats = view => new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));

export async function render({ model, el }) {
  const trainer = await createTrainer();
  const place = element("div", { "data-playground": "", "data-address": address(model.get("_given")), "data-views": model.get("views") });
  el.append(place);
  const playground = place.playground = new Playground(place, trainer);
  let number, told = 0;
  const report = async () => {
    if (playground.playing && performance.now() < told + PAUSE) return;
    told = performance.now();
    const { tensors } = await trainer.call("tensors"), { made: settings, step } = playground;
    model.send({ number, settings, step, tensors: tensors.map(({ name, shape }) => ({ name, shape })) }, undefined, tensors.map(({ values }) => values.buffer));
  };
  const take = () => {
    const given = model.get("_given"), tensors = given.tensors.map(one => ({ ...one, values: floats(one.values) }));
    playground.drawn = null; // what is drawn until then is another net
    if (tensors.length) playground.adopt(async () => ({ settings: given.settings, tensors }), "from Python");
    else playground.follow(read(address(given)));
    playground.enqueue(() => {
      ({ number } = given);
      playground.drawn = report;
      return report();
    });
  };
  model.on("change:_given", take);
  take();
  return () => {
    model.off("change:_given", take);
    playground.stop();
    trainer.close();
  };
}
