"""The two published runs of the classic course, through the command line.

usage: course.py --program BIN/strata --data DIR --stamps DIR CASE
where DIR has train_catvnoncat.h5, test_catvnoncat.h5 and trajectories.json, and CASE is one of the functions below.
Ends with 77 (skipped) when the whole folder of shared data is absent.
"""

import argparse
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

RUNS = {
    "two_layer": ["--hidden-layers", "7", "--activation", "relu", "--optimizer", "gradient-descent",
                  "--batch-size", "full", "--initializer", "normal:0.01", "--learning-rate", "0.0075"],
    "four_layer": ["--hidden-layers", "20,7,5", "--recipe", "classic", "--learning-rate", "0.0075"],
    # Not published: mini-batches with a last short one, shuffled, another rule and another activation.
    "mini_batches": ["--hidden-layers", "9,4", "--activation", "gelu", "--optimizer", "adam", "--batch-size", "50",
                     "--l2", "0.1"],
}
INPUTS = 12288
EXAMPLES = 209


class Failure(Exception):
    pass


def check(right, message):
    if not right:
        raise Failure(message)


class Course:
    def __init__(self, program, data, folder):
        self.program, self.data, self.folder = program, pathlib.Path(data), pathlib.Path(folder)
        self.published = json.loads((self.data / "trajectories.json").read_text())

    def strata(self, *arguments):
        """Runs the program; gives the lines of JSON that it prints and its peak memory in bytes."""
        command = [self.program, *map(str, arguments)]
        with open(self.folder / "stdout", "w+b") as out, open(self.folder / "stderr", "w+b") as err:
            child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            text, messages = out.read().decode(), err.read().decode()
        check(child.returncode == 0, f"{' '.join(command)}\nended with {child.returncode}:\n{messages}{text[-2000:]}")
        return [json.loads(line) for line in text.splitlines()], usage.ru_maxrss * 1024

    def train(self, run, precision, iterations, model, threads=None, report_every=100):
        arguments = ["train", self.data / "train_catvnoncat.h5", "--inputs", "train_set_x", "--target", "train_set_y",
                     *RUNS[run], "--random", "numpy", "--seed", 1, "--scale", "1/255", "--precision", precision,
                     "--iterations", iterations, "--report-every", report_every, "--json",
                     "--output", self.folder / model]
        if threads:
            arguments += ["--threads", threads]
        lines, memory = self.strata(*arguments)
        costs = {line["iteration"]: line["cost"] for line in lines if line["event"] == "cost"}
        check(len(costs) == sum(line["event"] == "cost" for line in lines), "an iteration is reported twice")
        check(lines[-1]["event"] == "done", f"the last line is {lines[-1]}")
        check(sum(line["event"] == "done" for line in lines) == 1, "there is more than one last line")
        check(lines[-1]["iterations"] == iterations, f"done after {lines[-1]['iterations']} iterations")
        return costs, lines[-1], memory

    def evaluate(self, model):
        lines, _ = self.strata("evaluate", self.folder / model, self.data / "test_catvnoncat.h5",
                               "--inputs", "test_set_x", "--target", "test_set_y", "--json")
        check(len(lines) == 1, f"evaluate printed {len(lines)} lines")
        check(lines[0]["examples"] == 50, f"evaluated on {lines[0]['examples']} examples")
        check(lines[0]["accuracy"] == lines[0]["correct"] / 50, "accuracy is not correct / examples")
        check(lines[0]["loss"] > 0, "no loss")
        return lines[0]["correct"]

    def expect_costs(self, run, precision, costs, tolerance, last):
        published = self.published[run][precision]["cost"]
        expected = {int(i): cost for i, cost in published.items() if int(i) <= last and int(i) % 100 == 0}
        check(set(expected) == set(range(0, last + 1, 100)), "the published costs are not what this test knows")
        worst = 0
        for iteration, cost in expected.items():
            check(iteration in costs, f"no cost is reported at iteration {iteration}")
            worst = max(worst, abs(costs[iteration] / cost - 1))
            check(abs(costs[iteration] / cost - 1) <= tolerance,
                  f"{run}, {precision}: the cost at iteration {iteration} is {costs[iteration]!r}, published {cost!r}")
        print(f"{run}, against {precision}: {len(expected)} costs, largest relative difference {worst:.1e}")


