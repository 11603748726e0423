"""The names that the shared library shows are those of its headers, and what it needs is zlib and the system's.

Usage: symbols.py LIBRARY HEADERS NM READELF
"""

import pathlib
import re
import subprocess
import sys

NEEDED = re.compile(r"lib(z|stdc\+\+|m|gcc_s|c|dl|pthread)\.so|ld-linux")
MUST_BE_THERE = ("strata::train(", "strata::Model::load(", "strata::Predictor::predict(", "strata::steps::relu(",
                 "strata::to_json(", "strata::require_writable(", "strata::remove_temporary_files(", "typeinfo for strata::Error")


def faults_of(symbols, words, internal):
    for symbol in symbols:
        name = re.sub(r"\[abi:\w+\]", "", symbol.removeprefix("typeinfo for ").removeprefix("typeinfo name for ").removeprefix("vtable for "))
        parts = re.split(r"::", re.split(r"[(<]", name)[0])
        operators = [part for part in parts if part.startswith("operator")]
        unknown = [part for part in parts if part not in operators and (part.lstrip("~") not in words or part in internal)]
        if parts[0] != "strata" or unknown:
            yield f"it shows {symbol}, which no header has"
    for name in MUST_BE_THERE:
        if not any(re.sub(r"\[abi:\w+\]", "", symbol).startswith(name) for symbol in symbols):
            yield f"it does not show {name}"


def output(*command):
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout


def main():
    library, headers, nm, readelf = sys.argv[1:5]
    text = "".join(path.read_text() for path in sorted(pathlib.Path(headers).glob("*.hpp")))
    words, internal = set(re.findall(r"\w+", text)), {"internal", *re.findall(r"^ +struct (\w+);", text, re.M)}
    lines = output(nm, "--dynamic", "--defined-only", "--demangle", library).splitlines()
    symbols = [line.split(maxsplit=2)[2] for line in lines]
    found = list(faults_of(symbols, words, internal))

    version = [re.search(rf"STRATA_VERSION_{part} (\d+)", text)[1] for part in ("MAJOR", "MINOR")]
    dynamic = output(readelf, "--dynamic", "--wide", library)
    if f"Library soname: [libstrata.so.{'.'.join(version)}]" not in dynamic:
        found.append(f"its name is not libstrata.so.{'.'.join(version)}")
    found += [f"it needs {name}" for name in re.findall(r"Shared library: \[(.*)\]", dynamic) if not NEEDED.match(name)]

    # The check must go red.
    for planted in ("strata::internal::ThreadPool::~ThreadPool()", "strata::Model::Data::precision() const", "vtable for fmt::format_error",
                    "std::vector<strata::Field>::~vector()", "vtable for strata::internal::FileReader", "strata::internal::validate()"):
        if not list(faults_of([*symbols, planted], words, internal))[:1]:
            found.append(f"the check accepts {planted}")
    if len(list(faults_of([], words, internal))) != len(MUST_BE_THERE):
        found.append("the check accepts a library that shows nothing")
    print("\n".join(found) or f"{library} shows {len(symbols)} names, all of its headers")
    sys.exit(1 if found else 0)


main()
