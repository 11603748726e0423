"""./dev regress OLD [NEW]: is the new commit slower? The benchmark programs of both run the same works in interleaved
pairs, old first in one pair and new first in the next; what counts is the median of the pairs' ratios. Within 2 % is noise;
a work that is more than 10 % slower (--limit) fails."""

import argparse
import statistics
import sys

import commits
import measure
import works
from contestants import ROOT, Contestant, Gone, Worker, cpus

NOISE, LIMIT = 0.02, 10.0  # a part; per cent
USUAL = ("A-32", "A-32-adam", "A-256", "B", "C", "C-adam", "C-2t", "D", "D-f64", "row-A", "row-C", "rows-A", "rows-C")
TARGETS = ("strata_bench",)


def arguments():
    parser = argparse.ArgumentParser(prog="./dev regress", description=__doc__)
    parser.add_argument("old", help="a commit, tag or branch")
    parser.add_argument("new", nargs="?", help="another one (default: the working tree)")
    parser.add_argument("--only", action="append", metavar="WORK", help="only this work (may be given again); see ./dev bench --list")
    parser.add_argument("--pairs", type=int, default=15, help="pairs of runs of each work (default: 15)")
    parser.add_argument("--limit", type=float, default=LIMIT, metavar="PERCENT", help=f"how much slower a work may be (default: {LIMIT:g})")
    return parser.parse_args()


def build(reference):
    """The benchmark program of a commit; of None, that of the working tree."""
    where = commits.worktree(reference, "regress")
    if not (where / "bench/engine.cpp").exists():
        raise SystemExit(f"regress: {reference} ({where.name}) has no bench/: there is nothing to compare with before it")
    print(f"building {reference or 'the working tree'}", file=sys.stderr, flush=True)
    commits.build(where, "bench", "--parallel", str(len(cpus())), "--target", *TARGETS)
    return where / "build/bench/bin/strata_bench"


def seconds_of(worker, measurement, folder):
    answer = measure.run_undisturbed(measurement, worker, folder)
    return answer.get("median", answer["seconds"] / measurement.work.count), answer["loss"]


def compare(work, old, new, pairs):
    """The ratios new/old of the pairs. Throws Gone when one of them cannot do the work."""
    folder, _ = works.write(work, ROOT / "build/bench")
    for worker in (old, new):
        worker.ask(f"run {folder} {work.count}")  # touches its memory
    ratios, measurement = [], measure.Measurement(work)
    for pair in range(pairs):
        order = (old, new) if pair % 2 == 0 else (new, old)
        results = {worker: seconds_of(worker, measurement, folder) for worker in order}
        if not measure.agrees(work, results[new][1], results[old][1]):
            raise SystemExit(f"regress: {work.name}: the loss is {results[new][1]:.6g}, it was {results[old][1]:.6g}")
        ratios.append(results[new][0] / results[old][0])
    for worker in (old, new):
        worker.ask(f"forget {folder}")
    return ratios


def verdict(ratio, limit=LIMIT):
    if abs(ratio - 1) <= NOISE:
        return "the same"
    return "faster" if ratio < 1 else "slower" if ratio <= 1 + limit / 100 else "TOO SLOW"


def main():
    args = arguments()
    known = {work.name: work for work in works.WORKS}
    names = args.only or USUAL
    for name in names:
        if name not in known:
            raise SystemExit(f"regress: there is no work '{name}'; there are: {', '.join(known)}")
    programs = {"old": build(args.old), "new": build(args.new)}
    failed, compared = [], 0
    print(f"{'work':12} {'new/old':>8} {'quartiles':>15}")
    for threads in sorted({known[name].threads for name in names}):
        old, new = (Worker(Contestant(side, side, (str(program), "worker")), threads, "passive")
                    for side, program in programs.items())
        for work in (known[name] for name in names if known[name].threads == threads):
            try:
                ratios = compare(work, old, new, args.pairs)
            except Gone as reason:
                print(f"{work.name:12} not compared: {reason}", flush=True)
                continue
            compared += 1
            ratio, (q1, _, q3) = statistics.median(ratios), measure.quartiles(ratios)
            said = verdict(ratio, args.limit)
            print(f"{work.name:12} {ratio:8.3f} {q1:7.3f} {q3:7.3f}  {said}", flush=True)
            if said == "TOO SLOW":
                failed.append(work.name)
        old.close()
        new.close()
    if compared == 0:
        raise SystemExit("regress: nothing was compared")
    if failed:
        raise SystemExit(f"regress: more than {args.limit:g} % slower: {', '.join(failed)}")


if __name__ == "__main__":
    main()
