"""The library for C shows the functions of strata.h and no other name, has the version of its ABI in its name, and needs zlib
and the system's libraries alone.

Usage: symbols.py LIBRARY HEADER NM READELF
"""

import pathlib
import re
import subprocess
import sys

NEEDED = re.compile(r"lib(z|stdc\+\+|m|gcc_s|c|dl|pthread)\.so|ld-linux")


def functions_of(header):
    return set(re.findall(r"^STRATA_C_API [^;]*?\b(strata_\w+)\(", header, re.M))


def faults_of(shown, functions):
    yield from (f"it shows {name}, which strata.h has not" for name in sorted(shown - functions))
    yield from (f"it does not show {name}" for name in sorted(functions - shown))


def output(*command):
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout


def main():
    library, header_file, nm, readelf = sys.argv[1:5]
    header = pathlib.Path(header_file).read_text()
    functions = functions_of(header)
    shown = {line.split()[-1] for line in output(nm, "--dynamic", "--defined-only", library).splitlines()}
    found = list(faults_of(shown, functions))
    abi = re.search(r"^#define STRATA_ABI_VERSION (\d+)$", header, re.M)[1]
    dynamic = output(readelf, "--dynamic", "--wide", library)
    if f"Library soname: [libstrata_c.so.{abi}]" not in dynamic:
        found.append(f"its name is not libstrata_c.so.{abi}")
    found += [f"it needs {name}" for name in re.findall(r"Shared library: \[(.*)\]", dynamic) if not NEEDED.match(name)]

    # The check must go red.
    for planted in ({*shown, "_ZN6strata5trainE"}, {*shown, "strata_extra"}, shown - {"strata_train"}):
        if not list(faults_of(planted, functions)):
            found.append(f"the check accepts {sorted(planted ^ shown)}")
    if len(functions) < 50 or functions_of("int f(void);"):
        found.append("the check no longer understands strata.h")
    print("\n".join(found) or f"{library} shows {len(shown)} names, those of strata.h")
    sys.exit(1 if found else 0)


main()
