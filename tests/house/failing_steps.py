"""Every step of ./dev that fails must end it: with the step's message, another code than 0, and no word of success.

A copy of ./dev runs with tools that only note how they were called. A command runs once with none failing, which gives its
steps; then once for each of them, with that one failing.
"""

import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ("cmake ctest apt-get dpkg-query id nproc python3 git clang-format-19 clang-tidy-19 sudo debootstrap unshare mount umount "
         "chroot apt-config apt-helper").split()
COMMANDS = ["setup", "build", "demo", "test", "test-all", "test-rest", "test-fresh bookworm", "test-fresh trixie", "test-fresh trixie demo", "bench", "bench-tables", "regress A",
            "same-bits A", "test-python", "neon", "threads", "fuzz 1", "fmt", "fmt --check", "tidy", "lines", "layers"]
# What may fail: questions, and peers of the benchmark that can be absent.
MAY_FAIL = re.compile(r"^(dpkg-query|id|nproc|apt-config|apt-helper|git status|cmake .*libtorch"
                      r"|python -m pip install .*(--requirement|a-peer)|python -c import)")
SUCCESS = re.compile(r"The program: |what was tried works: |: \d+ s$|inputs$", re.M)
PLANTED = "the planted fault"

FAKE = r'''#!/bin/bash
name=${0##*/}
case "$name" in
  dpkg-query) exit 1 ;;
  id) echo "${FAKE_ID:-0}"; exit ;;
  nproc) echo 1; exit ;;
esac
echo "$name $*" >>"$CALLS"
mapfile -t calls <"$CALLS"
if [ "${#calls[@]}" = "${FAIL:-}" ]; then
  # What dpkg says when it fails comes on standard output.
  if [ "$name" = apt-get ] && [ "$1" != indextargets ]; then echo "$FAULT"; else echo "$FAULT" >&2; fi
  exit 9
fi
program() { mkdir -p "${1%/*}"; cp "$0" "$1"; }
case "$name $*" in
  "cmake --preset "*)
    mkdir -p "build/$2"
    touch "build/$2/build.ninja"
    printf '  "file": "/src/%s.cpp",\n' a b >"build/$2/compile_commands.json" ;;
  "cmake --build "*)
    for made in release/bin/strata tsan/tests/kernels_test asan/fuzz/fuzz_seeds asan/fuzz/csv_fuzz asan/fuzz/npy_fuzz; do
      [[ build/$made != "$2"/* ]] || program "build/$made"
    done ;;
  "python3 -m venv "*) program "${!#}/bin/python" ;;
  csv_fuzz*|npy_fuzz*) echo "stat::number_of_executed_units: 7" ;;
  "git ls-files"*) printf 'src/a.cpp\0src/b.cpp\0' ;;
  "apt-get indextargets "*) echo "Debian Debian http://mirror.invalid/debian" ;;
  "debootstrap "*) mkdir -p "$3/etc/apt/apt.conf.d" ;;
  "unshare "*) while [[ $1 == --* ]]; do shift; done; exec "$@" ;;
esac
'''


def make_copy(folder, dev):
    for name in ("bench", "fuzz", "src", "bin", "home", "tests/fresh"):
        (folder / name).mkdir(parents=True)
    shutil.copy(dev, folder / "dev")
    shutil.copy(SOURCE / "CMakePresets.json", folder)
    if (SOURCE / "tests/fresh/run").exists():
        shutil.copy(SOURCE / "tests/fresh/run", folder / "tests/fresh")
    for name in ("fuzz/csv_fuzz.cpp", "fuzz/npy_fuzz.cpp", "src/a.cpp", "src/b.cpp", "bench/bench.py", "bench/bench_tables.py",
                 "bench/regress.py"):
        (folder / name).touch()
    (folder / "bench/requirements.txt").write_text("a-peer==1\n")
    for tool in TOOLS:
        (folder / "bin" / tool).write_text(FAKE)
        (folder / "bin" / tool).chmod(0o755)


