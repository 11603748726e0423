#!/usr/bin/env python3
"""The runner of the command line tests must itself go red: each of these tests is false in one way."""

import os
import subprocess
import sys
import tempfile

RUNNER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "run.py")

FALSE = {
    "another exit code": "$ true\nexit 1\n",
    "a failure where success is expected": "$ false\n",
    "another line": "$ echo a\n> b\n",
    "a line too many": "$ printf 'a\\nb\\n'\n> a\n",
    "a line too few": "$ echo a\n> a\n> b\n",
    "a regular expression": "$ echo abc\n> <REGEX>a.\n",
    "not nothing": "$ echo a\n> (nothing)\n",
    "stderr": "$ echo a >&2\n! b\n",
    "a gap that does not close": "$ printf 'a\\nb\\n'\n> ...\n> c\n",
    "a check": "$ echo a\ncheck out == 'b\\n'\n",
    "a check that fails to run": "$ echo a\ncheck nothing.here\n",
    "no JSON": "$ echo '{'\ncheck json[0] == {}\n",
    "NaN is no JSON": "$ echo '{\"a\": NaN}'\ncheck json[0]\n",
    "an unknown directive": "$ true\nexpect 1\n",
    "no command at all": "# nothing\n",
    "a program that ends before its signal": "signal INT 2\n$ echo a\n",
}
TRUE = {
    "the same": "$ printf 'a\\nb\\nc\\n'; echo e >&2; exit 3\n> a\n> ...\n> <REGEX>[c]\n! e\nexit 3\n",
    "a file": "file t\nx\nend\n$ cat t\n> x\ncheck exists('t')\n",
    "JSON": "$ echo '{\"a\": 1}'\ncheck json[0]['a'] == 1\n",
    "a terminal": "terminal 80\n$ test -t 1 && stty size\ncheck '24 80' in tty\n",
    "a program that a signal ends": "$ kill -TERM $$\nexit 143\n",
    "a signal": "signal TERM 1\n$ sh -c 'trap \"exit 7\" TERM; echo a; while :; do sleep 0.05; done'\nexit 7\n",
}


def run(text, shared, *options):
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "strata")
        open(program, "w", encoding="utf-8").close()
        test = os.path.join(folder, "t.test")
        with open(test, "w", encoding="utf-8") as stream:
            stream.write(text)
        return subprocess.run([sys.executable, RUNNER, test, "--program", folder, "--data", folder, "--shared", shared,
                               *options], capture_output=True, text=True, check=False, timeout=50)


def what_is_kept(text, *options):
    """What the runner printed and what it kept, in one text."""
    with tempfile.TemporaryDirectory() as folder:
        failures = os.path.join(folder, "failures")
        printed = run(text, "/", "--failures", failures, *options).stdout
        kept = [os.path.join(failures, name) for name in os.listdir(failures)] if os.path.isdir(failures) else []
        return printed + "".join(open(name, encoding="utf-8").read() for name in kept)


def main():
    wrong = [name for name, text in FALSE.items() if run(text, "/").returncode != 1]
    wrong += [name for name, text in TRUE.items() if run(text, "/").returncode != 0]
    skipped = run("require shared\n$ true\n", "/nonexistent/folder")
    if skipped.returncode != 77 or "skipped" not in skipped.stdout:
        wrong.append("skipping")
    if run("require shared\n$ true\n", "/").returncode != 0:
        wrong.append("not skipping")
    kept = what_is_kept("$ echo first\n$ echo second; echo third >&2; : >some-file; false\n")
    for word in ("second", "third", "exit code 1", "line 1:", "line 2:", "some-file", "bytes free", "MemAvailable"):
        if kept.count(word) < 2:
            wrong.append(f"what a failure shows and keeps: {word}")
    if what_is_kept("$ true\n").count("circumstances") != 0:
        wrong.append("keeping what passed")
    # The shell waits for sleep, which must not outlive the test.
    if "did not end" not in (hung := what_is_kept("$ printf 'be%s' gun; sleep 200; true\n", "--timeout", "0.5")) or "begun" not in hung:
        wrong.append("a program that hangs")
    for name in wrong:
        print(f"the runner is wrong about: {name}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
