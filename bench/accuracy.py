"""accuracy.py PROGRAM [--only NAMES] [--seeds N] [--check] [-- OPTIONS]: how well do models predict that are trained without options?

Trains on each open table of ../shared/data/tables (manifest.json says where each comes from), predicts the rows that were left
out, and prints the mean over folds and seeds. adult and california: the split of the published papers; the others: five folds.
OPTIONS are given to every training. --check: exits with 1 where a figure misses that of docs/decisions/0007-defaults.md.
"""

import argparse
import concurrent.futures
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from tables import field, scores, sets

# What is asked of the plain default: at least, or for an error at most.
FIGURES = {
    "german_credit": {"auc": 0.775},
    "titanic": {"auc": 0.855},
    "wine_quality": {"rmse": 0.680},
    "digits": {"accuracy": 0.970},
    "adult": {"accuracy": 0.850, "auc": 0.905},
    "california": {"rmse": 0.505},
}


def run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


def figures_of(program, table, part, seed, options):
    way = field.Contestant("", "", "", tuple(options))
    train, predict = field.commands(way, table, seed, 1, program)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        table.part(part).write(folder)
        done = json.loads(run(train, folder).splitlines()[-1])
        run(predict, folder)
        classes, rows = scores.read_predictions(folder / "predictions.csv")
        figures = scores.figures(table.task, sets.truth(folder / "test.csv", table.target), classes, rows)
    return {**figures, "epochs": done["epochs"], "seconds": done["seconds"]}


def main():
    words = sys.argv[1:]
    at = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--only", default=",".join(FIGURES))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args(words[:at])
    tables = sets.read()
    if tables is None:
        print(f"skipped: there is no {sets.TABLES}/manifest.json")
        return 77
    program, missed = str(arguments.program.resolve()), []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name in arguments.only.split(","):
            jobs = [pool.submit(figures_of, program, tables[name], part, seed, words[at + 1:])
                    for part in tables[name].part_names for seed in range(1, arguments.seeds + 1)]
            results = [job.result() for job in jobs]
            means = {what: statistics.fmean(result[what] for result in results) for what in results[0]}
            print(f"{name:14}", " ".join(f"{what} {value:.4f}" for what, value in means.items()), flush=True)
            for what, asked in FIGURES.get(name, {}).items():
                if means[what] > asked if what == "rmse" else means[what] < asked:
                    missed.append(f"{name}: {what} {means[what]:.4f}, asked for {asked}")
    print(*missed, sep="\n")
    return 1 if arguments.check and missed else 0


if __name__ == "__main__":
    sys.exit(main())
