"""Who includes whom, and whose names are whose: the floors of the house, read from the lines of #include and namespace."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# A room and the rooms whose headers it may include, beside its own.
MAY_USE = {
    "base": set(),
    "config": {"base"},
    "data": {"config", "base"},
    "kernels": {"config", "base"},
    "network": {"kernels", "config", "base"},
    "optim": {"kernels", "config", "base"},
    "features": {"data", "config", "base"},
    "model": {"features", "network", "kernels", "data", "config", "base"},
    "train": {"model", "network", "optim", "features", "kernels", "data", "config", "base"},
    "tools": {"train", "model", "network", "features", "kernels", "data", "config", "base"},
    "api": {"tools", "train", "model", "network", "optim", "features", "kernels", "data", "config", "base"},
}
# The room that an installed header is the front of: it may include what that room may, and who may use the room includes it.
FRONT_OF = {
    "error.hpp": "base", "export.hpp": "base", "matrix.hpp": "base", "version.hpp": "base",
    "architecture.hpp": "config", "options.hpp": "config",
    "arrow.h": "data", "data.hpp": "data", "package.hpp": "data",
    "features.hpp": "features", "model.hpp": "model", "predictor.hpp": "model", "trainer.hpp": "train",
    "steps.hpp": "tools", "tools.hpp": "tools",
    "json.hpp": "api", "strata.h": "api",
    "strata.hpp": None,  # all of them
}
# What the program writes as the library does.
SHARED_WITH_PROGRAM = {"base/text.hpp", "base/json.hpp", "base/other_names.hpp", "api/json.hpp", "api/summary.hpp"}
# Headers of libraries that only these rooms may include (and the tests, which make samples with them).
ONLY_IN = {
    "hdf5.h": {"data/decode", "tests"},
    "png.h": {"data/decode", "tests"},
    "jpeglib.h": {"data/decode", "tests"},
    "zlib.h": {"data", "model", "tests"},
    "nlohmann/": {"model", "tests", "bench"},
    "hwy/": {"kernels/cpu", "tests"},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]')
# What a header of src/ declares is in strata::internal, but for the parts of public classes (Table::Storage); an installed
# header has no more of that than forward declarations.
NAMESPACE = re.compile(r"namespace (strata(?:::internal)?|internal)\b")
PART = re.compile(r"(struct|class) .*\b[A-Z]\w*::[A-Z]\w* ")
FORWARD = re.compile(r"(template <.*> *)?((class|struct) \w+;)?$")
TELLS_INTERNAL = {"package.hpp"}  # calls the library with what the package's CMake file knows


def place_of(path: pathlib.Path) -> str:
    parts = path.relative_to(ROOT).parts
    if parts[0] == "src":
        # Some folders may use libraries that the rest of their room may not.
        return "/".join(parts[1:3]) if parts[1:3] in (("data", "decode"), ("kernels", "cpu")) else parts[1]
    return parts[0]


def floor_of(path: pathlib.Path, place: str):
    """The room whose rules hold for a file; None: it may use all."""
    return FRONT_OF.get(path.name) if place == "include" else place.split("/")[0] if place.split("/")[0] in MAY_USE else None


def allowed(floor, room) -> bool:
    return floor is None or room == floor or room in MAY_USE[floor]


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
        if place == "data/decode" and room in {*MAY_USE, "strata"} and "/" in header:
            fault = f"{place} is a program of its own and may not include {header}"
        elif room in MAY_USE and "/" in header:
            if place in ("cli", "examples", "include") and not (place == "cli" and header in SHARED_WITH_PROGRAM):
                fault = f"{place} may include only strata/… headers, not {header}"
            elif not allowed(floor_of(path, place), room):
                fault = f"{place} may not use {room}: {header}"
        elif room == "strata":
            name = header.removeprefix("strata/")
            if name not in FRONT_OF:
                fault = f"{header} belongs to no room: FRONT_OF says which header is whose"
            elif not allowed(floor_of(path, place), FRONT_OF[name]):
                fault = f"{place} may not use {FRONT_OF[name] or 'every room'}: {header}"
        if header.startswith("fmt/") and path.suffix == ".hpp" and place == "include":
            fault = "an installed header includes fmt"
        if fault:
            yield f"{path.relative_to(ROOT)}:{number}: {fault}"


def namespace_faults(path: pathlib.Path, place: str, lines):
    space = None
    for number, line in enumerate(lines, 1):
        fault = None
        if opened := NAMESPACE.match(line):
            space = opened.group(1)
        elif line.startswith("}  // namespace"):
            space = None
        elif place == "include" and line[:1].isalpha() and space and space.endswith("internal"):
            if not FORWARD.match(line) and path.name not in TELLS_INTERNAL:
                fault = "an installed header may only forward-declare what is in strata::internal"
        elif place.split("/")[0] in MAY_USE and place != "data/decode" and line[:1].isalpha() and space == "strata":
            if not PART.match(line):
                fault = "what a header of src/ declares belongs into strata::internal"
        if fault:
            yield f"{path.relative_to(ROOT)}:{number}: {fault}"


def check() -> list[str]:
    faults = []
    for top in ("include", "src", "cli", "examples", "tests", "bench", "fuzz"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".hpp", ".cpp", ".h"):
                lines = path.read_text().splitlines()
                faults += faults_of(path, place_of(path), lines)
                if path.suffix == ".hpp":
                    faults += namespace_faults(path, place_of(path), lines)
    return faults


def check_the_check() -> list[str]:
    """The check must go red: one line that it has to refuse for each rule."""
    planted = [
        ("kernels", "network/step.hpp"), ("base", "kernels/kernels.hpp"), ("optim", "network/parameters.hpp"),
        ("data", "features/scaling.hpp"), ("examples", "model/model_data.hpp"),
        ("model", "train/prepare.hpp"), ("network", "zlib.h"), ("kernels", "strata/model.hpp"), ("data", "strata/features.hpp"),
        ("cli", "base/file.hpp"), ("cli", "api/door.hpp"), ("examples", "api/json.hpp"), ("tools", "api/json.hpp"),
        ("tools", "strata/json.hpp"), ("base", "strata/strata.hpp"), ("train", "strata/tools.hpp"), ("data/decode", "strata/error.hpp"), ("data", "hdf5.h"), ("features", "model/encode.hpp"),
        ("kernels", "hwy/highway.h"), ("kernels/cpu", "network/step.hpp"), ("fuzz", "zlib.h"),
    ]
    missed = []
    for place, header in planted:
        if not list(faults_of(ROOT / "planted.cpp", place, [f'#include "{header}"'])):
            missed.append(f"the check accepts {header} in {place}")
    for header, other in (("options.hpp", "strata/steps.hpp"), ("data.hpp", "strata/model.hpp"), ("model.hpp", "strata/new.hpp"),
                          ("tools.hpp", "strata/json.hpp")):
        if not list(faults_of(ROOT / "include/strata" / header, "include", [f'#include "{other}"'])):
            missed.append(f"the check accepts {other} in {header}")
    for place, lines in (
        ("base", ["namespace strata {", "", "/// Of use to several rooms.", "void helper();"]),
        ("kernels/cpu", ["namespace strata {", "namespace HWY_NAMESPACE {", "template <class T>", "void helper(T x) {"]),
        ("data", ["namespace strata {", "struct Table::Storage {", "  int rows;", "};", "struct Helper {"]),
        ("include", ["namespace strata::internal {", "class Helper;", "int helper();"]),
        ("include", ["namespace strata STRATA_EXPORT {", "namespace internal {", "class Helper {"]),
    ):
        if not any(f":{len(lines)}:" in fault for fault in namespace_faults(ROOT / "planted.hpp", place, lines)):
            missed.append(f"the check accepts in {place}: {lines[-1]}")
    return missed


if __name__ == "__main__":
    found = check_the_check() + check()
    print("\n".join(found) or "layers: every file includes only what its floor allows, and declares in its own namespace")
    sys.exit(1 if found else 0)
