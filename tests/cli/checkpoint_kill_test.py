#!/usr/bin/env python3
"""A training that writes a checkpoint after every epoch is killed at random moments: what is left goes on to the same bits."""

import json
import os
import random
import shutil
import signal
import sys
import time

from signals_run import DIGITS, Failure, check, content, main, strata

KILLS = int(os.environ.get("STRATA_KILLS", "30"))
EPOCHS, BATCHES = 40, 29
WORDS = ["train", DIGITS, "--hidden-layers", "8", "--batch-size", "64", "--seed", "5", "--epochs", str(EPOCHS), "--json",
         "--report-every", str(BATCHES), "-o", "m.strata"]
NEW, OLD = "m.strata.checkpoint", "m.strata.checkpoint.previous"


def reached(folder, name):
    run = strata(folder, "inspect", name, "--json").expect(0)
    return json.loads(run.out)["training"]["reached"]


def told(run):
    """The epochs whose end was told on stdout, which is before their checkpoint is written."""
    events = [json.loads(line) for line in run.out.splitlines() if line.endswith("}")]
    return max((event["epoch"] for event in events if event["event"] == "epoch"), default=0)


def test_killed_at_any_moment(folder):
    draw = random.Random(11)
    begin = time.monotonic()
    strata(folder, *WORDS, "--checkpoint", "1").expect(0)
    whole = time.monotonic() - begin
    right = content(folder, "m.strata")
    cut = runs = 0
    while cut < KILLS:
        runs += 1
        check(runs < 20 * KILLS, "only", cut, "of", runs, "runs were killed between the first checkpoint and the end")
        shutil.rmtree(place := os.path.join(folder, "killed"), ignore_errors=True)
        os.mkdir(place)
        run = strata(place, *WORDS, "--checkpoint", "1")
        time.sleep(draw.uniform(0, whole))
        run.process.send_signal(signal.SIGKILL)
        try:
            run.end()
        except Failure:
            pass  # killed, as it should be
        files = [name for name in (NEW, OLD) if os.path.exists(os.path.join(place, name))]
        check(NEW in files or not files, "only the one before is there")
        found = [reached(place, name) for name in files]
        check(all(at % BATCHES == 0 for at in found), found)
        # At most one interval is lost: that of the epoch whose end was told.
        check(max(found, default=0) >= (told(run) - 1) * BATCHES, "told", told(run), "found", found)
        # How long a run takes is not what the first one took where others work beside it.
        if os.path.exists(os.path.join(place, "m.strata")):
            whole *= 0.95
            continue
        if not files:
            whole *= 1.02
            continue
        cut += 1
        strata(place, "train", DIGITS, "--resume", draw.choice(files), "--threads", str(draw.choice((1, 2, 3, 8))),
               "--checkpoint", "7", "-q").expect(0)
        check(content(place, "m.strata") == right, "kill", cut, "went on to other bits from", found)


if __name__ == "__main__":
    sys.exit(main(globals()))
