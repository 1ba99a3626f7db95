"""Speed of the library against what a reader would otherwise write, as ratios within one run: `make bench`.

Every row first checks that both sides compute the same, then times them in turn and keeps the fastest of each.
"""

import gzip
import time
from itertools import pairwise

import chromium
import torch
from torch import nn
from torch.func import functional_call, jacrev, vmap

from dlgn_lib import DLGN, circle, ntk, overlap_kernel, train, train_ensemble
from dlgn_lib.models import ConvDLGN
from dlgn_lib.runs import canon_net
from dlgn_lib.threads import one_thread


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def fastest(functions, repeats):
    """Return the smallest time in seconds of each function, called in turn."""
    best = [float("inf")] * len(functions)
    for _ in range(repeats):
        for i, function in enumerate(functions):
            start = time.perf_counter()
            function()
            best[i] = min(best[i], time.perf_counter() - start)
    return best


def row(what, budget, plain, ours, repeats=(1, 3), part=1.0):
    """Time the two and print a line; `plain` may do only a `part` of the work, and then counts 1/part times."""
    line(what, budget, fastest([plain], repeats[0])[0] / part, fastest([ours], repeats[1])[0])


def line(what, budget, slow, fast):
    """Print how many times faster ours is."""
    ratio = slow / fast
    verdict = "ok" if ratio >= budget else "BELOW BUDGET"
    print(
        f"{what:58s} {slow * 1e3:9.0f} ms {fast * 1e3:9.1f} ms {ratio:8.1f}x  (budget {budget}x) {verdict}", flush=True
    )


def bench_ntk(n, width, budget):
    """`ntk` against the contraction of the Jacobian from torch.func (6 GB at N=1000, width 500)."""
    net, x = DLGN(20, width, 4, generator=seeded(0)), torch.randn(n, 20, generator=seeded(1))
    against_jacobian(f"ntk, DLGN, N={n}, width {width}, depth 4", budget, net, x)


def bench_conv_ntk(n, channels, budget):
    """`ntk` of a convolutional DLGN against the contraction of the Jacobian."""
    net = ConvDLGN((1, 28, 28), channels, 10, stride=2, generator=seeded(0))
    x = torch.randn(n, 1, 28, 28, generator=seeded(1))
    against_jacobian(f"ntk, ConvDLGN, N={n}, 10 outputs, channels {channels}", budget, net, x)


def against_jacobian(what, budget, net, x):
    n = len(x)
    parameters = dict(net.named_parameters())

    def jacobian(points):
        def f(p, one):
            return functional_call(net, p, (one[None],))[0]

        return vmap(jacrev(f), (None, 0))(parameters, points)

    def contraction(rows):
        left = jacobian(x[:rows])
        return sum(torch.einsum("nkp,mkp->nm", j.flatten(2), j.flatten(2)) for j in left.values())

    with torch.no_grad():
        reference = contraction(20)
    assert torch.allclose(ntk(net, x[:20]), reference, rtol=1e-3, atol=1e-5 * reference.max())
    row(what, budget, lambda: contraction(n), lambda: ntk(net, x))


def bench_overlap():
    """`overlap_kernel` against the plain product of Gram matrices."""
    net, x = DLGN(20, 256, 4, generator=seeded(0)), torch.randn(4000, 20, generator=seeded(1))

    def plain():
        gates = net.gates(x, hard=True)
        kernel = gates[0] @ gates[0].T
        for gate in gates[1:]:
            kernel = kernel * (gate @ gate.T)
        return kernel

    assert torch.equal(plain(), overlap_kernel(net, x, hard=True))
    row(
        "overlap_kernel, hard gates, N=4000, width 256, depth 4",
        2.5,
        plain,
        lambda: overlap_kernel(net, x, hard=True),
        (3, 3),
    )


def bench_conv_overlap():
    """`overlap_kernel` of a convolutional DLGN against the product over its layers of what the paths into each place share."""
    net = ConvDLGN((1, 28, 28), [8, 16], 10, kernel=5, stride=2, generator=seeded(0))
    x = torch.randn(100, 1, 28, 28, generator=seeded(1))

    def plain():
        first, second = (gate.double() for gate in net.gates(x, hard=True))
        rows = []
        for a, b in zip(first, second, strict=True):
            both = (a * first).sum(1, keepdim=True)  # (N, 1, 14, 14)
            inside = nn.functional.conv2d(both, both.new_ones(1, 1, 5, 5), None, 2, 2)
            rows.append((inside * (b * second)).sum((1, 2, 3)))
        return torch.stack(rows)

    assert torch.equal(plain(), overlap_kernel(net, x, hard=True).double())
    row(
        "overlap_kernel, ConvDLGN, N=100, channels [8, 16]", 1, plain, lambda: overlap_kernel(net, x, hard=True), (3, 3)
    )


