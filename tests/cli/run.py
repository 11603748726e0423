#!/usr/bin/env python3
"""Runs the command line tests: text files with commands and what they must print.

    # a comment
    require shared              skip, saying so, when the shared data folder is absent
    file data.csv               the lines up to `end` go into this file
    a,b
    1,2
    end
    terminal 80                 the next command sees a terminal of 80 columns on stdout and stderr
    signal INT 3                the next command gets SIGINT once it has printed 3 lines; `signal INT 1 TERM`: then SIGTERM
    $ strata train data.csv     a line for the shell; strata is the program under test
    > iteration  cost           what stdout must be, line by line: exactly,
    > <REGEX>\\s+0  0\\.69.*      as a regular expression,
    > ...                       or any number of lines
    ! strata: error: ...        the same for stderr
    > (nothing)
    exit 2                      the exit code, 0 when not said
    check json[-1]['cost'] < 1  a Python expression that must be true. It may use: out, err, tty (the text), lines, json (a
                                list: stdout parsed line by line), exists(file), read(file), previous (the stdout before)

Every file runs in a fresh folder of its own. {data} and {shared} in any line are the repository's data folder and the shared
one. Exit code: 0 passed, 1 failed, 77 skipped. What a failure showed, and what the machine had left, is kept in the folder
--failures: the next run of ctest writes over its own log.
"""

import argparse
import json
import os
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import fcntl

SKIPPED = 77


class Failure(Exception):
    pass


class Step:
    def __init__(self, command, line):
        self.command, self.line = command, line
        self.out, self.err, self.checks = [], [], []
        self.exit = 0
        self.terminal = None
        self.signals = None


def parse(path, places):
    """Gives a list of steps; ('file', name, text) or a Step."""
    steps, terminal, signals = [], None, None
    with open(path, encoding="utf-8") as stream:
        lines = stream.read().split("\n")
    i = 0
    while i < len(lines):
        number, line = i + 1, lines[i]
        i += 1
        for name, place in places.items():
            line = line.replace("{" + name + "}", place)
        if not line.strip() or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        step = steps[-1] if steps and isinstance(steps[-1], Step) else None
        if word == "require" and rest == "shared":
            steps.append(("require", rest))
        elif word == "file":
            text = []
            while lines[i] != "end":
                text.append(lines[i])
                i += 1
            i += 1
            steps.append(("file", rest, "\n".join(text) + "\n"))
        elif word == "terminal":
            terminal = int(rest)
        elif word == "signal":
            signals = rest.split()
        elif word == "$":
            step = Step(rest, number)
            step.terminal, step.signals = terminal, signals
            terminal = signals = None
            steps.append(step)
        elif word == ">" and step:
            step.out.append(rest)
        elif word == "!" and step:
            step.err.append(rest)
        elif word == "exit" and step:
            step.exit = int(rest)
        elif word == "check" and step:
            step.checks.append((number, rest))
        else:
            raise Failure(f"line {number}: not understood: {line}")
    if not any(isinstance(step, Step) for step in steps):
        raise Failure("there is no command in it")
    return steps


def matches(wanted, found):
    """Do the lines fit the expectations, where '...' stands for any number of lines?"""
    if wanted == ["(nothing)"]:
        return found == []
    if not wanted:
        return not found
    head, rest = wanted[0], wanted[1:]
    if head == "...":
        return any(matches(rest, found[k:]) for k in range(len(found) + 1))
    if not found:
        return False
    if head.startswith("<REGEX>"):
        if not re.fullmatch(head[len("<REGEX>"):], found[0]):
            return False
    elif head != found[0]:
        return False
    return matches(rest, found[1:])


def split_lines(text):
    return text[:-1].split("\n") if text.endswith("\n") else text.split("\n") if text else []


def send_signals(step, process, read_line):
    """Lets the program print so many lines, then sends the signals, a moment apart."""
    seen = []
    for word in step.signals:
        if word.isdigit():
            while len(seen) < int(word):
                line = read_line()
                if not line:
                    raise Failure(f"line {step.line}: it ended before it could be interrupted")
                seen.append(line)
    for k, word in enumerate(w for w in step.signals if not w.isdigit()):
        if k > 0:
            time.sleep(0.02)
        if process.poll() is None:
            process.send_signal(getattr(signal, "SIG" + word))
    return "".join(seen)


def run_piped(step, folder, environment, timeout):
    # exec: the shell becomes the program, so that a signal reaches it.
    command = "exec " + step.command if step.signals else step.command
    # A session of its own: the end of a program that hangs must be the end of what the shell started.
    process = subprocess.Popen(["/bin/sh", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
                               errors="surrogateescape", start_new_session=True)
    try:
        first = send_signals(step, process, process.stdout.readline) if step.signals else ""
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        raise Failure(f"line {step.line}: $ {step.command}\n  it did not end within {timeout:g} s\n"
                      f"--- stdout\n{first}{out}--- stderr\n{err}") from error
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    # As a shell tells it: 128 and the number of the signal that ended the program.
    code = process.returncode if process.returncode >= 0 else 128 - process.returncode
    return code, first + out, err, ""


def run_on_terminal(step, folder, environment, timeout):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, step.terminal, 0, 0))
    environment = dict(environment, TERM=environment.get("TERM") or "xterm-256color")
    process = subprocess.Popen(["/bin/sh", "-c", step.command], cwd=folder, env=environment, stdin=slave, stdout=slave,
                               stderr=slave, start_new_session=True)
    os.close(slave)
    text, deadline = b"", time.monotonic() + timeout
    try:
        while time.monotonic() < deadline:
            ready, _, _ = select.select([master], [], [], 0.2)
            if ready:
                try:
                    piece = os.read(master, 65536)
                except OSError:  # the last one closed its end
                    piece = b""
                if not piece:
                    break
                text += piece
            elif process.poll() is not None:
                break
        process.wait(timeout=5)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        os.close(master)
    return process.returncode, "", "", text.decode("utf-8", "replace")


