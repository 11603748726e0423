"""The library: its functions as strata.h has them, its handles, its errors."""

import ctypes
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

import stratanet
from stratanet import _abi

ROOT = pathlib.Path(__file__).resolve().parents[3]
HEADER = re.sub(r"/\*.*?\*/", "", (ROOT / "include/strata/strata.h").read_text(), flags=re.S)


def declared():
    """name -> the C types of what a function gives and takes."""
    functions = {}
    for gives, name, takes in re.findall(r"STRATA_C_API\s+([\w\s]+?[\s*]+)(strata_\w+)\(([^;]*)\);", HEADER):
        arguments = [] if takes.strip() == "void" else [re.sub(r"\s+", " ", each.strip()) for each in takes.split(",")]
        functions[name] = gives.strip(), [re.sub(r"\s*\w+$", "", each).strip() for each in arguments]
    return functions


def size_of(c_type):
    """Whether a C type is a pointer, a floating-point number, or a whole one of how many bytes; and its sign."""
    if "*" in c_type:
        return "pointer"
    plain = c_type.replace("const", "").strip()
    return {"void": None, "double": "double", "size_t": "size", "int": "int", "int64_t": "int64", "ptrdiff_t": "ssize",
            "strata_status": "int", "strata_spelling": "int"}[plain]


def size_of_ctype(kind):
    if kind is None:
        return None
    names = {ctypes.c_double: "double", ctypes.c_size_t: "size", ctypes.c_int: "int", ctypes.c_int64: "int64",
             ctypes.c_ssize_t: "ssize"}
    if kind is ctypes.c_int64:
        return "int64"
    return names.get(kind, "pointer")


def same(c, python):
    return c == python or {c, python} == {"int64", "ssize"}  # one type of ctypes


def test_every_function_of_the_header_is_declared_as_it_is():
    functions = declared()
    assert len(functions) > 50
    assert set(functions) == set(_abi.SIGNATURES)
    for name, (gives, takes) in functions.items():
        result, arguments = _abi.SIGNATURES[name]
        assert same(size_of(gives), size_of_ctype(result)), name
        assert len(takes) == len(arguments), name
        for c, python in zip(takes, arguments):
            assert same(size_of(c), size_of_ctype(python)), f"{name}: {c}"


@pytest.mark.parametrize("struct, name", [(_abi.Error, "strata_error"), (_abi.Numbers, "strata_numbers"),
                                          (_abi.Progress, "strata_progress"), (_abi.Cost, "strata_cost"),
                                          (_abi.Epoch, "strata_epoch"), (_abi.Callbacks, "strata_callbacks"),
                                          (_abi.Matrix, "strata_matrix")])
def test_every_struct_has_the_members_of_the_header(struct, name):
    body = re.search(r"typedef struct %s \{(.*?)\} %s;" % (name, name), HEADER, re.S).group(1)
    members = []
    for line in (each.strip() for each in body.split(";") if each.strip()):
        pointer = re.search(r"\(\*(\w+)\)", line)
        members += [pointer.group(1)] if pointer else [re.search(r"(\w+)$", each.strip()).group(1) for each in line.split(",")]
    assert [field[0] for field in struct._fields_] == members


def test_statuses_are_those_of_the_header():
    for name, value in re.findall(r"STRATA_(\w+) = (\d+)", re.search(r"typedef enum strata_status \{(.*?)\}", HEADER, re.S).group(1)):
        assert getattr(_abi, name) == int(value)
    assert int(re.search(r"STRATA_ABI_VERSION (\d+)", HEADER).group(1)) == _abi.ABI_VERSION
    assert f"STRATA_SPELL_PYTHON = {_abi._SPELL_PYTHON}" in HEADER


def python(code, **environment):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(ROOT / "python"), **environment})


def test_a_library_that_is_not_there_is_an_import_error_that_says_where():
    done = python("import stratanet; stratanet.load('x')", STRATANET_LIBRARY="/nowhere/libstrata_c.so")
    assert "ImportError: stratanet: the library /nowhere/libstrata_c.so cannot be loaded" in done.stderr
    assert "STRATANET_LIBRARY names a library" in done.stderr


def test_another_library_is_an_import_error():
    done = python("import stratanet; stratanet.load('x')", STRATANET_LIBRARY="libc.so.6")
    assert "ImportError: stratanet: libc.so.6 is no library of Strata for C" in done.stderr


def test_another_abi_is_an_import_error():
    done = python("import stratanet\nfrom stratanet import _abi\n_abi.ABI_VERSION = 99\nstratanet.load('x')")
    assert re.search(r"ImportError: stratanet: .* has the ABI 1, and this package needs 99; install the two", done.stderr)


def test_errors_have_the_types_of_python(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing.strata"):
        stratanet.load(tmp_path / "nothing.strata")
    (tmp_path / "damaged.strata").write_bytes(b"no model at all, whatever its name says")
    with pytest.raises(ValueError, match="damaged.strata"):
        stratanet.load(tmp_path / "damaged.strata")
    with pytest.raises(OSError):
        stratanet.load(tmp_path)
    with pytest.raises(ValueError, match="a zero in it"):
        stratanet.load("a\0b")


def test_options_are_spelled_as_in_python(numbers):
    X, y = numbers
    with pytest.raises(ValueError) as caught:
        stratanet.train(X, y, validation="none", patience=5)
    assert "patience=5 waits for the validation loss to fall, and validation='none' measures none" in str(caught.value)
    assert "--" not in str(caught.value)


def test_what_is_made_is_freed(numbers):
    freed = []

    class Counted(_abi.Handle):
        def __del__(self):
            freed.append(self.pointer)
            super().__del__()
    table = _abi.made("table", None)
    counted = Counted("table", table.pointer)
    table.pointer = None  # it is the other's now
    del table
    pointer = counted.pointer
    del counted
    assert freed == [pointer]


def test_handles_are_no_harm_at_the_end_and_after_a_fork():
    done = python("""
import os, numpy as np, stratanet
X = np.random.RandomState(0).randn(50, 3)
model = stratanet.train(X, (X[:, 0] > 0).astype(int), epochs=2)
here = model.predict_proba(X)
child = os.fork()
if child == 0:
    again = stratanet.train(X, (X[:, 0] > 0).astype(int), epochs=2)
    os._exit(0 if (again.predict_proba(X) == here).all() and (model.predict_proba(X) == here).all() else 3)
print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
""")
    assert done.stdout == "child 0\n", done.stderr
    assert done.returncode == 0
    assert done.stderr == ""


def test_importing_costs_nothing_but_numpy():
    done = python("""
import sys, numpy
before = set(sys.modules)
import stratanet
new = set(sys.modules) - before
print(sorted(name for name in new if not name.startswith("stratanet")))
print(any(name.startswith("sklearn") for name in sys.modules))
from stratanet import _abi
print(_abi._loaded)
""")
    modules, sklearn, loaded = done.stdout.splitlines()
    assert (sklearn, loaded) == ("False", "None"), done.stderr
    heavy = {"json", "inspect", "pathlib", "difflib", "dataclasses", "logging", "subprocess", "importlib.metadata"}
    assert not heavy & set(eval(modules)), modules