def whole_run_float64(course, run):
    costs, done, memory = course.train(run, "float64", 2500, "cats.strata")
    check(sorted(costs) == list(range(0, 2500, 100)), f"costs at {sorted(costs)}")
    course.expect_costs(run, "float64", costs, 1e-10, 2400)
    published = course.published[run]["float64"]
    check(done["train_correct"] == published["train_correct_of_209"], f"train: {done['train_correct']} of 209 right")
    check(done["train_accuracy"] == done["train_correct"] / EXAMPLES, "train_accuracy is not train_correct / 209")
    # The cost of the final weights: a little below that before the last update, which was published.
    before_last = published["cost"]["2499"]
    check(abs(done["cost"] / before_last - 1) < 0.05, f"final cost {done['cost']}")
    correct = course.evaluate("cats.strata")
    check(correct == published["test_correct_of_50"], f"test: {correct} of 50 right")
    data = INPUTS * EXAMPLES * 8
    print(f"{run}: {done['train_correct']}/209, {correct}/50, {done['seconds']:.1f} s, "
          f"peak memory {memory / 2**20:.1f} MiB, the data {data / 2**20:.1f} MiB")
    check(memory <= data + 64e6, f"peak memory {memory} bytes, the data and 64 MB are {data + 64e6:.0f}")


def two_layer_float64(course):
    whole_run_float64(course, "two_layer")


def four_layer_float64(course):
    whole_run_float64(course, "four_layer")


def float32(course):
    """Float32 follows float64 until a kink of ReLU; at the end it is as good."""
    for run, last in (("two_layer", 700), ("four_layer", 100)):
        costs, done, memory = course.train(run, "float32", 2500, "cats32.strata")
        course.expect_costs(run, "float64", costs, 1e-5, last)
        published = course.published[run]["float64"]
        check(abs(done["train_correct"] - published["train_correct_of_209"]) <= 3, f"{run}: train {done['train_correct']}")
        correct = course.evaluate("cats32.strata")
        check(abs(correct - published["test_correct_of_50"]) <= 3, f"{run}: test {correct}")
        print(f"{run}, float32: {done['train_correct']}/209, {correct}/50, {done['seconds']:.1f} s, "
              f"peak memory {memory / 2**20:.1f} MiB")
        data = INPUTS * EXAMPLES * 8
        check(memory <= data + 64e6, f"peak memory {memory} bytes")


def repetition(course):
    """The same model file, byte for byte, for 1, 2, 3 and 8 threads, and for the same run twice."""
    for run, precision in (("four_layer", "float64"), ("four_layer", "float32"), ("mini_batches", "float32")):
        sums, costs = {}, {}
        for name, threads in (("1", 1), ("2", 2), ("3", 3), ("8", 8), ("2 again", 2)):
            costs[name], _, _ = course.train(run, precision, 41, "threads.strata", threads, report_every=10)
            sums[name] = hashlib.sha256((course.folder / "threads.strata").read_bytes()).hexdigest()
        check(len(set(sums.values())) == 1, f"{run}, {precision}: the model depends on the threads or the run: {sums}")
        check(all(c == costs["1"] for c in costs.values()), f"{run}, {precision}: the costs depend on the threads: {costs}")
        print(f"{run}, {precision}: {sums['1'][:16]}… for 1, 2, 3, 8 threads and twice")


CASES = {case.__name__: case for case in (two_layer_float64, four_layer_float64, float32, repetition)}


def digest(*files):
    """Of everything that a case depends on: the programs, the data, and this file."""
    whole = hashlib.sha256()
    for file in files:
        whole.update(hashlib.sha256(pathlib.Path(file).read_bytes()).digest())
    return whole.hexdigest()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--stamps", required=True, help="folder that remembers what passed")
    parser.add_argument("case", choices=CASES)
    arguments = parser.parse_args()
    # The whole shared folder may be absent; where it is present, a missing file is a failure.
    if not pathlib.Path(arguments.data).parent.exists():
        print("skipped: the shared reference data is not here")
        sys.exit(77)
    # A run takes up to a minute and is the same bits every time: it is not repeated with the very programs and data that
    # passed.
    program = pathlib.Path(arguments.program)
    data = sorted(file for file in pathlib.Path(arguments.data).iterdir() if file.is_file())
    now = digest(program, program.with_name("strata-decode"), __file__, *data)
    stamp = pathlib.Path(arguments.stamps) / f"{arguments.case}.passed"
    if stamp.exists() and stamp.read_text() == now:
        print("passed before with the same programs, data and test")
        return
    stamp.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        try:
            CASES[arguments.case](Course(arguments.program, arguments.data, folder))
        except Failure as failure:
            sys.exit(f"FAILED: {failure}")
    stamp.write_text(now)


if __name__ == "__main__":
    main()
