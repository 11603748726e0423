#!/usr/bin/env python3
"""./dev bench-tables: its scores against known values, and its page from runs that are made up here. No peer is needed."""

import contextlib
import io
import json
import math
import pathlib
import random
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))

import bench_tables
import machine
from tables import field, kept, page, run, scores, sets


def table(name, task="binary", parts=("0", "1"), rows=100):
    return sets.Table(pathlib.Path("."), name, task, "y", rows, 3, f"{name}.csv", f"{name}.folds.csv", parts == ("test",), parts)


def made(metric, value, **others):
    figures = {"auc": {"accuracy": 0.5, "log_loss": 0.6}, "log_loss": {"accuracy": 0.5}, "rmse": {}}[metric]
    return {"figures": {**figures, metric: value}, "train_seconds": 2.0, "predict_seconds": 0.5, "train_peak": 3e6,
            "predict_peak": 2e6, "model_bytes": 5e5, **others}


class Scores(unittest.TestCase):
    def test_auc(self):
        for truth, score, area in (([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], 0.75), ([0, 1], [1, 2], 1), ([1, 0], [1, 2], 0),
                                   ([0, 1, 0, 1], [5, 5, 5, 5], 0.5), ([0, 0, 1, 1, 1], [1, 2, 2, 3, 0], 3.5 / 6)):
            pairs = [(a > b) + (a == b) / 2 for a, p in zip(score, truth) if p for b, n in zip(score, truth) if not n]
            self.assertAlmostEqual(scores.auc(truth, score), sum(pairs) / len(pairs))
            self.assertAlmostEqual(scores.auc(truth, score), area)

    def test_log_loss_and_accuracy(self):
        classes, rows = ["a", "b", "c"], [[0.5, 0.25, 0.25], [0.1, 0.2, 0.7], [0.6, 0.4, 0.0]]
        found = scores.figures("multiclass", ["a", "b", "a"], classes, rows)
        self.assertAlmostEqual(found["log_loss"], -(math.log(0.5) + math.log(0.2) + math.log(0.6)) / 3)
        self.assertAlmostEqual(found["accuracy"], 2 / 3)
        self.assertAlmostEqual(scores.log_loss(["c"], classes, rows[2:]), -math.log(1e-15))

    def test_two_classes(self):
        found = scores.figures("binary", ["no", "yes", "no", "yes"], ["no", "yes"], [[1 - p, p] for p in (0.1, 0.4, 0.35, 0.8)])
        self.assertAlmostEqual(found["auc"], 1)
        self.assertAlmostEqual(found["accuracy"], 0.75)

    def test_rmse(self):
        self.assertAlmostEqual(scores.figures("regression", ["1", "2.5", "-3"], ["y"], [[1], [4.5], [-4]])["rmse"], math.sqrt(5 / 3))

    def test_errors_are_small_where_it_is_good(self):
        self.assertAlmostEqual(scores.error("auc", 0.9), 0.1)
        self.assertEqual((scores.error("rmse", 0.4), scores.error("log_loss", 0.3)), (0.4, 0.3))


