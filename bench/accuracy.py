"""accuracy.py PROGRAM [--only NAMES] [--seeds N] [-- OPTIONS], or --check: how well do models predict?

Trains on each open table of ../shared/data/tables (manifest.json says where each comes from), predicts the rows that were left
out, and prints the mean over folds and seeds. adult and california: the split of the published papers; the others: five folds.
OPTIONS are given to every training. --check: what the two decisions below promise, and exit code 1 where a figure misses it.
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

# (options, seeds, what is asked of each table: at least, or for an error at most)
CHECKS = (
    # docs/decisions/0007-defaults.md
    (["--recipe", "plain"], 3, {
        "german_credit": {"auc": 0.765},
        "titanic": {"auc": 0.855},
        "wine_quality": {"rmse": 0.680},
        "digits": {"accuracy": 0.970},
        "adult": {"accuracy": 0.850, "auc": 0.905},
        "california": {"rmse": 0.505},
    }),
    # docs/decisions/0018-default-recipe.md, with room for one seed and for other instruction sets; adult takes longer than all others
    ([], 1, {
        "german_credit": {"auc": 0.770},
        "digits": {"log_loss": 0.088},
        "california": {"rmse": 0.440},
    }),
)
ERRORS = ("rmse", "log_loss")


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


def mean_figures(program, table, seeds, options):
    """{figure: its mean over folds and seeds}; two trainings at a time."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(figures_of, program, table, part, seed, options)
                for part in table.part_names for seed in range(1, seeds + 1)]
        results = [job.result() for job in jobs]
    means = {what: statistics.fmean(result[what] for result in results) for what in results[0]}
    print(f"{table.name:14}", " ".join(f"{what} {value:.4f}" for what, value in means.items()), flush=True)
    return means


def check(program, tables):
    """The figures that are missed."""
    for options, seeds, asked in CHECKS:
        print(*(options or ["no options"]))
        for name, figures in asked.items():
            means = mean_figures(program, tables[name], seeds, options)
            for what, value in figures.items():
                if means[what] > value if what in ERRORS else means[what] < value:
                    yield f"{' '.join(options)} {name}: {what} {means[what]:.4f}, asked for {value}".lstrip()


def main():
    words = sys.argv[1:]
    at = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--only")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args(words[:at])
    tables = sets.read()
    if tables is None:
        print(f"skipped: there is no {sets.TABLES}/manifest.json")
        return 77
    program = str(arguments.program.resolve())
    if arguments.check:
        missed = list(check(program, tables))
        print(*missed, sep="\n")
        return 1 if missed else 0
    for name in arguments.only.split(",") if arguments.only else tables:
        mean_figures(program, tables[name], arguments.seeds, words[at + 1:])
    return 0


if __name__ == "__main__":
    sys.exit(main())
