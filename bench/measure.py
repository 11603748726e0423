"""One work, all contestants, in rounds: in every round the ceiling is measured and each contestant runs once, one after the
other, so that what the machine does meanwhile falls on all of them; and so does Strata's own run of another work, where this one
is measured against it."""

import math
import statistics
import time

import works
from contestants import Gone

REST = 0.01  # seconds between two runs: a pool that spins for a moment after its work does not disturb the next
UNDISTURBED = 0.98  # of the CPU
ATTEMPTS = 4  # the last one counts, disturbed or not
LONG = 10  # seconds: a run that took so long needs no warming up


def quartiles(values):
    if len(values) < 2:
        return (values[0],) * 3
    q1, q2, q3 = statistics.quantiles(values, n=4, method="inclusive")
    return q1, q2, q3


def agrees(work, loss, reference):
    return math.isfinite(reference) and abs(loss - reference) <= work.tolerance * abs(reference)


class Measurement:
    """Of one work. seconds[name]: one step or call, a number a round."""

    def __init__(self, work):
        self.work = work
        self.seconds, self.median, self.p99 = {}, {}, {}
        self.peak = []  # GFLOP/s, a number a round
        self.base = []  # seconds of a step or call of the work that this one is measured against, a number a round
        self.out = {}  # contestant: why it is not timed
        self.settings = {}
        self.loss, self.loss_before = {}, 0.0
        self.repeated = 0  # runs

    def summary(self):
        result = {"title": self.work.title, "flops": self.work.flops, "count": self.work.count,
                  "threads": self.work.threads, "loss_before": self.loss_before, "repeated": self.repeated, "out": self.out, "contestants": {}}
        own = self.seconds.get("strata")
        if self.peak:
            result["peak_gflops"] = statistics.median(self.peak)
        for name, seconds in self.seconds.items():
            q1, q2, q3 = quartiles(seconds)
            entry = {"seconds": q2, "q1": q1, "q3": q3, "rounds": len(seconds), "loss": self.loss[name],
                     "setting": self.settings[name]}
            if self.peak:
                entry["percent_of_peak"] = statistics.median(
                    100 * self.work.flops / s / 1e9 / peak for s, peak in zip(seconds, self.peak))
            if own and name != "strata":
                ratios = [s / o for s, o in zip(seconds, own)]
                entry["times_strata"], entry["times_strata_quartiles"] = statistics.median(ratios), quartiles(ratios)[::2]
            if name == "strata" and self.base:
                ratios = [b / s for b, s in zip(self.base, seconds)]
                entry["times_base"], entry["times_base_quartiles"] = statistics.median(ratios), quartiles(ratios)[::2]
            if name in self.median:
                entry["row_median"] = statistics.median(self.median[name])
                entry["row_p99"] = statistics.median(self.p99[name])
            result["contestants"][name] = entry
        return result


def settings_of(contestant, work):
    """Threads and waiting to try, the budget being the work's threads."""
    if work.threads == 1 or contestant.name == "strata":
        return [(work.threads, "passive")]
    return [(work.threads, wait) for wait in contestant.waits] + [(1, "passive")]


def run_once(work, worker, folder, timeout=300):
    time.sleep(REST)
    return worker.ask(f"run {folder} {work.count}", timeout)


def run_undisturbed(measurement, worker, folder, work=None):
    """One thread alone on its CPU has all of it; where something else took a part, the run is repeated. With two threads
    the shares tell nothing: a thread may wait for the other."""
    work = work or measurement.work
    for attempt in range(ATTEMPTS):
        answer = run_once(work, worker, folder)
        if work.threads > 1 or answer.get("cpu_share", 1) >= UNDISTURBED or answer["seconds"] > LONG:
            break
        measurement.repeated += 1
    return answer


