"""How long the files are: none over 500 lines, the story at most 250; the engine and the readers within their budgets."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONGEST = 500
LONGEST_OF = {"src/network/step.cpp": 250}
# The engine is all of the library but the readers of files, which are many and simple, and the kernels for the vector
# instructions of CPUs (docs/decisions/0001-house.md).
READERS = ("src/data/",)
VECTORS = ("src/kernels/cpu/",)
BUDGET = {"engine": 26600, "readers": 10500, "vectors": 4000}


def lengths():
    for top in ("include", "src", "cli", "examples", "tests", "bench", "fuzz"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".hpp", ".cpp", ".h", ".py"):
                yield str(path.relative_to(ROOT)), len(path.read_text().splitlines())


def budgets(measured):
    library = [(name, count) for name, count in measured if name.startswith(("include/", "src/"))]
    readers = sum(count for name, count in library if name.startswith(READERS))
    vectors = sum(count for name, count in library if name.startswith(VECTORS))
    return {"engine": sum(count for _, count in library) - readers - vectors, "readers": readers, "vectors": vectors}


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
    full = {part: BUDGET[part] // 500 + 1 for part in BUDGET}
    for planted in ([("src/network/step.cpp", 251)], [("src/a.cpp", 501)], [("src/a.cpp", 500)] * full["engine"],
                    [("src/data/a.cpp", 500)] * full["readers"], [("src/kernels/cpu/a.cpp", 500)] * full["vectors"]):
        if not list(faults(planted)):
            found.append(f"the check accepts {planted[0]}")
    for part in ("include", "src", "cli", "examples", "tests", "bench", "fuzz"):
        print(f"{part:9}{sum(c for n, c in measured if n.startswith(part + '/')):7} lines")
    for part, count in budgets(measured).items():
        print(f"{part:9}{count:7} lines of {BUDGET[part]}")
    print("\n".join(found) or "lines: no file is too long")
    sys.exit(1 if found else 0)