class Sets(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def test_splits(self):
        self.assertIsNone(sets.read(self.folder))
        entry = {"name": "toy", "task": "binary", "target": "y", "rows": 4, "n_features": 1, "file": "t.csv", "folds_file": "f.csv"}
        (self.folder / "t.csv").write_text('x,y\n1,a\n"2,0",b\n3,a\n4,b\n')
        (self.folder / "f.csv").write_text("fold\n1\n0\n1\n0\n")
        (self.folder / "s.csv").write_text("part\ntrain\ntrain\ntrain\ntest\n")
        write = lambda **more: (self.folder / "manifest.json").write_text(json.dumps({"tables": [{**entry, **more}]}))
        write()
        toy = sets.read(self.folder)["toy"]
        self.assertEqual(toy.part_names, ("0", "1"))
        self.assertEqual(toy.first_part().part_names, ("0",))
        toy.part("0").write(self.folder)
        self.assertEqual((self.folder / "train.csv").read_text(), "x,y\n1,a\n3,a\n")
        self.assertEqual(sets.truth(self.folder / "test.csv", "x"), ["2,0", "4"])
        write(published_split_file="s.csv")
        toy = sets.read(self.folder)["toy"]
        self.assertEqual((toy.part_names, len(toy.part("test").train), toy.part("test").test), (("test",), 3, ("4,b",)))

    def test_predictions(self):
        file = self.folder / "p.csv"
        file.write_text("label,probability_a,probability_b\na,0.75,0.25\n")
        self.assertEqual(scores.read_predictions(file), (["a", "b"], [[0.75, 0.25]]))
        file.write_text("y\n1.5\n2\n")
        self.assertEqual(scores.read_predictions(file), (["y"], [[1.5], [2]]))


class Keeping(unittest.TestCase):
    def setUp(self):
        self.file = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "a/one.json"

    def test_predictions_come_back_near(self):
        draw = random.Random(1)
        for classes in (["y"], ["a", "b"], ["a", "b", "c"]):
            rows = [[draw.expovariate(1) + 1e-12 for _ in classes] for _ in range(200)]
            if len(classes) > 1:
                rows = [[p / sum(row) for p in row] for row in rows] + [[1.0, 0.0, 0.0][:len(classes)]]
            again, near = kept.unpack(json.loads(json.dumps(kept.pack(classes, rows))))
            self.assertEqual(again, classes)
            scale = max(max(row) for row in rows)
            for row, other in zip(rows, near, strict=True):
                for a, b in zip(row, other, strict=True):
                    self.assertAlmostEqual(a, b, delta=scale / 2**11 if len(classes) == 1 else 0.016)
        self.assertEqual(kept.unpack(kept.pack(["y"], [[3.0], [3.0]]))[1], [[3.0], [3.0]])

    def test_runs_are_kept_and_read(self):
        place = {"machine": "m", "began": "today"}
        one = kept.Kept(self.file, {"program": "p"})
        one.add(kept.Kept.key("t", "0", 1), {"figures": {}}, place)
        one.add(kept.Kept.key("t", "1", 1), {"figures": {}}, {**place, "began": "tomorrow"})
        one.add(kept.Kept.key("u", "0", 2), {"figures": {}}, {**place, "machine": "n"})
        again = kept.Kept(self.file, {"program": "p"})
        self.assertEqual(set(again.of("t")), {("0", 1), ("1", 1)})
        self.assertEqual([one["machine"] for one in again.used_places()], ["m", "n"])
        again.forget({"u/0/2"})
        self.assertEqual([one["machine"] for one in kept.Kept(self.file).used_places()], ["m"])
        self.assertEqual(kept.Kept(self.file, {"program": "q"}).runs, {})
        self.assertEqual([path.name for path in self.file.parent.iterdir()], ["one.json"])


class Page(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.tables = {"small": table("small"), "numbers": table("numbers", "regression", ("test",))}
        self.contestants = [field.Contestant("strata", "Ours", "no option"), field.Contestant("strata-bag", "Our bag", "", bag=True),
                            field.Contestant("one", "One", "as it is", package="p"),
                            field.Contestant("same", "Same", "", package="p", same_for_numbers="one")]
        self.kept = {one.name: kept.Kept(self.folder / one.name) for one in self.contestants}
        self.seeds = {one.name: [1, 2] if one.ours else [1] for one in self.contestants}

    def add(self, name, table, values, **others):
        """values: {part: value of each seed}"""
        metric = scores.METRIC[self.tables[table].task]
        for part, of_seeds in values.items():
            for seed, value in enumerate(of_seeds, 1):
                place = {"machine": f"of {name}", "began": "now"}
                self.kept[name].add(kept.Kept.key(table, part, seed), made(metric, value, **others), place)

    def results(self):
        return page.Results(self.contestants, self.tables, self.kept, self.seeds)

    def page(self, absent=(), failed=()):
        return page.page(self.results(), self.kept, "./dev bench-tables", 2, dict(absent), dict(failed), "Few rows.\n")

    def add_all(self):
        self.add("strata", "small", {"0": [0.8, 0.9], "1": [0.7, 0.8]}, train_seconds=1.25)
        self.kept["strata"].runs["small/1/1"]["train_peak"] = 1e6  # the largest counts
        self.add("strata", "numbers", {"test": [0.5, 0.5]})
        self.add("strata-bag", "small", {"0": [0.9, 0.94]})
        self.add("strata-bag", "numbers", {"test": [0.4, 0.4]})
        self.add("one", "small", {"0": [0.8], "1": [0.8]})
        self.add("one", "numbers", {"test": [0.4]})
        self.add("same", "small", {"0": [0.95], "1": [0.85]})

    def test_means_over_parts_and_seeds(self):
        self.add_all()
        mine = self.results().all["strata", "small"]
        self.assertAlmostEqual(mine.figures["auc"], 0.8)
        self.assertAlmostEqual(mine.spread, math.sqrt(0.005))  # of 0.75 and 0.85
        self.assertEqual((mine.runs, mine.seconds, mine.peaks), (4, (1.25, 0.5), (3e6, 2e6)))
        self.assertAlmostEqual(self.results().first["strata", "small"].figures["auc"], 0.85)
        self.assertIsNone(self.results().all["one", "small"].spread)

    def test_a_seed_or_a_part_that_lacks_is_no_result(self):
        self.add_all()
        self.kept["strata"].forget({"small/1/2"})
        self.assertNotIn(("strata", "small"), self.results().all)
        self.assertIn(("strata", "small"), self.results().first)

    def test_ranks_and_ties(self):
        self.add_all()
        results = self.results()
        tables, ranks = results.ranks(results.first, self.contestants)
        self.assertEqual([table.name for table in tables], ["small", "numbers"])
        self.assertEqual(ranks, {"strata": [3, 4], "strata-bag": [2, 2], "one": [4, 2], "same": [1, 2]})
        singles = [one for one in self.contestants if not one.bag]
        self.assertEqual(results.ranks(results.all, singles)[1], {"strata": [2.5, 3], "one": [2.5, 1.5], "same": [1, 1.5]})
        text = self.page()
        self.assertIn("| Same | 1.25 | 1 | 1.5 |\n| One | 2.00 | 2.5 | 1.5 |\n| Ours | 2.75 | 2.5 | 3 |", text)
        self.assertIn("| Same | 1.50 | 1 | 2 |\n| Our bag | 2.00 | 2 | 2 |\n| One | 3.00 | 4 | 2 |\n| Ours | 3.50 | 3 | 4 |", text)

    def test_every_number_is_there(self):
        self.add_all()
        text = self.page()
        self.assertIn("| Ours | 0.8000 (0.8500) | 0.0707 | 0.5000 | 0.6000 | 1.25 | 0.5 | 3 | 2 | 0.5 | 4 |", text)
        self.assertIn("| Our bag | 0.4000 | 0.0000 | 2 | 0.5 | 3 | 2 | 0.5 | 2 |", text)
        self.assertIn("- Our bag: machine of strata-bag, began now", text)
        self.assertIn("## What was not run\n\nEverything was.\n", text)

    def test_what_was_lost(self):
        self.add_all()
        text = self.page()
        self.assertIn("| Ours | small | AUC 0.8000 | Same 0.9000 | 100.0 % more error | 0.0707 |", text)
        self.assertIn("| Ours | numbers | RMSE 0.5000 | One 0.4000 | 25.0 % more error | 0.0000 |", text)
        self.assertIn("| Our bag, first part | small | AUC 0.9200 | Same 0.9500 | 60.0 % more error | 0.0283 |", text)
        self.assertNotIn("| Our bag, first part | numbers", text)
        self.assertIn("\n\nFew rows.\n\n## Every table", text)

    def test_what_was_not_run_is_said(self):
        self.add("strata", "small", {"0": [0.8, 0.9], "1": [0.7, 0.8]})
        self.add("one", "small", {"0": [0.8], "1": [0.8]})
        text = self.page(absent={"same": "p cannot be had here"}, failed={"one numbers": "code 1: no memory"})
        self.assertIn("- Ours: numbers\n- Our bag: everything\n- One: numbers\n- Same: p cannot be had here\n"
                      "- failed: one numbers: code 1: no memory\n", text)
        self.assertIn("Without numbers, which not all of these have run.", text)
        self.assertIn("| default, california | RMSE 0.460 in 60 s | not run | not measured |", text)
        self.assertIn("### numbers\n\n100 rows, 3 inputs, regression; the published split.\n\nNot run.\n", text)

    def test_nothing_was_run(self):
        text = self.page()
        self.assertIn("Nothing was run yet.", text)
        self.assertEqual(text.count("Not run: no table has runs of two contestants."), 2)

    def test_aims(self):
        self.tables = {"california": table("california", "regression", ("test",))}
        self.add("strata", "california", {"test": [0.45, 0.46]}, train_seconds=59)
        self.assertIn("| RMSE 0.460 in 60 s | 0.4550 in 59 s | reached |", self.page())
        self.add("strata", "california", {"test": [0.45, 0.46]}, train_seconds=61)
        self.assertIn("| RMSE 0.460 in 60 s | 0.4550 in 61 s | **missed** |", self.page())
        self.add("strata", "california", {"test": [0.46, 0.462]}, train_seconds=59)
        self.assertIn("| 0.4610 in 59 s | **missed** |", self.page())

    def test_an_aim_of_times(self):
        self.contestants += [field.Contestant("realmlp", "", "", package="p"), field.Contestant("strata-realmlp", "", "")]
        self.kept |= {one.name: kept.Kept(self.folder / one.name) for one in self.contestants}
        self.seeds |= {"realmlp": [1], "strata-realmlp": [1]}
        self.tables = {"adult": table("adult", "binary", ("test",))}
        self.add("strata-realmlp", "adult", {"test": [0.9]}, train_seconds=20)
        self.assertIn("| trained 5 times as fast as RealMLP-TD | not run | not measured |", self.page())
        self.add("realmlp", "adult", {"test": [0.9]}, train_seconds=100)
        self.add("strata-bag", "adult", {"test": [0.9, 0.9]}, train_seconds=260)
        text = self.page()
        self.assertIn("| trained 5 times as fast as RealMLP-TD | 5.0 times: 20 s, and 100 s for one | reached |", text)
        self.assertIn("| trained before 2.5 of RealMLP-TD | 1.0 times: 260 s, and 100 s for one | **missed** |", text)

    def test_an_aim_of_ranks(self):
        self.contestants += [field.Contestant(name, name, "", package="p") for name in ("realmlp", "sklearn-mlp", "xgboost", "lightgbm")]
        self.kept |= {one.name: kept.Kept(self.folder / one.name) for one in self.contestants}
        self.seeds |= {one.name: [1] for one in self.contestants if not one.ours}
        self.tables = {"numbers": self.tables["numbers"]}
        self.add("strata", "numbers", {"test": [0.4, 0.5]})
        for place, name in enumerate(("realmlp", "sklearn-mlp", "xgboost")):
            self.add(name, "numbers", {"test": [0.46 + place / 100]})
        self.assertIn("XGBoost and LightGBM | not run on every table | not measured |", self.page())
        self.add("lightgbm", "numbers", {"test": [0.5]})
        self.assertIn("| strata 1.00, realmlp 2.00, sklearn-mlp 3.00, xgboost 4.00, lightgbm 5.00 (of 1 tables) | reached |", self.page())
        self.tables["small"] = table("small")  # which none of them has run
        self.assertIn("XGBoost and LightGBM | not run on every table | not measured |", self.page())
        del self.tables["small"]
        self.add("lightgbm", "numbers", {"test": [0.45]})  # no better than the same
        self.assertIn("strata 1.50, realmlp 3.00, sklearn-mlp 4.00, xgboost 5.00, lightgbm 1.50 (of 1 tables) | **missed** |", self.page())


class Running(unittest.TestCase):
    """The whole command, with runs that are made up."""

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.program = self.folder / "strata"
        self.program.write_text("one build")
        self.page = self.folder / "TABLES.md"
        self.tables = {"small": table("small"), "big": table("big", "regression", ("test",), 20_000)}
        self.measured, self.fails, self.versions = [], set(), {one.package: "1" for one in field.PEERS}

    def measure(self, contestant, table, part, seed, threads, program):
        if contestant.name in self.fails:
            raise run.Failed("code 1: planted")
        self.measured.append(f"{contestant.name} {table.name} {part} {seed}")
        classes, row = (["y"], [1.0]) if table.task == "regression" else (["a", "b"], [0.5, 0.5])
        return made(scores.METRIC[table.task], 0.5), classes, [row]

    def bench(self, *words):
        self.measured = []
        patches = (mock.patch.multiple(bench_tables, BUILD=self.folder / "build", PAGE=self.page, ROOT=self.folder,
                                       began=lambda program: "now", say=lambda text: None),
                   mock.patch.object(sets, "read", lambda: self.tables), mock.patch.object(sets.Table, "part", lambda self, name: name),
                   mock.patch.object(run, "measure", self.measure), mock.patch.object(field, "make_environment", lambda: None),
                   mock.patch.object(field, "versions", lambda: self.versions),
                   mock.patch.object(sys, "argv", ["bench-tables", "--program", str(self.program), "--kept",
                                                   str(self.folder / "kept"), *words]))
        with contextlib.ExitStack() as stack:
            for patch in patches:
                stack.enter_context(patch)
            self.out = stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
            return bench_tables.main()

    def count(self, start):
        return sum(one.startswith(start) for one in self.measured)

    def test_everything_is_run_once(self):
        self.assertEqual(self.bench(), 0)
        self.assertEqual((self.count("strata small"), self.count("strata big"), self.count("strata-bag small")), (6, 3, 1))
        self.assertEqual((self.count("xgboost"), self.count("catboost-bag"), self.count("realmlp-metric")), (3, 2, 2))
        text = self.page.read_text()
        self.assertIn("Everything was.", text)
        self.assertIn("Written by `./dev bench-tables`.", text)
        self.assertNotIn(str(self.folder), text)
        self.assertRegex(text, r"commit unknown, a program of SHA-256 [0-9a-f]{12}, began now\n")
        self.bench()
        self.assertEqual(self.measured, [])

    def test_it_goes_on_where_it_stopped(self):
        ends = self.measure

        def stopped(*words):
            if len(self.measured) == 5:
                raise KeyboardInterrupt
            return ends(*words)

        with mock.patch.object(self, "measure", stopped), self.assertRaises(KeyboardInterrupt):
            self.bench()
        before = set(self.measured)
        self.bench()
        self.assertEqual(len(before), 5)
        self.assertFalse(before & set(self.measured))
        self.assertIn("Everything was.", self.page.read_text())

    def test_peers_are_measured_again_when_asked(self):
        self.bench()
        self.bench("--peers", "xgboost,catboost", "--only", "small")
        self.assertEqual(self.measured, ["xgboost small 0 1", "xgboost small 1 1", "catboost small 0 1", "catboost small 1 1"])
        self.bench()
        self.assertEqual(self.measured, [])  # the other table's runs are still there
        self.bench("--peers", "all")
        self.assertEqual((self.count("strata"), self.count("catboost-bag big")), (0, 1))

    def test_another_program_is_measured_again(self):
        self.bench()
        self.program.write_text("another build")
        self.bench("--ours", "strata")
        self.assertEqual((len(self.measured), self.count("strata ")), (9, 9))

    def test_the_commit_is_that_of_the_own_program(self):
        with mock.patch.object(bench_tables, "PROGRAM", self.program), mock.patch.object(machine, "commit", lambda written: "abc"):
            self.bench()
        self.assertEqual(self.page.read_text().count("commit abc, began now"), 2)  # Strata's, and the peers'

    def test_no_peers(self):
        self.bench("--peers", "none")
        self.assertEqual(self.count("strata"), len(self.measured))
        self.assertIn("- XGBoost: everything\n", self.page.read_text())

    def test_a_part_leaves_the_page_alone(self):
        for words in (["--quick"], ["--only", "small"], ["--ours", "none"]):
            self.bench(*words)
            self.assertFalse(self.page.exists(), words)
            self.assertTrue((self.folder / "build/TABLES.md").exists())

    def test_quick(self):
        self.bench("--quick", "--seeds", "2")
        self.assertEqual((self.count("strata "), self.count("xgboost ")), (1, 1))
        text = (self.folder / "build/TABLES.md").read_text()
        self.assertIn("Written by `./dev bench-tables --quick --seeds 2`.", text)
        self.assertIn("binary; the first fold.", text)
        self.assertNotIn("big", text)

    def test_an_absent_peer_is_named(self):
        del self.versions["catboost"]
        self.assertEqual(self.bench(), 0)
        self.assertEqual(self.count("catboost"), 0)
        self.assertIn("- CatBoost: catboost cannot be had here\n", self.page.read_text())

    def test_a_failure_is_said_and_tried_again(self):
        self.fails = {"xgboost"}
        self.assertEqual(self.bench("--only", "big"), 1)
        self.assertIn("- failed: xgboost big, part test, seed 1: code 1: planted\n", (self.folder / "build/TABLES.md").read_text())
        self.fails = set()
        self.assertEqual(self.bench("--only", "big"), 0)
        self.assertEqual(self.measured, ["xgboost big test 1"])

    def test_no_time(self):
        self.bench("--minutes", "-1")
        self.assertEqual(self.measured, [])
        self.assertIn("- Strata, default: everything\n", self.page.read_text())

    def test_the_list_measures_nothing(self):
        self.assertEqual(self.bench("--list"), 0)
        self.assertEqual((self.measured, self.page.exists()), ([], False))
        for known in ("small           100 rows, binary", "big             20000 rows, regression", "strata               Strata, default",
                      "catboost-bag         CatBoost, bag"):
            self.assertIn(f"{known}\n", self.out.getvalue())

    def test_an_unknown_name_is_refused(self):
        for words in (["--only", "tiny"], ["--peers", "tiny"], ["--ours", "tiny"]):
            with self.assertRaisesRegex(SystemExit, "there is no .* 'tiny'; there are: "):
                self.bench(*words)


class Launching(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def launched(self, text):
        return run.launched([sys.executable, "-I", "-S", "-c", text], self.folder, {})

    def test_time_memory_and_output(self):
        seconds, peak, said = self.launched("import time; time.sleep(0.2); print('a'); print('b')")
        self.assertGreaterEqual(seconds, 0.2)
        self.assertEqual(said, ["a", "b"])
        self.assertLess(peak, 30e6)  # whatever this process has
        self.assertGreater(self.launched("x = bytearray(b'1') * 100_000_000")[1], peak + 90e6)

    def test_a_failure_has_its_last_words(self):
        with self.assertRaisesRegex(run.Failed, "^code 3: the reason$"):
            self.launched("import sys; print('more', 'the reason', sep='\\n', file=sys.stderr); sys.exit(3)")
        with self.assertRaisesRegex(run.Failed, "^code -9: it said nothing$"):
            self.launched("import os; os.kill(os.getpid(), 9)")


if __name__ == "__main__":
    unittest.main()
