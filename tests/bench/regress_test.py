#!/usr/bin/env python3
"""./dev regress must go red where it should: its verdicts on times that are made up here, not measured."""

import contextlib
import io
import pathlib
import sys
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))

import measure
import regress
import works
from contestants import Gone


class FakeWorker:
    """Answers as the benchmark program does. times[side] and loss[side]: one number a run, the last one again and again."""

    times, loss, gone, asked = {}, {}, {}, []

    def __init__(self, contestant, threads, wait):
        self.side, self.runs = contestant.name, {}

    def ask(self, line, timeout=300):
        word, folder, *rest = line.split()
        if self.side in self.gone.get(folder, ()):
            raise Gone("it cannot do this")
        if word == "forget":
            return {}
        run = self.runs[folder] = self.runs.get(folder, -1) + 1
        self.asked.append(self.side)
        at = lambda numbers: numbers[min(run, len(numbers) - 1)]
        return {"seconds": at(self.times[folder][self.side]) * int(rest[0]), "loss": at(self.loss[self.side]), "cpu_share": 1}

    def close(self):
        pass


def run(times, *options, loss=None, gone=None):
    """(exit code, what it printed, what it ended with). times[work]: {"old": seconds, "new": seconds}, the first run of which
    only touches memory."""
    FakeWorker.times = {work: {side: [99, *seconds] for side, seconds in sides.items()} for work, sides in times.items()}
    FakeWorker.loss = {"old": [0.5], "new": [0.5], **(loss or {})}
    FakeWorker.gone, FakeWorker.asked = gone or {}, []
    only = [word for work in times for word in ("--only", work)]
    out = io.StringIO()
    with (mock.patch.object(regress, "Worker", FakeWorker), mock.patch.object(regress, "build", lambda reference: reference),
          mock.patch.object(works, "write", lambda work, root: (work.name, 1.0)), mock.patch.object(measure, "REST", 0),
          mock.patch.object(sys, "argv", ["regress", "old", *only, *options]), contextlib.redirect_stdout(out)):
        try:
            regress.main()
        except SystemExit as end:
            return 1 if isinstance(end.code, str) else end.code, out.getvalue(), str(end.code)
    return 0, out.getvalue(), ""


class Regress(unittest.TestCase):
    def test_verdicts(self):
        for ratio, said in ((0.5, "faster"), (0.979, "faster"), (0.981, "the same"), (1, "the same"), (1.019, "the same"),
                            (1.021, "slower"), (1.099, "slower"), (1.101, "TOO SLOW"), (3, "TOO SLOW"), (float("nan"), "TOO SLOW")):
            self.assertEqual(regress.verdict(ratio), said, ratio)

    def test_quartiles(self):
        self.assertEqual(measure.quartiles([5, 1, 4, 2, 3]), (2, 3, 4))
        self.assertEqual(measure.quartiles([7]), (7, 7, 7))

    def test_losses_agree_relatively(self):
        work = next(work for work in works.WORKS if work.name == "C")
        far, near = 1 + 1.1 * work.tolerance, 1 + 0.9 * work.tolerance
        for loss, reference, same in ((2, 2, True), (2 * near, 2, True), (2 * far, 2, False), (0.01 * far, 0.01, False),
                                      (float("nan"), 2, False), (float("inf"), 2, False), (2, float("inf"), False)):
            self.assertEqual(measure.agrees(work, loss, reference), same, (loss, reference))

    def test_too_slow_fails(self):
        code, out, end = run({"A-32": {"old": [1], "new": [1.2]}, "C": {"old": [1], "new": [1.09]}}, "--pairs", "3")
        self.assertEqual(code, 1)
        self.assertRegex(out, r"A-32 +1\.200 +1\.200 +1\.200 +TOO SLOW\n")
        self.assertRegex(out, r"C +1\.090 .* slower\n")
        self.assertRegex(end, "slower: A-32$")

    def test_the_limit_is_an_option(self):
        code, _, end = run({"C": {"old": [1], "new": [1.04]}}, "--limit", "3")
        self.assertEqual((code, end), (1, "regress: more than 3 % slower: C"))
        self.assertEqual(run({"C": {"old": [1], "new": [1.029]}}, "--limit", "3")[0], 0)
        self.assertEqual(run({"C": {"old": [1], "new": [1.09]}}, "--limit", "10")[0], 0)

    def test_faster_and_the_same_pass(self):
        code, out, _ = run({"A-32": {"old": [1.2], "new": [1]}, "C": {"old": [1], "new": [1.01]}})
        self.assertEqual(code, 0)
        self.assertRegex(out, r"A-32 +0\.833 .* faster\n")
        self.assertRegex(out, r"C +1\.010 .* the same\n")

    def test_one_run_that_was_disturbed_does_not_count(self):
        self.assertEqual(run({"C": {"old": [1], "new": [1, 9, 1]}}, "--pairs", "5")[0], 0)
        self.assertEqual(run({"C": {"old": [1, 9, 1], "new": [1.2]}}, "--pairs", "5")[0], 1)

    def test_pairs_begin_with_either_in_turn(self):
        run({"C": {"old": [1], "new": [1]}}, "--pairs", "3")
        self.assertEqual(FakeWorker.asked, ["old", "new"] + ["old", "new", "new", "old", "old", "new"])

    def test_another_loss_is_no_measurement(self):
        code, _, end = run({"C": {"old": [1], "new": [1]}}, loss={"new": [0.5, 0.5, 0.6]})
        self.assertEqual(code, 1)
        self.assertIn("C: the loss is 0.6, it was 0.5", end)

    def test_what_one_of_them_cannot_do_is_left_out(self):
        times = {"A-32": {"old": [1], "new": [1]}, "C": {"old": [1], "new": [1]}}
        code, out, _ = run(times, gone={"C": ["old"]})
        self.assertEqual(code, 0)
        self.assertRegex(out, r"C +not compared: it cannot do this\n")
        code, _, end = run(times, gone={"C": ["old"], "A-32": ["new"]})
        self.assertEqual((code, end), (1, "regress: nothing was compared"))

    def test_an_unknown_work_is_refused(self):
        self.assertEqual(run({"Z": {}})[0], 1)


if __name__ == "__main__":
    unittest.main()
