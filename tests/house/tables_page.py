"""Runs every command of docs/tables.md, in order, in one folder with the files of docs/tables, and compares what it prints.

Usage: tables_page.py PROGRAMS [--write]. --write puts what is printed into the page. A number with decimals may differ by a
twentieth, for kernels round in their own ways.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tables.md"
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.S | re.M)
DECIMAL = re.compile(r"\d+\.\d+")


def run(command, folder, programs):
    environment = {"PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return [line.rstrip() for line in done.stdout.splitlines()]


def commands_of(block):
    """Pairs of a command and the lines below it."""
    found = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def alike(wanted, found):
    if len(wanted) != len(found):
        return False
    for a, b in zip(wanted, found):
        if DECIMAL.sub("#", a) != DECIMAL.sub("#", b):
            return False
        if any(abs(float(x) - float(y)) > 0.05 * abs(float(x)) for x, y in zip(DECIMAL.findall(a), DECIMAL.findall(b))):
            return False
    return True


def main():
    programs, write = str(pathlib.Path(sys.argv[1]).resolve()), "--write" in sys.argv
    page, faults, count = PAGE.read_text(), [], 0
    assert alike(["a 1.00"], ["a 1.04"]) and not alike(["a 1.00"], ["a 1.06"]) and not alike(["a 1"], ["a 2"])
    with tempfile.TemporaryDirectory() as folder:
        for file in sorted((ROOT / "docs" / "tables").iterdir()):
            shutil.copy(file, folder)

        def look_at(match):
            nonlocal count
            text = ""
            for command, wanted in commands_of(match.group(1)):
                count += 1
                found = run(command, folder, programs)
                if not alike(wanted, found):
                    faults.append("\n".join([f"$ {command}", *found, "--- and not", *wanted]))
                text += "\n".join([f"$ {command}", *found]) + "\n"
            return f"```console\n{text}```"

        written = BLOCK.sub(look_at, page)
    for link in re.findall(r"\]\(([^)#]+)", page):
        if not (PAGE.parent / link).exists():
            faults.append(f"the page links to {link}, which is not there")
    if count < 10:
        faults.append("the page has lost its commands")
    if write:
        PAGE.write_text(written)
    elif faults:
        sys.exit("docs/tables.md prints something else (tables_page.py PROGRAMS --write):\n" + "\n".join(faults))
    print(f"tables: {count} commands print what the page says")


if __name__ == "__main__":
    main()
