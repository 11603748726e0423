#!/usr/bin/env python3
"""What signals do to the program: a training saves its model, everything else ends at once."""

import json
import os
import pty
import resource
import signal
import sys
import threading
import time

from signals_run import (ARGUMENTS, DIGITS, ENVIRONMENT, HUP, INT, LIMIT, LONG, QUIT, SMALL, STOPS, TERM, USR1, XCPU, Run, at,
                         check, content, default_signals, inspect, main, only, strata)


# --- a training ---


def test_each_signal_saves(folder):
    runs = []
    for number in (HUP, INT, TERM, XCPU):
        os.mkdir(place := os.path.join(folder, number.name))
        runs.append((number, strata(place, *LONG)))
    for number, run in runs:
        run.costs(3).send(number)
    for number, run in runs:
        run.expect(128 + number)
        check(STOPS in run.err, run.err)
        check("strata: interrupted after " in run.err and "what was trained is in m.strata" in run.err, run.err)
        check(inspect(run.folder)["ended"] == "interrupted", number)
        only(run.folder, "m.strata")


def test_a_second_signal_ends_at_once(folder):
    for first, second in ((HUP, INT), (INT, TERM), (TERM, XCPU), (HUP, TERM)):
        run = strata(folder, *LONG).costs(1)
        run.send_together(first, second)
        run.expect(-second)
        check(STOPS in run.err and "interrupted" not in run.err, run.err)
        only(folder)


def test_a_repetition_by_the_system_is_not_a_second_signal(folder):
    # The system sends SIGXCPU once for every second beyond the limit: here, several at a time. A step takes longer.
    words = ["train", DIGITS, "--hidden-layers", "800,800", "--batch-size", "full", "--epochs", "1000000", "--json", "-o", "m.strata"]
    run = strata(folder, *words).costs(1)
    while run.seconds() < 2.05:
        time.sleep(0.01)
    resource.prlimit(run.process.pid, resource.RLIMIT_CPU, (1, resource.RLIM_INFINITY))
    run.expect(128 + XCPU)
    check(run.err.count(STOPS) == 1, run.err)
    check(inspect(folder)["ended"] == "interrupted")


def test_a_closed_terminal_saves(folder):
    # It is the leader of its session: the system sends the signal, and nothing can be written any more.
    pid, master = pty.fork()
    if pid == 0:
        default_signals()
        os.chdir(folder)
        os.execve(os.path.join(ARGUMENTS.program, "strata"), ["strata", *LONG], dict(ENVIRONMENT, TERM="xterm"))
    timer = threading.Timer(LIMIT, os.kill, (pid, signal.SIGKILL))
    timer.start()
    text = b""
    while text.count(b'"event"') < 3:
        text += os.read(master, 4096)
    os.close(master)
    status = os.waitpid(pid, 0)[1]
    timer.cancel()
    check(os.waitstatus_to_exitcode(status) == 128 + HUP, status)
    check(inspect(folder)["ended"] == "interrupted")


def test_ignored_signals_stay_ignored(folder):
    run = Run(folder, ["nohup", "strata", *LONG]).costs(2)
    run.send(HUP)
    run.costs(2).send_together(HUP, TERM)
    run.expect(128 + TERM)
    for number in (INT, USR1, QUIT):
        trap = f"trap '' {number.name[3:]}; exec strata " + " ".join(LONG)
        run = Run(folder, ["/bin/sh", "-c", trap]).costs(2)
        run.send(number)
        run.costs(2).send(TERM)
        run.expect(128 + TERM)
        check("saved" not in run.err, run.err)


def test_quit_ends_at_once(folder):
    run = strata(folder, *LONG).costs(2)
    run.send(QUIT)
    run.expect(-QUIT)
    only(folder)


def test_the_limit_on_the_time_saves_before_the_system_kills(folder):
    strata(folder, *LONG, limits=[(resource.RLIMIT_CPU, (2, 2))]).expect(128 + XCPU)
    check(inspect(folder)["ended"] == "interrupted")


