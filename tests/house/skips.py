"""A program of tests that skips says so in its exit code, and one that fails has failed, whatever it skips.

usage: skips.py SKIPPING-PROGRAM
"""

import subprocess
import sys

CASES = {  # the filter: the exit code, and the beginning of the last line
    "Some.Passes": (0, "[  PASSED  ] 1 test."),
    "Some.Passes:Some.IsSkipped": (77, "1 of 2 tests skipped: Some.IsSkipped: what it needs is not here"),
    "*Skipped*": (77, "3 of 3 tests skipped: Some.IsSkipped: what it needs is not here; Some.IsSkippedToo; "
                      "WithoutSetUp.IsSkipped: nothing is set up"),
    "Some.Fails": (1, " 1 FAILED TEST"),
    "*": (1, " 1 FAILED TEST"),
    "Some.Is*:Some.Fails": (1, " 1 FAILED TEST"),
    "Another.*": (1, "no test was run: is the filter 'Another.*' right?"),
}


def main():
    wrong = []
    for pattern, (code, last) in CASES.items():
        run = subprocess.run([sys.argv[1], f"--gtest_filter={pattern}"], capture_output=True, text=True, check=False, timeout=50)
        found = run.stdout.rstrip("\n").split("\n")[-1]
        if run.returncode != code or found != last:
            wrong.append(f"{pattern}: exit code {run.returncode}, expected {code}; last line {found!r}, expected {last!r}")
    listed = subprocess.run([sys.argv[1], "--gtest_list_tests"], capture_output=True, text=True, check=False, timeout=50)
    if listed.returncode != 0 or "IsSkippedToo" not in listed.stdout:
        wrong.append("listing the tests")
    print("\n".join(wrong) or "what is skipped shows as skipped")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
