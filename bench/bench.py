"""./dev bench: Strata beside its peers on the same work, interleaved, and what the machine could do at most."""

import argparse
import json
import os
import pathlib
import sys
import time

import contestants
import measure
import works
from contestants import ROOT, Workers

BUILD = ROOT / "build/bench"


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no growth: a few minutes")
    parser.add_argument("--only", action="append", metavar="WORK", help="only this work (may be given again); see --list")
    parser.add_argument("--peer", action="append", metavar="NAME", help="only Strata and this peer (may be given again)")
    parser.add_argument("--list", action="store_true", help="list works and contestants, and stop")
    parser.add_argument("--out", type=pathlib.Path, help="where the results go (default: bench/ for a full run, else build/bench/)")
    return parser.parse_args()


def chosen(names, every, what):
    known = {x.name: x for x in every}
    for name in names or []:
        if name not in known:
            raise SystemExit(f"bench: there is no {what} '{name}'; there are: {', '.join(known)}")
    return [x for x in every if not names or x.name in names]


def say(text):
    print(text, file=sys.stderr, flush=True)


def show(summary):
    own = summary["contestants"].get("strata")
    for name, entry in sorted(summary["contestants"].items(), key=lambda item: item[1]["seconds"]):
        peak = f"{entry['percent_of_peak']:5.1f} % of the peak" if "percent_of_peak" in entry else ""
        times = f"{entry['times_strata']:7.2f} × Strata's time" if own and name != "strata" else ""
        say(f"  {name:14} {entry['seconds'] * 1e6:12.2f} µs {peak:22} {times}  ({entry['setting']})")


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
    rounds, seconds = (5, 6) if args.quick else (15, 25)
    workers, results = Workers(), {}
    try:
        for work in todo:
            say(f"{work.name}: {work.title}")
            results[work.name] = measure.measure(work, field, workers, BUILD, rounds, seconds, say).summary()
            show(results[work.name])
    finally:
        workers.close()
    out = args.out or BUILD
    (out / "results.json").write_text(json.dumps({"works": results, "greetings": workers.greetings}, indent=1))


if __name__ == "__main__":
    main()
