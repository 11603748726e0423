"""Changes step.cpp, one small change at a time, and demands that each change is noticed.

Every line of code is deleted, and every sign, index, operand and argument in it is changed in turn. A mutant must fail to
compile, or the checks (step_checks) linked with it must fail, crash or hang. One that passes is a line of the story that no
test holds.

usage: mutate_step.py --source step.cpp --checks step_checks.o… --library libstrata.a --work DIR --compiler c++ -- FLAGS…
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

# Mutants that cannot be told from the original, each with the reason. (line as stripped, what became of it) -> reason.
EQUIVALENT = {
    "delete: #undef STRATA_STEP": "the macro ends with the file",
}

# What is changed in a line: pattern -> replacements. Each match is changed alone.
CHANGES = [
    (r"\bl - 1\b", ["l", "l - 2", "l + 1"]),
    (r"\[l\]", ["[l - 1]", "[L]", "[1]"]),
    (r"\[L\]", ["[L - 1]", "[1]"]),
    (r"\[L - 1\]", ["[L]", "[0]"]),
    (r"(?<=layer\()l(?=\))", ["1"]),
    (r"\bl = 1\b", ["l = 2", "l = 0"]),
    (r"\bl = L\b", ["l = L - 1", "l = 1"]),
    (r"\bl < L\b", ["l <= L", "l < L - 1"]),
    (r"\bl >= 1\b", ["l > 1", "l >= 0"]),
    (r"\bl > 1\b", ["l > 2", "l >= 1", "true", "false"]),
    (r"\bl <= p\.depth\(\)", ["l < p.depth()", "l <= 1"]),
    (r"\+\+l\b", ["--l", "l += 2"]),
    (r"--l\b", ["++l", "l -= 2"]),
    (r"lambda != 0", ["true", "false", "lambda == 0", "lambda > 1"]),
    (r"\+=", ["=", "-="]),
    (r"1 / m\b", ["1", "m", "-1 / m", "2 / m", "1 / (m + 1)"]),
    (r"lambda / m\b", ["lambda", "-lambda / m", "lambda * m", "1 / m"]),
    (r"lambda / \(2 \* m\)", ["lambda / m", "lambda / 2", "lambda * (2 * m)", "-lambda / (2 * m)"]),
    (r"ws\.loss / m\b", ["ws.loss", "ws.loss * m", "-ws.loss / m", "0"]),
    (r"\bp\.W\b", ["p.b", "gradient.W"]),
    (r"\bp\.b\b", ["p.W", "gradient.b"]),
    (r"gradient\.W\b", ["gradient.b", "p.W"]),
    (r"gradient\.b\b", ["gradient.W"]),
    (r"ws\.A\b", ["ws.Z", "ws.dZ"]),
    (r"ws\.Z\b", ["ws.A", "ws.dZ"]),
    (r"ws\.dZ\b", ["ws.A", "ws.Z"]),
    (r"batch\.X\b", ["batch.X.columns(batch.m() / 2, 1)"]),
    (r"batch\.Y\b", ["batch.Y.columns(batch.m() / 2, 1)", "ws.A[L]"]),
    (r"batch\.w\b", ["nullptr"]),
    (r"batch\.weight\(\)", ["(batch.weight() - 1)", "static_cast<double>(batch.m())", "net.inputs", "1"]),
    (r"&ws\.loss", ["&J_elsewhere"]),
    (r"Objective\(net\b", ["Objective(Loss::squared_error", "Objective(net.loss"]),
    (r"net\.head\(\)", ["Head::identity", "Head::sigmoid", "Head::softmax"]),
    (r"ws\.g\[([^\[\]]*)\]", ["Pointwise<T>(Activation::identity)", "Pointwise<T>(Activation::relu)"]),
    (r"\bdepth\(\)", ["depth() - 1", "depth() + 1"]),
    (r"k\.linear_activation_forward", ["k.linear_activation_backward"]),
    (r"k\.linear_forward\(", ["k.linear_activation_forward(Activation::identity, "]),
    (r"\bX\)", ["ws.A[0])"]),
    (r"return J\b", ["return 0", "return -J", "return J + 1"]),
    (r"return with_penalty", ["return -with_penalty", "return 0 * with_penalty"]),
    (r"decays\(\) \?", ["decays() != true ?", "decays() || true ?", "decays() && false ?"]),
    (r"W_block", ["b_block"]),
    (r"b_block", ["W_block"]),
    (r"\bfloat\b", ["double"]),
    (r"\bdouble\b(?=\)$)", ["float"]),
]

# Deleting these changes nothing that runs, or is deleted with the lines that belong to it.
NOT_CODE = re.compile(r"^\s*(//.*)?$")


def strip_comment(line):
    return re.sub(r"\s*//.*$", "", line)


def statements(lines):
    """(first, last) of every statement: a line, with those that continue it."""
    spans, start, depth = [], None, 0
    for number, line in enumerate(lines):
        code = strip_comment(line).rstrip()
        if NOT_CODE.match(code):
            continue
        if start is None:
            start = number
        depth += code.count("(") - code.count(")")
        ends = code.endswith((";", "{", "}", "\\")) or code.lstrip().startswith(("#", "template", "STRATA"))
        if depth <= 0 and ends:
            spans.append((start, number))
            start, depth = None, 0
    return spans


def mutants(text):
    lines = text.split("\n")

    def with_lines(first, last, replacement):
        return "\n".join(lines[:first] + replacement + lines[last + 1:])

    for first, last in statements(lines):
        code = " ".join(re.sub(r"\s+", " ", strip_comment(line)).strip() for line in lines[first:last + 1])
        keep = [""] * (last - first + 1)
        yield first, f"delete: {code}", with_lines(first, last, keep)
        if code.endswith("{") and re.match(r"(for|if) ", code):
            yield first, f"without its condition: {code}", with_lines(first, last, ["  {"] + keep[1:])
    for number, line in enumerate(lines):
        code, comment = strip_comment(line), line[len(strip_comment(line)):]
        if NOT_CODE.match(code) or code.lstrip().startswith("#include"):
            continue
        for pattern, replacements in CHANGES:
            for match in re.finditer(pattern, code):
                for replacement in replacements:
                    changed = code[:match.start()] + replacement + code[match.end():]
                    yield number, f"{code.strip()}  ->  {changed.strip()}", with_lines(number, number, [changed + comment])
        # Neighbouring arguments change places.
        for match in re.finditer(r"(\b[\w.\->\[\] ]+?)(, )([\w.\->\[\] ]+\b\]?)(?=[,)])", code):
            changed = code[:match.start(1)] + match.group(3) + match.group(2) + match.group(1) + code[match.end(3):]
            yield number, f"{code.strip()}  ->  {changed.strip()}", with_lines(number, number, [changed + comment])


class Builder:
    def __init__(self, arguments):
        self.arguments = arguments
        self.work = pathlib.Path(arguments.work)
        self.work.mkdir(parents=True, exist_ok=True)
        # The library without its own step: a mutant that loses a function must not get it from there.
        self.library = self.work / "library.a"
        self.library.write_bytes(pathlib.Path(arguments.library).read_bytes())
        members = subprocess.run(["ar", "t", self.library], check=True, capture_output=True, text=True).stdout.split()
        ours = [name for name in members if name.startswith("step.cpp")]
        if len(ours) != 1:
            sys.exit(f"expected one step.cpp in {arguments.library}, found {ours}")
        subprocess.run(["ar", "d", self.library, *ours], check=True)

    def survives(self, number, text):
        """Whether the checks pass with this version of step.cpp; and what happened."""
        source = self.work / f"step_{number}.cpp"
        program = self.work / f"step_{number}"
        source.write_text(text)
        try:
            command = [self.arguments.compiler, *self.arguments.flags, source, *self.arguments.checks, self.library,
                       "-o", program, "-lpthread"]
            compiled = subprocess.run(command, capture_output=True, text=True, timeout=300)
            if compiled.returncode != 0:
                return False, "does not compile", compiled.stderr
            try:
                run = subprocess.run([program], capture_output=True, text=True, errors="replace", timeout=60)
            except subprocess.TimeoutExpired:
                return False, "hangs", ""
            return run.returncode == 0, run.stdout.strip() or f"exit {run.returncode}", run.stderr
        finally:
            source.unlink(missing_ok=True)
            program.unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", required=True)
    parser.add_argument("--checks", required=True, nargs="+")
    parser.add_argument("--library", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--compiler", required=True)
    parser.add_argument("--verbose", action="store_true")
    split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    arguments = parser.parse_args(sys.argv[1:split])
    arguments.flags = [flag for flag in sys.argv[split + 1:] if flag]

    text = pathlib.Path(arguments.source).read_text()
    builder = Builder(arguments)
    passes, what, messages = builder.survives(0, text)
    if not passes:
        sys.exit(f"the checks fail with the healthy step.cpp: {what}\n{messages}")

    all_mutants, seen = [], {text}
    for line, description, mutant in mutants(text):
        if mutant not in seen:
            seen.add(mutant)
            all_mutants.append((line + 1, description, mutant))
    survivors, fates, unused = [], {"does not compile": 0, "fails": 0, "hangs": 0}, set(EQUIVALENT)
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        results = pool.map(lambda item: builder.survives(item[0], item[1][2]), enumerate(all_mutants, 1))
        for (line, description, _), (survived, what, _) in zip(all_mutants, results):
            if arguments.verbose:
                print(f"{line}: {'SURVIVES' if survived else what}: {description}", flush=True)
            if not survived:
                fates[what if what in fates else "fails"] += 1
            elif description in EQUIVALENT:
                unused.discard(description)
            else:
                survivors.append(f"step.cpp:{line}: {description}")
    print(f"{len(all_mutants)} mutants of step.cpp: {fates['does not compile']} do not compile, {fates['fails']} fail "
          f"the checks, {fates['hangs']} hang, {len(EQUIVALENT) - len(unused)} are the same program, "
          f"{len(survivors)} survive")
    for survivor in survivors:
        print(f"SURVIVES {survivor}")
    for description in unused:
        print(f"listed as equivalent, but is not, or is no mutant any more: {description}")
    if len(all_mutants) < 100:
        print("too few mutants: the script no longer understands step.cpp")
    sys.exit(1 if survivors or unused or len(all_mutants) < 100 else 0)


if __name__ == "__main__":
    main()
