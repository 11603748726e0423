"""Where something was measured: the machine and the commit."""

import os
import pathlib
import platform
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]


def description():
    cpu = pathlib.Path("/proc/cpuinfo").read_text()
    first = lambda key: next(iter(re.findall(rf"^{key}\s*:\s*(.*)$", cpu, re.M)), "unknown")
    memory = int(re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1)) / 2**20
    return (f"{first('model name')} (family {first('cpu family')}, model {first('model')}), "
            f"{len(os.sched_getaffinity(0))} CPUs, {memory:.0f} GiB, Linux {platform.release()}")


def git(*words):
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True).stdout.strip()


def commit(written=()):
    """The commit, and whether files differ from it; those that the measuring itself writes do not count."""
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", *(f":!{path}" for path in written))
    return (git("describe", "--always") or "unknown") + ("-dirty" if changed else "")