def enter(measurement, contestant, workers, folder):
    """A trial with every setting: the fastest is kept, when its loss agrees with Strata's."""
    work, best = measurement.work, None
    for threads, wait in settings_of(contestant, work):
        try:
            worker = workers.get(contestant, threads, wait)
        except Gone as reason:
            measurement.out[contestant.name] = f"absent: {reason}"
            return None
        try:
            trials = [run_once(work, worker, folder)]  # compiles, allocates, touches its memory
            if trials[0]["seconds"] < LONG:
                trials = [run_once(work, worker, folder) for _ in range(2 if work.threads > 1 else 1)]
        except Gone as reason:
            measurement.out[contestant.name] = str(reason)
            if worker.process.poll() is not None:
                workers.drop(worker)
            return None
        fastest = min(trials, key=lambda answer: answer["seconds"])
        if best is None or fastest["seconds"] < best[1]["seconds"]:
            best = worker, fastest
    worker, answer = best
    reference = measurement.loss.get("strata", answer["loss"])
    if work.kind != "epoch" and not agrees(work, answer["loss"], reference):
        measurement.out[contestant.name] = (
            f"disqualified: its loss is {answer['loss']:.6g} and Strata's {reference:.6g} (tolerance {work.tolerance:g})")
        return None
    measurement.loss[contestant.name] = answer["loss"]
    measurement.settings[contestant.name] = worker.setting
    return worker, answer["seconds"]


def check_that_it_trains(measurement):
    """The agreement of losses would say nothing about a run that hardly changes them."""
    work, before, after = measurement.work, measurement.loss_before, measurement.loss["strata"]
    if work.kind == "train" and abs(after - before) < 3 * work.tolerance * abs(before):
        raise SystemExit(f"bench: {work.name}: the loss goes from {before:.6g} to {after:.6g} in {work.count} steps, too "
                         f"little for a check with tolerance {work.tolerance:g}; raise its count or learning rate")
    if work.kind == "predict" and not agrees(work, after, before):
        raise SystemExit(f"bench: {work.name}: the loss is {after:.6g}, expected {before:.6g}")


def enter_base(work, contestant, workers, folder_root):
    """() -> seconds of a step or call of the work that this one is measured against, after a trial; and how long that was."""
    worker = workers.get(contestant, work.base.threads, "passive")
    folder, _ = works.write(work.base, folder_root)
    trial = run_once(work.base, worker, folder)["seconds"]
    return folder, trial, lambda measurement: run_undisturbed(measurement, worker, folder, work.base)["seconds"] / work.base.count


def measure(work, contestants, workers, folder_root, rounds, seconds, say, trains=True):
    """At most `rounds` rounds, fewer when they would take longer than `seconds`: three, or one when a round is very long."""
    measurement = Measurement(work)
    folder, measurement.loss_before = works.write(work, folder_root)
    field, trial, folders, run_base = [], 0.0, [folder], None
    for contestant in contestants:
        if not contestant.takes(work):
            continue
        entered = enter(measurement, contestant, workers, folder)
        if entered:
            field.append((contestant.name, entered[0]))
            trial += entered[1]
            if contestant.name == "strata" and work.base:
                base_folder, base_trial, run_base = enter_base(work, contestant, workers, folder_root)
                folders.append(base_folder)
                trial += base_trial
        else:
            say(f"  {contestant.name}: {measurement.out[contestant.name]}")
        if contestant.name == "strata" and entered and trains:
            check_that_it_trains(measurement)
    ceiling = next((w for name, w in field if name == "strata"), None)
    rounds = max(1 if trial > 3 * LONG else 3, min(rounds, int(seconds / max(trial, 1e-3))))
    for number in range(rounds if field else 0):
        if ceiling:
            measurement.peak.append(ceiling.ask(f"peak {work.precision} {work.threads}")["gflops"])
        if run_base and number % 2 == 0:
            measurement.base.append(run_base(measurement))
        shift = number % len(field)
        for name, worker in field[shift:] + field[:shift]:
            answer = run_undisturbed(measurement, worker, folder)
            if work.kind != "epoch" and not agrees(work, answer["loss"], measurement.loss["strata"] if ceiling else
                                                   measurement.loss[name]):
                raise SystemExit(f"bench: {work.name}: {name} gave another loss in round {number}: {answer['loss']:.6g}")
            measurement.seconds.setdefault(name, []).append(answer["seconds"] / work.count)
            if "median" in answer:
                measurement.median.setdefault(name, []).append(answer["median"])
                measurement.p99.setdefault(name, []).append(answer["p99"])
        if run_base and number % 2 == 1:
            measurement.base.append(run_base(measurement))
    for each in folders:
        workers.forget(each)
    return measurement
