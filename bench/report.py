"""results.json as a page to read: RESULTS.md."""

PEER_ORDER = ("torch", "torch-compile", "libtorch", "sklearn", "jax", "jax-scan", "numpy", "numpy-course",
              "onnxruntime")


def time_text(seconds):
    for unit, scale in (("s", 1), ("ms", 1e3), ("µs", 1e6)):
        if seconds * scale >= 1 or unit == "µs":
            return f"{seconds * scale:.3g} {unit}" if seconds * scale < 1000 else f"{seconds * scale:.0f} {unit}"


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows] + [""]


def own(results, name):
    return results["works"].get(name, {}).get("contestants", {}).get("strata")


def peers(results, name):
    contestants = results["works"][name]["contestants"]
    return {n: e for n, e in contestants.items() if n != "strata" and "times_strata" in e}


def per_call(entry):
    return entry.get("row_median", entry["seconds"])


def needed(mine, aim, value):
    """Why a ratio is missed: the share of the peak that it would take."""
    if not value or value >= aim or "percent_of_peak" not in mine:
        return ""
    return f"; {aim} × would be {mine['percent_of_peak'] * aim / value:.0f} % of the peak"


def targets_of(work, results):
    """(what, aim, reached, passed) of each target; passed is None when it could not be measured."""
    mine = own(results, work.name)
    for kind, aim in work.targets.items():
        if kind == "peak":
            text = f"{aim} % of the peak"
            value = mine and mine.get("percent_of_peak")
            yield text, value and f"{value:.1f} %", value and value >= aim
        elif kind in ("eager", "course"):
            peer, title = {"eager": ("torch", "PyTorch eager"), "course": ("numpy-course", "NumPy course style")}[kind]
            value = mine and peers(results, work.name).get(peer, {}).get("times_strata")
            yield f"{aim} × {title}", value and f"{value:.2f} ×{needed(mine, aim, value)}", value and value >= aim
        elif kind == "fastest":
            others = peers(results, work.name) if mine else {}
            value, name = min(((e["times_strata"], n) for n, e in others.items()), default=(None, None))
            yield (f"{aim} × the fastest peer", value and f"{value:.2f} × ({name}){needed(mine, aim, value)}",
                   value and value >= aim)
        elif kind == "against":
            value = mine and mine.get("times_base")
            yield f"{aim[1]:.3g} × Strata's own {aim[0]}", value and f"{value:.3f} ×", value and value >= aim[1]
        elif kind == "epoch":
            steps = work.net.rows / work.batch
            value = mine and "times_base" in mine and 1 / (mine["times_base"] * steps)
            yield f"at most {aim[1]} × its steps", value and f"{value:.2f} ×", value and value <= aim[1]
        elif kind == "microseconds":
            onnx = results["works"].get(work.name, {}).get("contestants", {}).get("onnxruntime")
            part = mine and onnx and per_call(mine) / per_call(onnx)
            value = mine and per_call(mine) * 1e6
            passed = mine and (value <= aim or bool(part and part <= work.targets["onnx"]))
            yield (f"{aim} µs, or {work.targets['onnx']:.2f} of ONNX Runtime's",
                   value and f"{value:.2f} µs" + (f", {part:.2f}" if part else ""), passed)


def verdict(passed):
    return "not measured" if passed is None else "reached" if passed else "**missed**"


def target_rows(works, results):
    for work in works:
        if work.name not in results["works"]:
            continue
        for what, reached, passed in targets_of(work, results):
            out = results["works"][work.name]["out"].get("strata")
            yield work.title, what, reached or out or "–", verdict(passed)
    yield from product_targets(results.get("products"))
    extras = results.get("extras")
    if extras:
        for title, value, aim, unit in (
                ("`strata --help`", 1e3 * extras["startup"]["strata --help"]["seconds"], 10, "ms"),
                ("the stripped program", extras["sizes"]["strata"], 5, "MB"),
                ("`strata train` on A, peak memory", extras["memory"]["strata train"], 20, "MiB")):
            yield title, f"{aim} {unit}", f"{value:.1f} {unit}", verdict(value <= aim)


def product_targets(products):
    if not products:
        return
    for shape, by_product in products["shapes"].items():
        aim = 90 if min(int(n) for n in shape.split("x")) >= 64 else 70
        reached = {product: libraries["strata"]["percent_of_peak"] for product, libraries in by_product.items()}
        text = ", ".join(f"{product} {reached[product]:.1f} %" for product in ("forward", "dW", "dA"))
        passed = min(reached.values()) >= aim
        yield f"products of {shape.replace('x', '×')}", f"{aim} % of the peak", text, verdict(passed)