def test_a_pipe_that_nobody_reads_is_no_end(folder):
    os.mkfifo(os.path.join(folder, "pipe"))
    run = strata(folder, *SMALL[:-1], "pipe", "--iterations", "1").costs(1, since=0)
    while run.process.poll() is None:
        run.send(TERM)
        time.sleep(0.01)
    check(run.end() == -TERM, run.err)


def test_closed_streams_are_not_the_next_file(folder):
    run = Run(folder, ["sh", "-c", 'exec "$@" <&- 2>&-', "sh", "strata", *LONG]).costs(2)
    for descriptor in (0, 2):
        check(os.readlink(f"/proc/{run.process.pid}/fd/{descriptor}") == "/dev/null", descriptor)
    run.send(TERM)
    run.expect(128 + TERM)
    check(inspect(folder)["ended"] == "interrupted")
    only(folder, "m.strata")


def test_a_reader_that_goes_away(folder):
    line = "strata " + " ".join(SMALL) + " --iterations 2000 --report-every 1 | head -n 1"
    run = Run(folder, ["bash", "-o", "pipefail", "-c", line]).expect(0)
    check(run.out.count("\n") == 1, run.out)
    check(inspect(folder)["ended"] == "done")


# --- SIGUSR1 ---


def test_usr1_saves_and_changes_no_bit(folder):
    words = [*SMALL, "--iterations", "20000", "--report-every", "2000"]
    os.mkdir(alone := os.path.join(folder, "alone"))
    other = strata(alone, *words)
    run = strata(folder, *words).costs(1)
    iterations = []
    while run.process.poll() is None:
        run.send(USR1)
        if run.told_or_ended("the training goes on") is None:
            break  # the training was done before
        record = inspect(folder)
        iterations.append(record["iterations"])
        check(record["ended"] in ("unfinished", "done") and record["train_examples"] == 1797, record)
    run.expect(0)
    other.expect(0)
    check(iterations == sorted(iterations), iterations)
    check(content(folder, "m.strata") == content(alone, "m.strata"), "another model")
    only(folder, "m.strata", "alone")


def test_usr1_says_where_it_was(folder):
    run = strata(folder, *LONG, "--validation", "0.2").costs(1)
    for _ in range(3):
        run.send(USR1)
        words = run.told("is saved in m.strata").split()
        record = inspect(folder)
        check(record["ended"] == "unfinished", record)
        check(str(record["iterations"]) == words[words.index("after") + 1].replace(",", ""), words, record)
        check(record["train_examples"] + record["validation_examples"] == 1797, record)
        figures = json.loads(strata(folder, "evaluate", "m.strata", DIGITS, "--json").expect(0).out)
        check(figures["examples"] == 1797, figures)
    run.send_together(USR1, TERM)
    run.expect(128 + TERM)
    check(inspect(folder)["ended"] == "interrupted")


