"""What the tests of signals share: programs that run, and what they said.

No test waits for a time to pass: a signal is sent when the program has said something, or at every instant between two of its
system calls (signal_at.cpp), or at random, where every outcome must be right.
"""

import argparse
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HUP, INT, QUIT, TERM, XCPU, USR1 = (getattr(signal, "SIG" + word) for word in "HUP INT QUIT TERM XCPU USR1".split())
STOPS = "strata: stopping after this step; once more stops at once\n"
LIMIT = 100  # seconds for one run, so that one that hangs ends; none comes near it

parser = argparse.ArgumentParser()
parser.add_argument("--program", type=os.path.abspath, required=True, help="the folder with the program strata")
parser.add_argument("--data", type=os.path.abspath, required=True)
parser.add_argument("--signal-at", type=os.path.abspath, help="what signal_at.cpp became; else the tests of every instant are left out")
parser.add_argument("--only", default="", help="run the tests whose names have this in them")
ARGUMENTS = parser.parse_args()
DIGITS = os.path.join(ARGUMENTS.data, "digits.csv")
ENVIRONMENT = {"PATH": ARGUMENTS.program + ":/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
ENVIRONMENT.update({k: v for k, v in os.environ.items() if k.startswith(("ASAN_", "UBSAN_", "TSAN_", "LSAN_"))})
SMALL = ["train", DIGITS, "--hidden-layers", "16", "--seed", "3", "--threads", "1", "--json", "-o", "m.strata"]
LONG = [*SMALL, "--epochs", "1000000", "--report-every", "200"]


class Failure(Exception):
    pass


def check(holds, *what):
    if not holds:
        raise Failure(" ".join(str(w) for w in what))


def default_signals():
    """For a new program: what was ignored when the tests were started (nohup) would stay ignored."""
    for number in (HUP, INT, QUIT, TERM, XCPU, USR1):
        signal.signal(number, signal.SIG_DFL)


class Run:
    """A program that runs; it is stopped when it takes too long, and when its test ends."""

    all = []

    @classmethod
    def end_all(cls):
        for run in cls.all:
            run.timer.cancel()
            if run.process.poll() is None:
                run.process.kill()
        cls.all.clear()

    def __init__(self, folder, words, limits=(), **more):
        def prepare():
            default_signals()
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            for what, value in limits:
                resource.setrlimit(what, value)

        environment = dict(ENVIRONMENT, TMPDIR=folder, **more.pop("environment", {}))
        self.folder = folder
        self.process = subprocess.Popen(words, cwd=folder, env=environment, text=True, preexec_fn=prepare,
                                        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more})
        self.all.append(self)
        self.out, self.err = "", ""
        self.told_until = 0
        self.timer = threading.Timer(LIMIT, self.process.kill)
        self.readers = [threading.Thread(target=self.read, args=(self.process.stdout, "out")),
                        threading.Thread(target=self.read, args=(self.process.stderr, "err"))]
        for thread in (self.timer, *self.readers):
            thread.start()

    def read(self, stream, name):
        for line in stream or ():
            setattr(self, name, getattr(self, name) + line)

    def send(self, *numbers):
        for number in numbers:
            os.kill(self.process.pid, number)

    def send_together(self, *numbers):
        """The first is handled, then, before the program does anything else, the next."""
        self.send(signal.SIGSTOP)
        while self.state() not in "Tt":
            time.sleep(0.002)
        self.send(*numbers, signal.SIGCONT)

    def state(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as stream:
            return stream.read().rpartition(")")[2].split()[0]

    def seconds(self):
        """Of processors' time."""
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as stream:
            fields = stream.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def costs(self, count, since=None):
        """Until so many more lines are on stdout than now or, for a program that tells few, than `since`."""
        enough = (self.out.count("\n") if since is None else since) + count
        while self.out.count("\n") < enough:
            if not self.readers[0].is_alive() and self.out.count("\n") < enough:
                raise Failure(f"the program ended too early: {self.end()}, {self.err}")
            time.sleep(0.002)
        return self

    def told(self, word):
        """The next line on stderr with this in it."""
        line = self.told_or_ended(word)
        if line is None:
            raise Failure(f"'{word}' did not come: {self.end()}, {self.err}")
        return line

    def told_or_ended(self, word):
        while True:
            ended = not self.readers[1].is_alive()
            for line in self.err[self.told_until:].splitlines(True):
                if not line.endswith("\n"):
                    break
                self.told_until += len(line)
                if word in line:
                    return line
            if ended:
                return None
            time.sleep(0.002)

    def end(self):
        for thread in self.readers:
            thread.join()
        self.process.wait()
        self.timer.cancel()
        if self.process.returncode == -signal.SIGKILL:
            raise Failure(f"the program did not end: {self.out[-300:]}, {self.err}")
        return self.process.returncode

    def expect(self, code):
        found = self.end()
        check(found == code, f"ended with {found}, expected {code}\n--- stdout\n{self.out[-2000:]}--- stderr\n{self.err}")
        return self


def strata(folder, *words, **more):
    return Run(folder, ["strata", *words], **more)


def inspect(folder, name="m.strata"):
    """The record of a model: it loads."""
    run = strata(folder, "inspect", name, "--json").expect(0)
    return json.loads(run.out)["training"]


def content(folder, name):
    with open(os.path.join(folder, name), "rb") as stream:
        return stream.read()


def only(folder, *names):
    found = sorted(os.listdir(folder))
    check(found == sorted(names), "there are", found, "and not", names)


def at(instant, *numbers):
    """The environment in which a program gets signals at this instant of its own; 0: at every one."""
    return {"LD_PRELOAD": ARGUMENTS.signal_at, "SIGNAL_AT": str(instant), "SIGNALS": " ".join(str(int(n)) for n in numbers)}


def main(tests):
    tests = [(name, test) for name, test in tests.items() if name.startswith("test_") and ARGUMENTS.only in name]
    failed = 0
    for name, test in tests:
        if ARGUMENTS.signal_at is None and "instant" in name:
            print(f"left out: {name}")
            continue
        folder = tempfile.mkdtemp(prefix="strata-signals-")
        begin = time.monotonic()
        try:
            test(folder)
            print(f"{time.monotonic() - begin:6.2f} s  {name}", flush=True)
        except (Failure, OSError) as failure:
            failed += 1
            print(f"FAILED: {name}: {failure}", flush=True)
        finally:
            Run.end_all()
            shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed or not tests else 0
