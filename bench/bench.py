"""./dev bench: Strata beside its peers on the same work, interleaved, and what the machine could do at most."""

import argparse
import datetime
import json
import os
import pathlib
import shlex
import subprocess
import sys

import contestants
import extras
import growth
import machine
import measure
import report
import works
from contestants import HERE, ROOT, Workers

BUILD = ROOT / "build/bench"
NOT_MEASURED = ["mlpack: its network classes are C++ only, and neither Debian 12 nor its Python package brings them"]


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no growth: a few minutes")
    parser.add_argument("--only", action="append", metavar="WORK", help="only this work (may be given again); see --list")
    parser.add_argument("--peer", action="append", metavar="NAME", help="only Strata and this peer (may be given again)")
    parser.add_argument("--list", action="store_true", help="list works and contestants, and stop")
    return parser.parse_args()


def chosen(names, every, what):
    known = {x.name: x for x in every}
    for name in names or []:
        if name not in known:
            raise SystemExit(f"bench: there is no {what} '{name}'; there are: {', '.join(known)}")
    return [x for x in every if not names or x.name in names]


def say(text):
    print(text, file=sys.stderr, flush=True)


def show(summary, base):
    own = summary["contestants"].get("strata")
    for name, entry in sorted(summary["contestants"].items(), key=lambda item: item[1]["seconds"]):
        peak = f"{entry['percent_of_peak']:5.1f} % of the peak" if "percent_of_peak" in entry else ""
        times = f"{entry['times_strata']:7.2f} × Strata's time" if own and name != "strata" else ""
        if "times_base" in entry:
            low, high = entry["times_base_quartiles"]
            times = f"{entry['times_base']:7.3f} × the speed of {base} ({low:.3f} to {high:.3f})"
        say(f"  {name:14} {entry['seconds'] * 1e6:12.2f} µs {peak:22} {times}  ({entry['setting']})")


def where():
    peaks = subprocess.run([BUILD / "bin/strata_bench", "peak"], capture_output=True, text=True, check=True).stdout.splitlines()
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": machine.commit(),
        "machine": machine.description(),
        "load when it began": f"{os.getloadavg()[0]:.2f}",
        "peak, registers only": "; ".join(" ".join(line.split()) for line in peaks),
    }


def libraries(python):
    packages = next(python.parent.parent.glob("lib/python3*/site-packages"))
    return {"STRATA_BENCH_OPENBLAS": contestants.library_of(packages, "numpy.libs/libscipy_openblas64_*.so"),
            "STRATA_BENCH_ONEDNN": contestants.library_of(python.parent.parent, "lib/libdnnl.so.3")}


def without_works(python, field, quick):
    """What is measured beside the works."""
    say("products alone")
    products = extras.products(BUILD / "bin/strata_bench", libraries(python), quick)
    say("starting, size, memory")
    bench, program = BUILD / "bin/strata_bench", BUILD / "bin/strata"
    return products, {"startup": extras.startup(bench, program, python, quick),
                      "sizes": extras.sizes([program, BUILD / "bin/strata-decode"], BUILD),
                      "memory": extras.memory(bench, program, field, BUILD)}


def write(results, out):
    (out / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    (out / "RESULTS.md").write_text(report.page(works.WORKS, results))


def main():
    args = arguments()
    python = pathlib.Path(sys.executable)
    everybody = contestants.all_contestants(BUILD, python)
    if args.list:
        for work in works.WORKS:
            print(f"{work.name:12} {work.title}")
        print("contestants: " + ", ".join(c.name for c in everybody))
        return
    field = chosen(args.peer and ["strata", *args.peer], everybody, "contestant")
    todo = chosen(args.only, works.WORKS, "work")
    whole = not (args.only or args.peer)
    results = {"command": shlex.join(["./dev", "bench", *sys.argv[1:]]), "machine": where(),
               "titles": {c.name: c.title for c in everybody}, "works": {}, "not_measured": NOT_MEASURED, "greetings": {}}
    rounds, seconds = (5, 5) if args.quick else (15, 20)
    workers = Workers()
    try:
        for work in todo:
            say(f"{work.name}: {work.title}")
            results["works"][work.name] = measure.measure(work, field, workers, BUILD, rounds, seconds, say).summary()
            show(results["works"][work.name], work.base and work.base.name)
            results["greetings"] = workers.greetings
            write(results, BUILD)  # what is there if the run is stopped
        if whole and not args.quick:
            results["growth"] = growth.grow(field, workers, BUILD, say)
    finally:
        workers.close()
    if whole:
        results["products"], results["extras"] = without_works(python, field, args.quick)
    # Only a full run replaces the published page.
    out = HERE if whole and not args.quick else BUILD
    if "growth" in results:
        growth.draw(results["growth"], out / "growth.svg")
    write(results, out)
    say(f"The results: {(out / 'RESULTS.md').relative_to(ROOT)}")


if __name__ == "__main__":
    main()