def test_usr1_that_cannot_save(folder):
    run = strata(folder, *LONG, limits=[(resource.RLIMIT_FSIZE, (500, resource.RLIM_INFINITY))]).costs(1)
    run.send(USR1)
    line = run.told("is not saved")
    check(line.startswith("strata: warning: the model after ") and "the limit on the size of files is 500 bytes" in line, line)
    run.told("The training goes on.")
    only(folder)
    resource.prlimit(run.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    run.costs(1).send(TERM)
    run.expect(128 + TERM)
    check(inspect(folder)["ended"] == "interrupted")

    run = strata(folder, *LONG[:-5], "/dev/null", *LONG[-4:]).costs(1)
    run.send(USR1)
    check("'/dev/null' is no file that can be replaced; only the final model goes there" in run.told("is not saved"))
    run.send(TERM)
    run.expect(128 + TERM)


def test_usr1_while_data_are_read_and_at_every_instant(folder):
    # Between all system calls from the first on: before the data are there, and while a model is being saved.
    os.mkdir(alone := os.path.join(folder, "alone"))
    words = [*SMALL, "--iterations", "40", "--report-every", "10"]
    strata(alone, *words).expect(0)
    run = strata(folder, *words, environment=at(0, USR1)).expect(0)
    check(run.err.count("the training goes on") >= 3, run.err)
    check("after 1 iteration is saved" in run.err, run.err)
    check(content(folder, "m.strata") == content(alone, "m.strata"), "another model")
    only(folder, "m.strata", "alone")


def test_usr1_at_every_instant_until_the_training_diverges(folder):
    words = [*SMALL, "--optimizer", "gradient-descent", "--learning-rate", "1.9", "--scale", "none",
             "--activation", "leaky-relu", "--report-every", "1"]
    os.mkdir(alone := os.path.join(folder, "alone"))
    reference = strata(alone, *words).expect(1)
    run = strata(folder, *words, environment=at(0, USR1)).expect(1)
    check("the training goes on" in run.err, run.err, reference.err)
    check("diverged at iteration" in run.err and "The last good weights are in m.strata." in run.err, run.err)
    check(content(folder, "m.strata") == content(alone, "m.strata"), "another model")
    check(inspect(folder)["ended"] == "diverged")


# --- other moments, other commands ---


def test_while_data_are_read(folder):
    """From a pipe that nobody fills: there is nothing to save, and nothing to wait for."""
    model = os.path.join(folder, "model")
    strata(folder, *SMALL[:-1], model, "--iterations", "1").expect(0)
    pipe = os.path.join(folder, "pipe.csv")
    os.mkfifo(pipe)
    for words in (["train", pipe, "-o", "new.strata"], ["predict", model, pipe, "-o", "new.csv"],
                  ["convert", pipe, "new.sdata"], ["evaluate", model, pipe]):
        for number in (HUP, INT, TERM, XCPU, QUIT):
            run = strata(folder, *words)
            with open(pipe, "w", encoding="utf-8"):  # it is open when the other end is
                run.send(number)
                run.expect(-number)
            check(run.err == "", run.err)
            only(folder, "model", "pipe.csv")


def test_a_script_stops_at_ctrl_c(folder):
    os.mkfifo(pipe := os.path.join(folder, "pipe.csv"))
    run = Run(folder, ["bash", "-c", "strata convert pipe.csv new.sdata; echo went on"], start_new_session=True)
    with open(pipe, "w", encoding="utf-8"):
        os.killpg(run.process.pid, INT)
        run.expect(-INT)
    check(run.out == "", run.out)


def test_the_limit_on_the_size_of_files(folder):
    strata(folder, *SMALL, "--iterations", "1").expect(0)
    limits = [(resource.RLIMIT_FSIZE, (1000, 1000))]
    told = "File too large: the limit on the size of files is 1000 bytes here; raise it (in the shell: ulimit -f unlimited)\n"
    for words, name in ((["train", DIGITS, "--iterations", "1", "-q", "-o", "new"], "new"), (["convert", DIGITS, "new"], "."),
                        (["predict", "m.strata", DIGITS, "-o", "new"], "new")):
        run = strata(folder, *words, limits=limits).expect(1)
        error = [line for line in run.err.splitlines(True) if "error" in line]
        check(len(error) == 1 and error[0].startswith("strata: error: cannot ") and error[0].endswith(f"'{name}': {told}"), run.err)
        check(("what was trained is lost" in run.err) == (words[0] == "train"), run.err)
        only(folder, "m.strata")
    with open(os.path.join(folder, "out"), "w", encoding="utf-8") as out:
        run = strata(folder, "predict", "m.strata", DIGITS, limits=limits, stdout=out).expect(1)
    check(run.err == "strata: error: cannot write to the standard output: File too large; raise the limit on the size of files "
          "(in the shell: ulimit -f unlimited)\n", run.err)


if __name__ == "__main__":
    sys.exit(main(globals()))
