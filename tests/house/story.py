"""Keeps docs/story.md true: every quote must be a piece of the file that it names, at the lines that its link gives.

A quote in the story is a link to FILE#Lx-Ly followed by a block of code. `story.py --write` moves the line numbers and fetches
the code again where an anchor (the quoted function) has moved; the reader then judges whether the words beside it still fit.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
STORY = ROOT / "docs" / "story.md"
QUOTE = re.compile(r"\[`([^`]+)`, ([^\]]+)\]\(\.\./([^)#]+)#L(\d+)-L(\d+)\)\n\n```cpp\n(.*?)```\n", re.S)
STUB = re.compile(r"^QUOTE (\S+) (\S+)$", re.M)


def find_anchor(lines, name):
    """The lines of a function or struct: from the comment above it to the bracket that closes it."""
    word = re.compile(rf"(^|[ :*&]){re.escape(name)}(\(| \{{|$)")
    for start, line in enumerate(lines):
        if not word.search(line) or line.lstrip().startswith(("//", "return", "#")) or line.rstrip().endswith(";"):
            continue
        end, depth, opened = start, 0, False
        while end < len(lines):
            code = lines[end].split("//")[0]
            depth += code.count("{") - code.count("}")
            opened = opened or "{" in code
            if opened and depth == 0:
                break
            if not opened and code.rstrip().endswith(";"):
                break
            end += 1
        if not opened:
            continue
        while start > 0 and re.match(r"\s*(//|template)", lines[start - 1]):
            start -= 1
        return start, end
    raise SystemExit(f"story: no function or struct '{name}'")


def quote(file, name):
    lines = (ROOT / file).read_text().splitlines()
    start, end = find_anchor(lines, name)
    code = "\n".join(lines[start:end + 1])
    return f"[`{name}`, {file}](../{file}#L{start + 1}-L{end + 1})\n\n```cpp\n{code}\n```\n"


def faults(text):
    quotes = list(QUOTE.finditer(text))
    for match in quotes:
        name, shown, file, first, last, code = match.groups()
        path = ROOT / file
        if shown != file or not path.exists():
            yield f"docs/story.md quotes {shown}, which is not {file}"
            continue
        lines = path.read_text().splitlines()
        if "\n".join(lines[int(first) - 1:int(last)]) + "\n" != code:
            yield f"docs/story.md: the quote of {name} is not what {file} says in lines {first} to {last}; " \
                  "read both, then run tests/house/story.py --write"
    if len(quotes) < 15 or STUB.search(text):
        yield f"docs/story.md has {len(quotes)} quotes; the tour needs all of its stops"
    # The story must tell all of step.cpp: every line of code there stands in a quote.
    told = "".join(m.group(6) for m in quotes if m.group(3) == "src/network/step.cpp").splitlines()
    step = (ROOT / "src/network/step.cpp").read_text().split("#define STRATA_STEP")[0]  # then come instantiations
    for number, line in enumerate(step.splitlines(), 1):
        body = line.strip()
        if not body or body.startswith(("#include", "namespace")):
            continue
        if line not in told and number > 3:  # the first lines say what the file is
            yield f"docs/story.md leaves out src/network/step.cpp:{number}: {body}"


if __name__ == "__main__":
    text = STORY.read_text()
    if "--write" in sys.argv:
        text = STUB.sub(lambda m: quote(m.group(1), m.group(2)).rstrip("\n"), text)
        text = QUOTE.sub(lambda m: quote(m.group(3), m.group(1)), text)
        STORY.write_text(text)
    found = list(faults(text))
    # The check must go red when a quoted line of the story or of the code changes.
    changed = text.replace("  k.linear_forward(", "  k.linear_backward(", 1)
    if changed == text or not list(faults(changed)):
        found.append("the check accepts a changed quote")
    print("\n".join(found) or "story: every quote is what the code says")
    sys.exit(1 if found else 0)
