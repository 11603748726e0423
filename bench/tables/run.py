"""One run: a training and a prediction, each a process of its own, in a folder that holds nothing but the split."""

import json
import pathlib
import subprocess
import sys
import tempfile

from tables import field, scores, sets

LAUNCH = pathlib.Path(__file__).resolve().parent / "launch.py"


class Failed(Exception):
    """The process of a contestant ended with an error: its last words."""


def launched(command, folder, environment):
    """(seconds from its start to its end, peak bytes, what it printed)."""
    done = subprocess.run([sys.executable, "-I", "-S", LAUNCH, *command], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(done.stderr.strip().splitlines()[-1])
    code, seconds, peak = done.stdout.split()
    if int(code) != 0:
        words = (folder / "err").read_text(errors="replace").strip().splitlines() or ["it said nothing"]
        raise Failed(f"code {code}: {words[-1]}")
    return float(seconds), int(peak), (folder / "out").read_text().splitlines()


def measure(contestant, table, part, seed, threads, program):
    """(run, classes, rows): figures, seconds, bytes, and the predictions."""
    environment = field.environment(threads)
    train, predict = field.commands(contestant, table, seed, threads, program)
    with tempfile.TemporaryDirectory(prefix="bench-tables-") as folder:
        folder = pathlib.Path(folder)
        part.write(folder)
        train_seconds, train_peak, said = launched(train, folder, environment)
        told = json.loads(said[-1])
        model = folder / ("model.strata" if contestant.ours else "model.pickle")
        run = {"train_seconds": train_seconds, "train_peak": train_peak, "model_bytes": model.stat().st_size}
        predict_seconds, predict_peak, said = launched(predict, folder, environment)
        run |= {"predict_seconds": predict_seconds, "predict_peak": predict_peak}
        if contestant.ours:
            run |= {"epochs": told["epochs"]}
        else:  # without what Python and its libraries need to load
            predicted = json.loads(said[-1])
            run |= {"train_seconds": told["seconds"], "train_reading": told["reading"], "predict_seconds": predicted["seconds"],
                    "predict_reading": predicted["reading"]}
        classes, rows = scores.read_predictions(folder / "predictions.csv")
        run["figures"] = scores.figures(table.task, sets.truth(folder / "test.csv", table.target), classes, rows)
    return run, classes, rows
