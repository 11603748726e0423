"""How the cost of a step grows with units, layers, batch, rows and threads: one base net, one number varied."""

import measure
from contestants import cpus
from works import Net, Work

LOSS, RATE = "categorical_cross_entropy", {"gradient_descent": 0.02}
PEERS = ("strata", "torch", "libtorch", "jax-scan", "numpy")


def point(axis, value, layers, batch, rows, flops_of_a_run, threads=1, count=None):
    net = Net(tuple(layers), LOSS, rows, RATE)
    work = Work(f"grow-{axis}-{value}", f"{axis} {value}", net, f"grow-{'-'.join(map(str, layers))}-{rows}", batch, 1,
                threads=threads)
    steps = count or max(2, min(400, round(flops_of_a_run / work.flops)))
    return value, Work(work.name, work.title, net, work.data, batch, steps, threads=threads)


def axes():
    run = 5e8  # FLOPs
    yield "units", "units of each of two hidden layers (256 inputs, batch 64)", [
        point("units", n, (256, n, n, 10), 64, 1024, run) for n in (16, 32, 64, 128, 256, 512, 1024)]
    yield "layers", "hidden layers of 128 units (batch 64)", [
        point("layers", n, (128, *(128,) * n, 10), 64, 1024, run) for n in (1, 2, 4, 8, 16)]
    yield "batch", "examples in a batch (64-128-64-10)", [
        point("batch", m, (64, 128, 64, 10), m, 4096, run) for m in (1, 4, 16, 64, 256, 1024, 4096)]
    yield "rows", "rows, all once in batches of 64 (64-128-64-10)", [
        point("rows", rows, (64, 128, 64, 10), 64, rows, run, count=rows // 64) for rows in (1024, 4096, 16384, 65536)]
    yield "threads", "threads (784-512-512-10, batch 128)", [
        point("threads", t, (784, 512, 512, 10), 128, 4096, run, threads=t, count=40) for t in range(1, len(cpus()) + 1)]


def grow(field, workers, folder_root, say):
    results, field = {}, [c for c in field if c.name in PEERS]
    for axis, title, points in axes():
        say(f"growth with {axis}")
        results[axis] = {"title": title, "points": []}
        for value, work in points:
            done = measure.measure(work, field, workers, folder_root, 5, 3, say, trains=False).summary()
            seconds = {name: entry["seconds"] * (work.count if axis == "rows" else 1)
                       for name, entry in done["contestants"].items()}
            results[axis]["points"].append({"value": value, "seconds": seconds, "flops": work.flops,
                                            "peak_gflops": done.get("peak_gflops")})
    return results


def draw(results, path):
    """One chart an axis; both scales logarithmic but for threads, the floor (all FLOPs at the measured peak) dashed."""
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "strata"
    from matplotlib import pyplot

    figure, places = pyplot.subplots(1, len(results), figsize=(4 * len(results), 3.6), layout="constrained")
    for place, (axis, result) in zip(places, results.items()):
        points = result["points"]
        values = [p["value"] for p in points]
        for name in PEERS:
            known = [(p["value"], 1e6 * p["seconds"][name]) for p in points if name in p["seconds"]]
            if known:
                place.plot(*zip(*known), marker="o", markersize=3, label=name, linewidth=2.2 if name == "strata" else 1.1)
        if all(p["peak_gflops"] for p in points):
            times = [v / 64 if axis == "rows" else 1 for v in values]
            floor = [1e6 * n * p["flops"] / (p["peak_gflops"] * 1e9) for n, p in zip(times, points)]
            place.plot(values, floor, "k--", linewidth=0.8, label="all FLOPs at the peak")
        place.set(xlabel=result["title"], title=f"growth with {axis}")
        if axis == "threads":  # less than a decade
            place.set_ylim(bottom=0)
        else:
            place.set(yscale="log")
            place.set_xscale("log", base=2)
            place.minorticks_off()
        place.set_xticks(values, [str(v) for v in values], fontsize=7)
        place.xaxis.label.set_size(8)
    places[0].set_ylabel("µs a step (rows: a pass)")
    places[0].legend(fontsize=7)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