class PlainDLGN(nn.Module):
    """The DLGN as one writes it in PyTorch."""

    def __init__(self, width, depth):
        super().__init__()
        sizes = [2, *[width] * depth]
        self.gates = nn.ModuleList(nn.Linear(a, b, bias=False) for a, b in pairwise(sizes))
        self.values = nn.ModuleList(nn.Linear(a, b, bias=False) for a, b in pairwise([*sizes, 1]))

    def forward(self, x):
        h, z = x, x
        for gate, value in zip(self.gates, self.values, strict=False):
            z = gate(z)
            h = torch.sigmoid(10 * z) * value(h)
        return self.values[-1](h)


def plain_relu(width, depth):
    """The ReLU net as one writes it in PyTorch."""
    layers = []
    for a, b in pairwise([2, *[width] * depth]):
        layers += [nn.Linear(a, b, bias=False), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 1, bias=False))


@one_thread()
def bench_step(kind, forward_budget, budget, width=64, steps=200):
    """Forward pass and training step on one thread against the module and the loop that everybody writes."""
    x, y = circle()
    ours = canon_net(kind, 0, width=width)
    plain = PlainDLGN(width, 4) if kind == "DLGN" else plain_relu(width, 4)
    with torch.no_grad():
        for mine, theirs in zip(
            plain.parameters(), [*ours.gate_parameters(), *ours.value_layers.parameters()], strict=True
        ):
            mine.copy_(theirs)
        assert torch.allclose(plain(x), ours(x), atol=1e-5)

    def repeat(net):
        with torch.no_grad():
            for _ in range(steps):
                net(x)

    def loop():
        optimizer = torch.optim.Adam(plain.parameters(), lr=2e-3)
        for _ in range(steps):
            optimizer.zero_grad()
            (plain(x) - y).square().mean().backward()
            optimizer.step()

    def library():
        train(ours, x, y, steps=steps, lr=2e-3, snapshots=[], progress=False)

    row(
        f"{steps} forward passes, {kind}, N=200, width {width}",
        forward_budget,
        lambda: repeat(plain),
        lambda: repeat(ours),
        (9, 9),
    )
    row(f"{steps} training steps, {kind}, N=200, width {width}", budget, loop, library, (9, 9))


def bench_ensemble(kind, width, budget, steps=150):
    """`train_ensemble` against a loop over seeds with the training loop that everybody writes."""
    x, y = circle()

    def make_net(seed):
        return canon_net(kind, seed, width=width)

    def loop(seeds):
        for seed in seeds:
            net = make_net(seed)
            optimizer = torch.optim.Adam(net.parameters(), lr=2e-3)
            for _ in range(steps):
                optimizer.zero_grad()
                (net(x) - y).square().mean().backward()
                optimizer.step()
        return net

    def ensemble():
        return train_ensemble(make_net, 20, x, y, steps=steps, lr=2e-3, snapshots=[], progress=False)

    row(
        f"train_ensemble, 20 seeds, {kind}, width {width}",
        budget,
        lambda: loop(range(5)),
        ensemble,
        (2, 2),
        part=5 / 20,
    )


@one_thread()
def bench_engine(steps=200):
    """The engine of live/ in Chromium against torch's training step, and against its own twin in plain JavaScript."""
    x, y = circle()
    with chromium.engine() as call:

        def browser(kind, kernels):
            """Return the seconds that the steps take in the browser, without the way there."""
            return call("race", options={"kind": kind, "kernels": kernels}, below=0, steps=steps, lr=2e-3)["ms"] / 1000

        for kind, budget in (("DLGN", 1.5), ("ReLU", 1.2)):
            plain = canon_net(kind, 0)
            optimizer = torch.optim.Adam(plain.parameters(), lr=2e-3)

            def loop(net=plain, optimizer=optimizer):
                for _ in range(steps):
                    optimizer.zero_grad()
                    (net(x) - y).square().mean().backward()
                    optimizer.step()

            pairs = [(fastest([loop], 1)[0], browser(kind, "wasm")) for _ in range(7)]  # in turn
            slow, fast = map(min, zip(*pairs, strict=True))
            line(f"{steps} steps, {kind}, engine in Chromium against torch", budget, slow, fast)
            slow = min(browser(kind, "js") for _ in range(2))
            line(f"{steps} steps, {kind}, engine against plain JavaScript", 8, slow, fast)


