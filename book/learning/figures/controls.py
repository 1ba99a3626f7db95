"""What the page learning/controls draws: many settings side by side, dose and response, and echoes."""

from collections.abc import Mapping, Sequence

from matplotlib import pyplot as plt
from torch import Tensor

from dlgn_lib.plots.bands import seed_band, step_axis
from dlgn_lib.plots.dots import heading_rows
from dlgn_lib.plots.looks import BLUE, FAINT, GREEN, INK, NETWORKS, RED, ROLES, Drawing, house_style
from dlgn_lib.statistics import median


@house_style
def case_shares(
    cases: Mapping[str, tuple[Tensor, Tensor] | None], step: int, network: str, groups: Mapping[str, int], room: int = 0
) -> Drawing:
    """Draw the share of paths on the upper half for many settings, a row each: median and range over seeds, and the start.

    `cases` gives (shares at the start, shares at `step`), both (S,), by label, or None where the setting does not
    apply; `groups` says how many rows, from above, each heading has, `room` for how many lines there is place at least.
    """
    lines = max(room, len(cases) + len(groups))
    figure, ax = plt.subplots(figsize=(5.6, 0.28 * lines + 1.1))
    colour, _, mark = NETWORKS[network]
    rows, told, y = iter(cases.items()), [], 0
    labels = {}
    for heading, count in groups.items():
        labels[y] = heading
        for _ in range(count):
            y += 1
            label, shares = next(rows)
            labels[y] = label
            if shares is None:
                ax.text(0.5, y, "does not apply", ha="center", va="center", fontsize=9, color="#555555")
                continue
            start, now = shares
            ax.plot([now.min(), now.max()], [y, y], color=colour, lw=5, alpha=0.35, solid_capstyle="butt")
            ax.plot(median(start, 0), y, marker="|", ms=10, color=INK, ls="", mew=1.3, label="start, median")
            ax.plot(median(now, 0), y, marker=mark, ms=7, color=colour, ls="", label=f"step {step}, median and range")
            ax.text(1.02, y, f"{int((now > start).sum())} of {len(now)}", va="center", fontsize=9.5)
            told.append(f"{label} {median(now, 0):.2f}")
        y += 1
    ax.axvline(0.5, **ROLES["middle"])
    ax.text(1.02, 0, "up in", va="center", fontsize=9.5)
    ax.set(xlim=(0, 1), xlabel="share of path activity on the upper half")
    heading_rows(ax, labels, [place for place, text in labels.items() if text in groups])
    ax.set_ylim(lines - 0.5, -0.5)
    handles, names = ax.get_legend_handles_labels()
    ax.legend(handles[:2], names[:2], loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2, fontsize=9.5)
    ax.annotate(network, (0, 1), (4, 12), ("figure fraction", "axes fraction"), "offset points", fontsize=11)
    alt = f"{network}, share of path activity on the upper half at step {step}, medians over seeds: "
    return figure, alt + "; ".join(told) + "."


@house_style
def dose_response(
    frequencies: Sequence[int],
    shares: Mapping[str, Tensor],
    pulls: Tensor,
    traces: Mapping[str, Tensor],
    steps: Sequence[int],
    frequency: int,
    step: int,
) -> Drawing:
    """Draw the share of paths against the frequency of the other half at `step`, and over steps for one frequency.

    `shares` gives (S, F) by network, `traces` (S, T) for the marked frequency; `pulls` (F,) is the pull of the other
    half at the start, relative to that of the slow half.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.5), sharey=True)
    at = list(frequencies).index(frequency)
    told = []
    for name, values in traces.items():
        colour, line, mark = NETWORKS[name]
        seed_band(left, steps, values, colour, ls=line, lw=2, label=name)
        ring = median(values[:, list(steps).index(step)], 0)
        left.plot(step, ring, "o", ms=8, mfc="white", mec=colour, mew=2, clip_on=False, zorder=5)
        seed_band(right, frequencies, shares[name], colour, ls=line, lw=2, marker=mark, ms=5)
        told.append(f"{name} {median(shares[name][:, at], 0):.2f}")
    right.plot(frequencies, pulls, **ROLES["level"], marker=".", label="relative pull\nof the other half")
    right.legend(fontsize=9, loc="lower left", handlelength=1.6)
    left.legend(fontsize=9, loc="lower right", ncols=2)
    step_axis(left, steps[-1])
    right.axvline(frequency, color=FAINT, lw=1)
    for ax in (left, right):
        ax.axhline(0.5, **ROLES["middle"])
    left.set(ylim=(0, 1.08), ylabel="share of paths, slow half")
    right.set(xscale="log", xlabel="frequency of the other half")
    right.set_xticks(list(frequencies), [str(f) for f in frequencies])
    right.minorticks_off()
    left.axvline(step, color=FAINT, lw=0.8)
    left.set_title(f"frequency {frequency}", fontsize=11)
    right.set_title(f"step {step}", fontsize=11)
    alt = (
        f"Upper half: frequency 1; lower half: frequency {frequency}. At step {step} the upper half's share of paths is "
        f"{' and '.join(told)} (medians over seeds); the lower half's pull at the start is {pulls[at]:.2f} of the upper half's."
    )
    return figure, alt


@house_style
def echo(runs: Mapping[str, Tensor]) -> Drawing:
    """Draw the share of paths on the smooth half over steps, and the mean residual there, for several optimisers.

    `runs` gives (2, S, T) by the optimiser's name, from step 0 on.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.5))
    told = []
    for (name, (shares, residuals)), (colour, line) in zip(
        runs.items(), [(BLUE, "-"), (GREEN, "--"), (RED, "-.")], strict=False
    ):
        steps = range(shares.shape[1])
        middle = seed_band(left, steps, shares, colour, ls=line, lw=2, label=name)
        low = seed_band(right, steps, residuals, colour, ls=line, lw=2, label=name).min()
        told.append(
            f"{name}: share {middle.max():.2f} at its peak, {middle[-1]:.2f} at the end, mean residual at least {low:.2f}"
        )
    left.axhline(0.5, **ROLES["middle"])
    right.axhline(0, **ROLES["level"])
    left.set(xlabel="step", ylabel="share of paths, smooth half", ylim=(0.3, 1))
    right.set(xlabel="step", ylabel="mean residual, smooth half")
    left.legend(fontsize=9, loc="lower right")
    return figure, f"Medians over seeds. {'; '.join(told)}."
