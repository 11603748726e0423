"""accuracy.py PROGRAM [--only NAMES] [--seeds N] [--check] [-- OPTIONS]: how well do models predict that are trained without options?

Trains on each open table of ../shared/data/tables (manifest.json says where each comes from), predicts the rows that were left
out, and prints the mean over folds and seeds. adult and california: the split of the published papers; the others: five folds.
OPTIONS are given to every training. --check: exits with 1 where a figure misses that of docs/decisions/0007-defaults.md.
"""

import argparse
import concurrent.futures
import csv
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

TABLES = pathlib.Path(__file__).resolve().parents[1] / "../shared/data/tables"
# What is asked of the plain default: at least, or for an error at most.
FIGURES = {
    "german_credit": {"auc": 0.775},
    "titanic": {"auc": 0.855},
    "wine_quality": {"rmse": 0.680},
    "digits": {"accuracy": 0.970},
    "adult": {"accuracy": 0.850, "auc": 0.905},
    "california": {"rmse": 0.505},
}


def parts(table):
    """(header, lines to train on, lines to test on) of each split."""
    header, *lines = (TABLES / table["file"]).read_text().splitlines()
    if "published_split_file" in table:
        marks = (TABLES / table["published_split_file"]).read_text().split()[1:]
        tests = ["test"]
    else:
        marks = (TABLES / table["folds_file"]).read_text().split()[1:]
        tests = sorted(set(marks))
    for test in tests:
        yield (header, *([line for line, mark in zip(lines, marks) if (mark == test) == wanted] for wanted in (False, True)))


def auc(truth, score):
    """The area under the ROC curve, by ranks; equal scores share theirs."""
    order = sorted(range(len(score)), key=lambda i: score[i])
    ranks, i = 0.0, 0
    while i < len(order):
        j = i
        while j < len(order) and score[order[j]] == score[order[i]]:
            j += 1
        ranks += sum(truth[k] for k in order[i:j]) * (i + j + 1) / 2
        i = j
    right = sum(truth)
    return (ranks - right * (right + 1) / 2) / (right * (len(truth) - right))


def run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def figures_of(program, table, header, train, test, seed, options):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, lines in (("train.csv", train), ("test.csv", test)):
            (folder / name).write_text("\n".join([header, *lines]) + "\n")
        # A target of few whole numbers is classes unless it is said to be a number.
        task = ["--task", "regression"] if table["task"] == "regression" else []
        target = table["target"]
        done = run([program, "train", "train.csv", "--target", target, "--seed", str(seed), "--threads", "1", "--json", *task, *options],
                   folder)[-1]
        made = run([program, "predict", "model.strata", "test.csv", "--quiet", "--json"], folder)
        truth = [row[target] for row in csv.DictReader(open(folder / "test.csv"))]
    if task:
        squares = [(float(y) - next(iter(each["values"].values()))) ** 2 for y, each in zip(truth, made)]
        figures = {"rmse": statistics.fmean(squares) ** 0.5}
    else:
        figures = {"accuracy": statistics.fmean(each["label"] == y for y, each in zip(truth, made))}
        if table["task"] == "binary":
            positive = list(made[0]["probabilities"])[1]
            figures["auc"] = auc([y == positive for y in truth], [each["probabilities"][positive] for each in made])
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
    if not (TABLES / "manifest.json").exists():
        print(f"skipped: there is no {TABLES}/manifest.json")
        return 77
    tables = {table["name"]: table for table in json.loads((TABLES / "manifest.json").read_text())["tables"]}
    program, missed = str(arguments.program.resolve()), []
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name in arguments.only.split(","):
            jobs = [pool.submit(figures_of, program, tables[name], *part, seed, words[at + 1:])
                    for part in parts(tables[name]) for seed in range(1, arguments.seeds + 1)]
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