def perform(step, folder, environment, previous, timeout):
    run = run_on_terminal if step.terminal else run_piped
    code, out, err, tty = run(step, folder, environment, timeout)

    def fail(message):
        raise Failure(f"line {step.line}: $ {step.command}\n  {message}\n--- stdout\n{out}--- stderr\n{err}"
                      + (f"--- terminal\n{tty!r}\n" if tty else ""))

    if code != step.exit:
        fail(f"exit code {code}, expected {step.exit}")
    for name, wanted, found in (("stdout", step.out, out), ("stderr", step.err, err)):
        if wanted and not matches(wanted, split_lines(found)):
            fail(f"{name} is not\n    " + "\n    ".join(wanted))
    if any(re.search(r"(?<![-\w])json(\[| ==)|in json\b|\(json\)", check) for _, check in step.checks):
        try:
            parsed = [json.loads(line, parse_constant=lambda c: 1 / 0) for line in split_lines(out)]
        except (ValueError, ZeroDivisionError) as error:
            fail(f"stdout is not JSON line by line: {error}")
    else:
        parsed = []

    def path(name):
        return os.path.join(folder, name)

    def read(name):
        with open(path(name), encoding="utf-8") as stream:
            return stream.read()

    names = {"out": out, "err": err, "tty": tty, "lines": split_lines(out), "json": parsed, "previous": previous, "re": re,
             "exists": lambda name: os.path.exists(path(name)), "read": read, "size": lambda n: os.path.getsize(path(n)),
             "listdir": lambda: sorted(os.listdir(folder)), "loads": json.loads}
    for number, check in step.checks:
        try:
            held = eval(check, names)  # the tests are ours
        except Exception as error:
            fail(f"line {number}: check {check}: {type(error).__name__}: {error}")
        if not held:
            fail(f"line {number}: not true: {check}")
    return out


def circumstances(folder, times):
    """What may explain a failure that does not come back: files, free room and memory, and how long each command took."""
    told = [f"line {line}: {seconds:.2f} s" for line, seconds in times]
    told += [f"{os.lstat(os.path.join(folder, name)).st_size:12} {name}" for name in sorted(os.listdir(folder))]
    told.append(f"{shutil.disk_usage(folder).free:12} bytes free in {folder}")
    with open("/proc/meminfo", encoding="ascii") as stream:
        told += [line.strip() for line in stream if line.startswith(("MemFree", "MemAvailable", "Commit"))]
    told.append("load " + " ".join(f"{load:.2f}" for load in os.getloadavg()))
    return "--- circumstances\n" + "\n".join(told)


def keep(report, test, folder):
    os.makedirs(folder, exist_ok=True)
    name = f"{os.path.splitext(os.path.basename(test))[0]}-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    with open(os.path.join(folder, name), "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(report + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("test")
    parser.add_argument("--program", required=True, help="the folder with the program strata")
    parser.add_argument("--data", required=True)
    parser.add_argument("--shared", required=True)
    parser.add_argument("--failures", help="a folder, made when it is needed")
    parser.add_argument("--timeout", type=float, default=100, help="seconds for one command (default: 100)")
    arguments = parser.parse_args()
    sys.stdout.reconfigure(errors="backslashreplace")
    if not os.path.exists(os.path.join(arguments.program, "strata")):
        sys.exit(f"there is no program strata in {arguments.program}")
    environment = {"PATH": arguments.program + ":/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
    for name in os.environ:
        if name.startswith(("ASAN_", "UBSAN_", "TSAN_", "LSAN_")):
            environment[name] = os.environ[name]
    folder = tempfile.mkdtemp(prefix="strata-cli-")
    times, previous = [], ""
    try:
        for step in parse(arguments.test, {"data": arguments.data, "shared": arguments.shared}):
            if isinstance(step, Step):
                begin = time.monotonic()
                try:
                    previous = perform(step, folder, environment, previous, arguments.timeout)
                finally:
                    times.append((step.line, time.monotonic() - begin))
            elif step[0] == "file":
                with open(os.path.join(folder, step[1]), "w", encoding="utf-8", newline="") as stream:
                    stream.write(step[2])
            elif not os.path.isdir(arguments.shared):
                print(f"skipped: the shared data folder {arguments.shared} is absent")
                return SKIPPED
    except Failure as failure:
        report = f"{arguments.test}: {failure}\n{circumstances(folder, times)}"
        print(report)
        if arguments.failures:
            keep(report, arguments.test, arguments.failures)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(times)} commands passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