def limit(what, value, unit, budget, least=False):
    """Print a value beside the most, or the least, that it should be."""
    kept = value >= budget if least else value <= budget
    word = "at least" if least else "at most"
    print(f"{what:58s} {value:9.3g} {unit} ({word} {budget}) {'ok' if kept else 'OUT OF BUDGET'}", flush=True)


#: when the playground's controls are there after the page has loaded, when its first picture, and how soon a press has its own
FIRST = """async () => {
  const when = async what => { while (!what()) await new Promise(requestAnimationFrame); return performance.now(); };
  const status = () => document.querySelector('.status')?.textContent ?? '';
  const there = await when(() => document.querySelector('[data-playground] button.play'));
  const seen = await when(() => status().startsWith('Step 0'));
  [...document.querySelectorAll('[data-playground] button')].find(button => button.textContent === 'One step').click();
  const answered = await when(() => status().startsWith('Step 1'));
  const loaded = performance.getEntriesByType('navigation')[0].loadEventEnd;
  return [there - loaded, seen - loaded, answered - seen];
}"""

#: how long the playground takes to a step, how many pictures the page draws meanwhile, and its longest task of over 50 ms, or 0
PLAY = """async until => {
  const shown = () => +document.querySelector('[data-playground] output').textContent, tasks = [0];
  new PerformanceObserver(list => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: 'longtask' });
  let frames = 0, on = true;
  requestAnimationFrame(function next() { frames += 1; if (on) requestAnimationFrame(next); });
  const began = performance.now();
  document.querySelector('[data-playground] button.play').click();
  while (shown() < until) await new Promise(requestAnimationFrame);
  on = false;
  document.querySelector('[data-playground] button.play').click();
  const took = performance.now() - began;
  await new Promise(resolve => setTimeout(resolve, 100)); // what was observed is told later
  return [took, frames, Math.max(...tasks)];
}"""


def bench_playground():
    """What a reader waits for: the canonical run, twenty seeds with the page at work, the first answer, the bytes."""
    with chromium.engine() as call:
        runs = [call("race", options={"kind": "DLGN"}, below=0.01, steps=2000, lr=2e-3) for _ in range(3)]
        steps = [run["step"] for run in runs]
        limit(f"canonical DLGN to loss 0.01 (step {steps[0]})", min(run["ms"] for run in runs) / 1000, "s", 1)
        frozen = call("race", options={"kind": "DLGN", "frozen": True}, below=0.01, steps=2000, lr=2e-3)["step"]
        print(f"{'frozen DLGN to loss 0.01 in 2000 steps':58s} {'never' if frozen is None else frozen}")
    with chromium.served() as (browser, host):
        tab = browser.new_page(viewport={"width": 1280, "height": 1000})
        tab.goto(f"{host}/embed.html#seeds=20")  # not timed: the browser itself starts
        tab.wait_for_function("() => /Step 0/.test(document.querySelector('.status')?.textContent)")
        tab.goto("about:blank")
        tab.goto(f"{host}/embed.html")
        there, seen, answered = tab.evaluate(FIRST)
        limit("playground: from load until its controls answer", there, "ms", 100)
        limit("playground: from the first press to its picture", answered, "ms", 100)
        limit("playground: from load to the picture of step 0", seen, "ms", 100)
        tab.goto("about:blank")
        tab.goto(f"{host}/embed.html#seeds=20")
        tab.wait_for_function("() => /Step 0/.test(document.querySelector('.status')?.textContent)")
        took, frames, longest = tab.evaluate(PLAY, 500)
        limit("playground: 20 seeds, 500 steps", took / 1000, "s", 10)
        limit("playground: pictures a second meanwhile", frames / took * 1000, "", 30, least=True)
        limit("playground: longest task of the page's thread (0: below 50)", longest, "ms", 50)
    engine = b"".join(file.read_bytes() for file in sorted((chromium.LIVE / "src").glob("*.js")))
    limit("engine, compressed", len(gzip.compress(engine)) / 1000, "kB", 30)


if __name__ == "__main__":
    torch.set_flush_denormal(True)  # on both sides: products of nearly closed gates are slow otherwise
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads; plain code, this library, ratio")
    bench_step("DLGN", 1, 1.5)
    bench_step("ReLU", 1, 1)
    bench_engine()
    bench_playground()
    for kind in ("DLGN", "ReLU"):
        for width, budget in ((32, 5), (64, 3), (128, 1.5)):
            bench_ensemble(kind, width, budget)
    bench_overlap()
    bench_conv_overlap()
    bench_conv_ntk(300, [32, 64], 10)
    bench_ntk(500, 200, 50)
    bench_ntk(1000, 500, 120)
