"""Who includes whom: the floors of the house, read from the #include lines."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# A room and the rooms whose headers it may include (beside its own and include/strata).
MAY_USE = {
    "base": set(),
    "kernels": {"base"},
    "data": {"base"},
    "network": {"kernels", "base"},
    "optim": {"kernels", "base"},
    "features": {"data", "base"},
    "model": {"features", "network", "kernels", "data", "base"},
    "train": {"model", "network", "optim", "data", "features", "kernels", "base"},
    "tools": {"train", "model", "network", "data", "kernels", "base"},
}
# Headers of libraries that only these rooms may include (and the tests, which make samples with them).
ONLY_IN = {
    "hdf5.h": {"data/decode", "tests"},
    "png.h": {"data/decode", "tests"},
    "jpeglib.h": {"data/decode", "tests"},
    "zlib.h": {"data", "model", "tests"},
    "nlohmann/": {"model", "tests", "bench"},
    "CLI/": {"cli"},
    "hwy/": {"kernels/cpu", "tests"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]')


def place_of(path: pathlib.Path) -> str:
    parts = path.relative_to(ROOT).parts
    if parts[0] == "src":
        # Some folders may use libraries that the rest of their room may not.
        return "/".join(parts[1:3]) if parts[1:3] in (("data", "decode"), ("kernels", "cpu")) else parts[1]
    return {"include": "include"}.get(parts[0], parts[0])


def faults_of(path: pathlib.Path, place: str, lines):
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        header = match.group(1)
        room = header.split("/")[0]
        fault = None
        for library, places in ONLY_IN.items():
            if header.startswith(library) and place not in places:
                fault = f"only {', '.join(sorted(places))} may include {header}"
        if room in MAY_USE and "/" in header:
            if place in ("cli", "examples", "include", "data/decode"):
                fault = f"{place} may include only strata/… headers, not {header}"
            elif (floor := place.split("/")[0]) in MAY_USE and room != floor and room not in MAY_USE[floor]:
                fault = f"{place} may not use {room}: {header}"
        if header.startswith("fmt/") and path.suffix == ".hpp" and place == "include":
            fault = "an installed header includes fmt"
        if fault:
            yield f"{path.relative_to(ROOT)}:{number}: {fault}"


def check() -> list[str]:
    faults = []
    for top in ("include", "src", "cli", "examples", "tests", "bench", "fuzz"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".hpp", ".cpp", ".h"):
                faults += faults_of(path, place_of(path), path.read_text().splitlines())
    return faults


def check_the_check() -> list[str]:
    """The check must go red: one line that it has to refuse for each rule."""
    planted = [
        ("kernels", "network/step.hpp"), ("base", "kernels/kernels.hpp"), ("optim", "network/parameters.hpp"),
        ("data", "features/scaling.hpp"), ("cli", "base/text.hpp"), ("examples", "model/model_data.hpp"),
        ("model", "train/prepare.hpp"), ("network", "zlib.h"), ("data", "hdf5.h"), ("train", "CLI/CLI.hpp"),
        ("kernels", "hwy/highway.h"), ("kernels/cpu", "network/step.hpp"), ("fuzz", "zlib.h"),
    ]
    missed = []
    for place, header in planted:
        if not list(faults_of(ROOT / "planted.cpp", place, [f'#include "{header}"'])):
            missed.append(f"the check accepts {header} in {place}")
    return missed


if __name__ == "__main__":
    found = check_the_check() + check()
    print("\n".join(found) or "layers: every file includes only what its floor allows")
    sys.exit(1 if found else 0)
