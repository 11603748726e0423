"""How long the files are: none over 500 lines, the story at most 250; each part of the library within its budget."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONGEST = 500
LONGEST_OF = {"src/network/step.cpp": 250}
# The engine is all of the library but the readers of files, which are many and simple, the kernels for the vector
# instructions of CPUs, and what hands the library to other languages (docs/decisions/0001-house.md).
PLACES = {
    "readers": ("src/data/",),
    "vectors": ("src/kernels/cpu/",),
    "api": ("src/api/", "include/strata/arrow.h", "include/strata/json.hpp", "include/strata/strata.h", "include/strata/strata.hpp"),
}
BUDGET = {"engine": 26750, "readers": 11650, "vectors": 4000, "api": 1950}


def lengths():
    for top in ("include", "src", "cli", "examples", "tests", "bench", "fuzz", "python"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".hpp", ".cpp", ".h", ".py"):
                yield str(path.relative_to(ROOT)), len(path.read_text().splitlines())


def budgets(measured):
    lines = dict.fromkeys(BUDGET, 0)
    for name, count in measured:
        if name.startswith(("include/", "src/")):
            lines[next((part for part, places in PLACES.items() if name.startswith(places)), "engine")] += count
    return lines


def faults(measured):
    for name, count in measured:
        longest = LONGEST_OF.get(name, LONGEST)
        if count > longest:
            yield f"{name}: {count} lines, at most {longest}"
    for part, count in budgets(measured).items():
        if count > BUDGET[part]:
            yield f"the {part} has {count} lines, at most {BUDGET[part]}: what can go?"


if __name__ == "__main__":
    measured = list(lengths())
    found = list(faults(measured))
    # The check must go red on a story that grew and on a file that grew.
    for planted in ([("src/network/step.cpp", 251)], [("src/a.cpp", 501)]):
        if not list(faults(planted)):
            found.append(f"the check accepts {planted[0]}")
    # And on each part that grew, but for nothing of another's.
    for part, place in {"engine": "src/", **{part: places[0] for part, places in PLACES.items()}}.items():
        if len(list(faults([(place + "a.cpp", 500)] * (BUDGET[part] // 500 + 1)))) != 1:
            found.append(f"the check does not count what is in {place}")
    for part in ("include", "src", "cli", "examples", "tests", "bench", "fuzz", "python"):
        print(f"{part:9}{sum(c for n, c in measured if n.startswith(part + '/')):7} lines")
    for part, count in budgets(measured).items():
        print(f"{part:9}{count:7} lines of {BUDGET[part]}")
    print("\n".join(found) or "lines: no file is too long")
    sys.exit(1 if found else 0)
