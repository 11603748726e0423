"""The equations of the notes stand whole in strata/steps.hpp, one a line, as docs/notation.md writes them, and where
clang-format leaves them alone: it once ran two of them together."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADER = ROOT / "include" / "strata" / "steps.hpp"
NOTATION = ROOT / "docs" / "notation.md"
ROWS = ("linear", "activation", "activation, back", "linear, back", "update")  # of the table of equations


def expected():
    """One equation after the other; what L2 adds is not in the functions of the notes."""
    equations = []
    for row in ROWS:
        cells = re.search(rf"^\| {re.escape(row)} \| (.*) \|$", NOTATION.read_text(), re.M)
        if not cells:
            raise SystemExit(f"docs/notation.md has no row '{row}'")
        equations += [re.sub(r" \+ λ/m W\[l\]", "", e.strip()) for e in cells.group(1).split(",  ")]
    return equations


def faults(text):
    block = re.search(r"^// clang-format off.*?\n(.*?)^// clang-format on\n", text, re.M | re.S)
    if not block:
        yield "strata/steps.hpp: the equations are not between 'clang-format off' and 'clang-format on'"
        return
    found = [re.sub(r"^//\s+(forward |backward |update )?\s*", "", line) for line in block.group(1).splitlines()]
    for wanted, line in zip(expected(), found):
        if wanted != line:
            yield f"strata/steps.hpp: expected the equation '{wanted}', found '{line}'"
    if len(found) != len(expected()):
        yield f"strata/steps.hpp has {len(found)} lines of equations, expected {len(expected())}"


if __name__ == "__main__":
    text = HEADER.read_text()
    problems = list(faults(text))
    # The check must go red when equations run together, change, or lose their protection.
    for old, new in (("ᵀ dZ[l]\n//   update ", "ᵀ\n//   dZ[l] update "), ("− α dW[l]", "+ α dW[l]"), ("// clang-format off", "//")):
        planted = text.replace(old, new, 1)
        if planted == text or not list(faults(planted)):
            problems.append(f"the check accepts '{new}' for '{old}'")
    print("\n".join(problems) or "equations: all stand whole")
    sys.exit(1 if problems else 0)
