"""Runs every command of the README, in order, in one shell and in a copy of what a reader has, and compiles its program.

Usage: readme.py SOURCE BUILD. The commands of ./dev are run as they stand, except ./dev test, of which this is a part.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE, BUILD = (pathlib.Path(p).resolve() for p in sys.argv[1:3])
README = (SOURCE / "README.md").read_text()


def blocks(language):
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.S | re.M)
    return [body for tag, body in fenced if tag == language]


def run(script, folder):
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], cwd=folder, text=True, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"a command of the README failed ({done.returncode}):\n{script}\n{done.stdout}{done.stderr}")
    return done.stdout


def main():
    commands = "".join(blocks("sh"))
    if len(commands.splitlines()) < 12 or "./dev test\n" not in commands or "./dev demo\n" not in commands:
        sys.exit("the README has lost its commands")
    commands = commands.replace("./dev test\n", "")
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        # The reader's clone: the same files and the same build, but a folder of its own for what the commands write.
        for name in ("data", "examples", "include"):
            (folder / name).symlink_to(SOURCE / name)
        (folder / "dev").write_text(f'#!/bin/sh\nexec "{SOURCE}/dev" "$@"\n')
        (folder / "dev").chmod(0o755)
        (folder / "build").mkdir()
        (folder / "build" / "release").symlink_to(BUILD)
        output = run(commands, folder)
        header = blocks("")[0].strip()
        if header not in output:
            sys.exit(f"strata predict does not print what the README says: {header}")

        left = [path.name for path in folder.iterdir() if not path.is_symlink() and path.name not in ("build", "dev")]
        if not all(name.endswith((".strata", ".sdata")) for name in left):
            sys.exit(f"the README's commands leave files that git does not ignore: {left}")

        program = folder / "program"
        program.mkdir()
        (program / "main.cpp").write_text(blocks("cpp")[0])
        (program / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(reader LANGUAGES CXX)\nadd_executable(your_program main.cpp)\n"
            + blocks("cmake")[0])
        run(f"cmake -G Ninja -S program -B program/build -DCMAKE_PREFIX_PATH={folder}/build/prefix && cmake --build program/build"
            " && program/build/your_program > printed", folder)
        if not re.fullmatch(r"probability of malignant: [01]\.\d{3}\n", (folder / "printed").read_text()):
            sys.exit("the README's program does not print a probability")
        if not (folder / "cancer.strata").exists():
            sys.exit("the README's program saved no model")
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        if not (SOURCE / link).exists():
            sys.exit(f"the README links to {link}, which is not there")
    print("readme: every command works")


if __name__ == "__main__":
    if shutil.which("cmake") is None:
        sys.exit("cmake is missing")
    main()
