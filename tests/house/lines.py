"""How long the files are: none over 500 lines, the story at most 250, the C++ core near 8,500."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONGEST = 500
LONGEST_OF = {"src/network/step.cpp": 250}
CORE = 8500


def lengths():
    for top in ("include", "src", "cli", "examples", "tests"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".hpp", ".cpp", ".h", ".py"):
                yield str(path.relative_to(ROOT)), len(path.read_text().splitlines())


def faults(measured):
    for name, count in measured:
        longest = LONGEST_OF.get(name, LONGEST)
        if count > longest:
            yield f"{name}: {count} lines, at most {longest}"
    core = sum(count for name, count in measured if name.startswith(("include/", "src/")))
    if core > CORE * 1.1:
        yield f"the core (include, src) has {core} lines; it should stay near {CORE}"


if __name__ == "__main__":
    measured = list(lengths())
    found = list(faults(measured))
    # The check must go red on a story that grew and on a file that grew.
    for planted in ([("src/network/step.cpp", 251)], [("src/a.cpp", 501)], [("src/a.cpp", 500)] * 20):
        if not list(faults(planted)):
            found.append(f"the check accepts {planted[0]}")
    for part in ("include", "src", "cli", "examples", "tests"):
        print(f"{part:9}{sum(c for n, c in measured if n.startswith(part + '/')):7} lines")
    print("\n".join(found) or "lines: no file is too long")
    sys.exit(1 if found else 0)