class Run:
    """./dev COMMAND in a copy, with the step of this number failing; prepare(folder) comes first."""

    def __init__(self, dev, command, fail="", prepare=None, again=False, **environment):
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            make_copy(folder, dev)
            if prepare:
                prepare(folder)
            calls = folder / "calls"
            settings = {"PATH": f"{folder / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder / "home"), "CALLS": str(calls),
                        "FAULT": PLANTED, "FAIL": str(fail), **environment}
            for attempt in range(2 if again else 1):
                calls.write_text("")
                done = subprocess.run(["bash", folder / "dev", *command.split()], cwd=folder, env=settings, text=True,
                                      capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
                settings["FAIL"] = ""
            self.code, self.output, self.both = done.returncode, done.stdout, done.stdout + done.stderr
            self.calls = calls.read_text().splitlines()
            self.left = list((folder / "build" / "fresh").glob("*/*"))


def faults_of_step(dev, command, number, steps, successes):
    failed = Run(dev, command, fail=number)
    step = steps[number - 1]
    what = f"./dev {command}, where this fails: {step}"
    if failed.code == 0:
        yield f"{what}: code 0"
    if PLANTED not in failed.both and not step.endswith("fork true"):
        yield f"{what}: the step's message is not shown:\n{failed.both}"
    if len(SUCCESS.findall(failed.both)) >= max(successes, 1) and not step.startswith("strata "):
        yield f"{what}: it speaks of success:\n{failed.both}"
    # Where there are many of a kind, the others go on.
    tool = step.split()[0]
    later = [call for call in failed.calls[number:]
             if call.split()[0] != tool and not (tool.endswith("_fuzz") and call.split()[0].endswith("_fuzz"))]
    if later:
        yield f"{what}: it goes on: {later}"
    if failed.left:
        yield f"{what}: it leaves {failed.left}"
    if step.endswith("fork true") and failed.code != 3:
        yield f"{what}: code {failed.code}, not 3"


def faults_of_command(dev, command, pool):
    good = Run(dev, command)
    if good.code != 0 or not good.calls:
        return [f"./dev {command} fails where nothing else does ({good.code}):\n{good.both}"]
    numbers = [n for n, step in enumerate(good.calls, 1) if not MAY_FAIL.match(step)]
    if command == "test-all":  # the same steps as of test and test-rest, which are tried one by one
        numbers = [n for n in numbers if good.calls[n - 1].startswith("ctest ")]
    if not numbers:
        return [f"./dev {command}: no step of it can fail"]
    runs = [pool.submit(lambda n: list(faults_of_step(dev, command, n, good.calls, len(SUCCESS.findall(good.both)))), n)
            for n in numbers]
    return [fault for run in runs for fault in run.result()]


def configured(ninja):
    """Prepares a build folder: with a CMakeCache.txt, and with a build.ninja of such an age or none."""
    def prepare(folder):
        build = folder / "build" / "release"
        build.mkdir(parents=True)
        (build / "CMakeCache.txt").touch()
        if ninja is not None:
            (build / "build.ninja").touch()
            time = (folder / "CMakePresets.json").stat().st_mtime + ninja
            os.utime(build / "build.ninja", (time, time))
    return prepare


def other_faults(dev):
    def expect(true, what, run):
        if not true:
            yield f"{what} (code {run.code}):\n{run.both}{run.calls}"

    for ninja, again in ((None, True), (-10, True), (10, False)):
        run = Run(dev, "build", prepare=configured(ninja))
        found = any(call.startswith("cmake --preset release") for call in run.calls)
        yield from expect(found == again, f"build.ninja {ninja}: configured {found}, expected {again}", run)
    steps = Run(dev, "setup").calls
    for number, step in enumerate(steps, 1):
        if "pip install" in step:
            run = Run(dev, "setup", fail=number, again=True)
            yield from expect(any("pip install" in call for call in run.calls), "a failed pip is not tried again", run)
    finding = "src/a.cpp:3:7: error: code should be clang-formatted [-Wclang-format-violations]"
    number = next((n for n, call in enumerate(Run(dev, "fmt --check").calls, 1) if call.startswith("clang-format")), 0)
    run = Run(dev, "fmt --check", fail=number, FAULT=finding)
    yield from expect(run.code == 1 and run.output == "src/a.cpp\n", "fmt --check lists the file", run)
    run = Run(dev, "fmt --chekc")
    yield from expect(run.code == 2 and "--chekc" in run.both and not any("clang-format" in c for c in run.calls), "fmt --chekc", run)
    run = Run(dev, "test-fresh bullseye")
    yield from expect(run.code == 2 and "bullseye" in run.both and not run.calls, "test-fresh bullseye", run)
    run = Run(dev, "test-fresh trixie build")
    yield from expect(run.code == 2 and "'build'" in run.both and not run.calls, "test-fresh trixie build", run)
    run = Run(dev, "test-fresh trixie", FAKE_ID="1000")
    yield from expect(run.code == 3 and "needs root" in run.both and not run.calls, "test-fresh by a user", run)
    run = Run(dev, "test-fresh trixie", fail=1)
    yield from expect(run.code == 3 and PLANTED in run.both and "debootstrap" in run.both, "test-fresh without its packages", run)
    run = Run(dev, "tets")
    yield from expect(run.code == 2 and "no command 'tets'" in run.both and not run.calls, "an unknown command", run)


def main():
    dev = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE / "dev"
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = [fault for command in COMMANDS for fault in faults_of_command(dev, command, pool)]
    found += other_faults(dev)
    # The commands here must be all there are.
    usage = subprocess.run(["bash", dev, "help"], text=True, capture_output=True, check=True).stdout
    names = {line.split()[1].split("[")[0] for line in usage.splitlines() if line.startswith("./dev ")}
    for name in sorted(names ^ {command.split()[0] for command in COMMANDS}):
        found.append(f"./dev {name} is not tried here, or not in the usage")
    print("\n".join(found) or "failing steps: each ends ./dev")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