def work_tables(results):
    names = [n for n in PEER_ORDER if any(n in w["contestants"] for w in results["works"].values())]
    titles, rows, spread = results["titles"], [], []
    for work in results["works"].values():
        mine = work["contestants"].get("strata")
        cells = [work["title"]]
        for name in ("strata", *names):
            entry = work["contestants"].get(name)
            if not entry:
                cells.append("–")
                continue
            cell = time_text(per_call(entry))
            if "row_p99" in entry:
                cell += f" / {time_text(entry['row_p99'])}"
            if name == "strata":
                cell += f" ({entry['percent_of_peak']:.0f} %)" if "percent_of_peak" in entry else ""
            elif mine:
                times = per_call(entry) / per_call(mine) if "row_median" in entry else entry["times_strata"]
                cell += f" ({times:.2f} ×)"
            cells.append(cell)
        rows.append(cells)
        for name in ("strata", *names):
            entry = work["contestants"].get(name)
            if entry:
                spread.append([work["title"], titles[name], time_text(entry["q1"]), time_text(entry["seconds"]),
                               time_text(entry["q3"]), entry["rounds"], entry["setting"], f"{entry['loss']:.6g}"])
    return (table(["work", "Strata (of the peak)", *(titles[n] for n in names)], rows),
            table(["work", "contestant", "first quartile", "median", "third quartile", "rounds", "setting", "loss after"],
                  spread))


def growth_tables(growth):
    lines = []
    for axis, result in growth.items():
        names = [n for n in ("strata", *PEER_ORDER) if any(n in p["seconds"] for p in result["points"])]
        lines += [f"**{axis}**: {result['title']}", ""]
        lines += table([axis, *names], [[p["value"], *(time_text(p["seconds"][n]) if n in p["seconds"] else "–"
                                                       for n in names)] for p in result["points"]])
    return lines


def product_table(products):
    measured = {name for shape in products["shapes"].values() for entry in shape.values() for name in entry}
    libraries = [name for name in ("strata", "openblas", "onednn") if name in measured]
    rows = [[shape.replace("x", "×"), product,
             *(f"{e[n]['gflops']:.1f} ({e[n]['percent_of_peak']:.0f} %)" if n in e else "–" for n in libraries)]
            for shape, by_product in products["shapes"].items() for product in ("forward", "dW", "dA")
            for e in [by_product[product]]]
    return table(["units × inputs × examples", "product", *libraries], rows)


def absences(results):
    for name, work in results["works"].items():
        for contestant, reason in work["out"].items():
            yield contestant, name, reason


def page(works, results):
    machine = results["machine"]
    titles = results["titles"]
    lines = ["# What was measured", "",
             f"Written by `{results['command']}`. How it is done, and how to read it: [README.md](README.md).", ""]
    lines += [f"- {key}: {value}" for key, value in machine.items()]
    versions = [f"{titles[n]} {g['version']}" + (f" (kernels {g['kernels']})" if "kernels" in g else "")
                for n, g in results["greetings"].items()]
    lines += ["- versions: " + ", ".join(versions), ""]
    lines += ["## The aims", ""] + table(["work", "at least", "reached", ""], target_rows(works, results))
    first, spread = work_tables(results)
    lines += ["## A step, or a call", "",
              "Medians over the rounds. In brackets: Strata's share of the FMA peak that was measured in the same rounds; the "
              "peers' time over Strata's (median of the rounds' ratios; above 1, Strata is faster). One row: median / 99th "
              "percentile of a call.", "", *first]
    if results.get("products"):
        lines += ["## The products of one layer alone", "",
                  f"One thread, float32, GFLOP/s (of the peak, {results['products']['peak_gflops']:.0f}). Google Benchmark, in "
                  "shuffled order.", "", *product_table(results["products"])]
    if results.get("extras"):
        extras = results["extras"]
        lines += ["## Starting, size, memory", ""]
        lines += table(["start to end", "time", "peak memory"],
                       [[f"`{n}`", time_text(e["seconds"]), f"{e['mib']:.0f} MiB"]
                        for n, e in extras["startup"].items()])
        lines += table(["program, stripped", "size"], [[n, f"{s:.2f} MB"] for n, s in extras["sizes"].items()])
        lines += table(["training A (batch 32)", "peak memory of the process"],
                       [[n, f"{m:.1f} MiB"] for n, m in extras["memory"].items()])
    if results.get("growth"):
        lines += ["## How the cost grows", "",
                  "Median time of a step (rows: of a pass over all of them), one thread but where said.", "",
                  "![growth](growth.svg)", "", *growth_tables(results["growth"])]
    lines += ["## Who is absent, and why", ""]
    absent = list(absences(results))
    lines += [f"- {titles.get(c, c)}, {n}: {reason}" for c, n, reason in absent] or ["- nobody"]
    lines += [f"- {text}" for text in results["not_measured"]]
    repeated = sum(work["repeated"] for work in results["works"].values())
    lines += ["", "## The spread", "",
              f"{repeated} runs were repeated because something else took a part of their CPU meanwhile.", "", *spread]
    return "\n".join(lines) + "\n"
