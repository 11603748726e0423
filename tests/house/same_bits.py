"""./dev same-bits OLD [NEW]: do two commits train, predict and look inside with the same bits? Both programs run every case
below on the same data, made here; models, predictions, figures, traces and gradient checks must be equal byte for byte.

NEW is the working tree where it is not given. What both leave is kept in build/same-bits, so that a difference can be looked at.
"""

import argparse
import gzip
import json
import math
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

import commits

HERE = ROOT / "build/same-bits"

COURSE = ROOT.parent / "shared/data/course/train_catvnoncat.h5"
# name: data, options. Every kind of head, optimizer, precision, start, batch, source, validation and number of threads; some
# with kernels that are not the chosen ones. Data come first, for the oldest programs ask for it.
CASES = {
    "binary": ("cancer.csv", "--epochs 20"),
    "binary-float64": ("cancer.csv", "--epochs 20 --precision float64"),
    "binary-bf16": ("cancer.csv", "--epochs 20 --precision bf16"),
    "binary-softmax": ("cancer.csv", "--epochs 9 --loss categorical-cross-entropy --hidden-layers 5,5,5"),
    "logistic": ("cancer.csv", "--epochs 20 --hidden-layers none"),
    "two-layer": ("cancer.csv", "--iterations 200 --recipe classic --hidden-layers 4"),
    "L-layer": ("cancer.csv", "--iterations 200 --recipe classic --hidden-layers 7,5 --random numpy --seed 3 --precision float64"),
    "classes": ("digits.csv", "--epochs 5 --threads 2"),
    "momentum": ("digits.csv", "--epochs 5 --threads 1 --optimizer momentum --momentum 0.8"),
    "descent-l2": ("digits.csv", "--epochs 5 --optimizer gradient-descent --l2 0.7"),
    "momentum-l2": ("digits.csv", "--epochs 4 --optimizer momentum --l2 0.7 --threads 2"),
    "adam-l2-float64": ("digits.csv", "--epochs 3 --l2 0.3 --precision float64 --beta1 0.8 --beta2 0.99 --epsilon 1e-6"),
    "bf16-l2": ("digits.csv", "--epochs 3 --precision bf16 --threads 2 --l2 0.1"),
    "validation-part": ("digits.csv", "--epochs 5 --validation 0.2 --seed 7"),
    "validation-file": ("digits.csv", "--epochs 3 --validation digits.csv"),
    "gelu": ("digits.csv", "--epochs 4 --activation gelu --hidden-layers 33,17 --batch-size 10"),
    "full-batch": ("digits.csv", "--epochs 40 --activation tanh,silu --hidden-layers 33,17 --batch-size full"),
    "smooth": ("digits.csv", "--epochs 2 --activation sigmoid,elu,mish,softplus --hidden-layers 9,8,7,6 --batch-size 100"),
    "rectified": ("digits.csv", "--epochs 2 --activation leaky-relu,selu,identity --hidden-layers 9,8,7 --initializer glorot"),
    "scale-255": ("digits.csv", "--epochs 3 --scale 1/255 --initializer normal:0.1"),
    "wide": ("digits.csv", "--epochs 2 --hidden-layers 300,200 --batch-size 256 --threads 2"),
    "deep": ("digits.csv", "--epochs 2 --hidden-layers 20,20,20,20,20,20 --initializer lecun --batch-size 17"),
    "gzip": ("digits.csv.gz", "--epochs 2 --target digit"),
    "regression": ("numbers.csv", "--epochs 30 --target y --scale-target none"),
    "regression-scaled": ("numbers.csv", "--epochs 30 --target y --scale-target standard --precision float64"),
    "several-targets": ("numbers.csv", "--epochs 30 --target y,b --task regression --scale-target none"),
    "several-questions": ("numbers.csv", "--epochs 10 --target p,q --inputs a,b,c"),
    "text-classes": ("words.csv", "--epochs 10"),
    "own-start": ("numbers.csv", "--epochs 3 --target y --inputs a,b --hidden-layers 2 --initializer start.npz --scale-target none"),
    "diverges": ("numbers.csv", "--epochs 300 --target y --learning-rate 1e9 --optimizer gradient-descent --scale none --scale-target none"),
    "readme": ("cancer.csv", "--recipe classic --hidden-layers 4 --iterations 1000"),
    "demo-cancer": ("cancer.csv", "--target target --hidden-layers 16,8 --epochs 40"),
    "demo-digits": ("digits.csv", "--target digit --hidden-layers 64,32 --epochs 30"),
    "bench": ("arrays.npz", "--target y --task classes --scale none --hidden-layers 20,20 --batch-size 128 --epochs 4"),
    "course": (COURSE, "--inputs train_set_x --target train_set_y --recipe classic --hidden-layers 20,7,5 --random numpy --precision float64 "
               "--iterations 20"),
    "pictures": ("pictures.idx", "--epochs 3 --target labels.idx --task classes"),
    "mapped": ("digits.sdata", "--epochs 3 --target digit --threads 2"),
    "mapped-validation": ("digits.sdata", "--epochs 3 --target digit --validation 0.3 --precision float64"),
    "mapped-full": ("digits.sdata", "--epochs 3 --target digit --batch-size full"),
    "mapped-pictures": ("pictures.sdata", "--epochs 3 --target target --task classes --batch-size 50"),
    "avx2": ("digits.csv", "--epochs 3 --l2 0.1", {"STRATA_KERNELS": "avx2"}),
    "sse4": ("digits.csv", "--epochs 3", {"STRATA_KERNELS": "sse4"}),
    "reference": ("numbers.csv", "--epochs 3 --target y --scale-target none", {"STRATA_KERNELS": "reference"}),
}
# What is changed on purpose: the case, the reason, and what of it must differ. All else of it must not.
FILL = "the model has what stands for a missing number, which its scaling does not say"
SHARES = "each class has its share of the rows that are held back"
CURVES = "what is measured after each epoch is kept in the model"
MEAN = "a figure of several targets is the mean of theirs"
ALL = {"training", "model", "predictions", "evaluation", "inspection", "trace"}
WHY = "; the last line of --json says why it ended"
CHANGED = {"scale-255": (FILL, {"model", "inspection"}), "diverges": (FILL + WHY, {"model", "inspection", "training"}),
           "validation-part": (SHARES, ALL), "mapped-validation": (SHARES, ALL), "validation-file": (CURVES, {"model"}),
           "several-targets": (MEAN, {"training", "model", "evaluation", "inspection"})}


def program_of(reference):
    """The folder with the program of a commit; of None, that of the working tree."""
    where = commits.worktree(reference, "same-bits/commits")
    print(f"building {reference or 'the working tree'}", file=sys.stderr, flush=True)
    commits.build(where, "release", "--target", "strata_cli", "strata-decode")
    return where / "build/release/bin"


def npy(shape, numbers):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {tuple(shape)}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack(f"<{len(numbers)}d", *numbers)


def make_data(folder, converter):
    """The files of the cases. random.random() is the same in every version of Python."""
    dice = random.Random(1)
    shutil.copy(ROOT / "data/breast_cancer.csv", folder / "cancer.csv")
    text = (ROOT / "data/digits.csv").read_text()
    (folder / "digits.csv").write_text(text)
    (folder / "digits.csv.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    lines, words = ["a,b,c,p,q,y"], ["a,b,c,word"]
    for _ in range(300):
        a, b, c = (dice.random() * 10 - 5 for _ in range(3))
        words.append(f"{a:.6g},{b:.6g},{c:.3g},{'low' if a < -1 else 'high' if a > 2 else 'middle'}")
        lines.append(f"{a:.6g},{b:.6g},{c:.3g},{int(a > b)},{int(b > c)},{a * a - 3 * b + 0.5 * c + 200:.6g}")
    (folder / "numbers.csv").write_text("\n".join(lines) + "\n")
    (folder / "words.csv").write_text("\n".join(words) + "\n")
    with zipfile.ZipFile(folder / "start.npz", "w") as archive:
        for name, shape in (("W1", (2, 2)), ("b1", (2, 1)), ("W2", (1, 2)), ("b2", (1, 1))):
            values = [dice.random() - 0.5 for _ in range(shape[0] * shape[1])]
            archive.writestr(zipfile.ZipInfo(name + ".npy"), npy(shape, values))
    values = [dice.random() for _ in range(500 * 6)]
    with zipfile.ZipFile(folder / "arrays.npz", "w") as archive:
        archive.writestr(zipfile.ZipInfo("x.npy"), npy((500, 6), values))
        archive.writestr(zipfile.ZipInfo("y.npy"), npy((500,), [int(values[6 * i] * 3) for i in range(500)]))
    pixels = bytes(int(dice.random() * 256) for _ in range(200 * 6 * 5))
    labels = bytes((sum(pixels[30 * i:30 * i + 4]) // 128) % 3 for i in range(200))
    (folder / "pictures.idx").write_bytes(b"\0\0\x08\x03" + struct.pack(">3I", 200, 6, 5) + pixels)
    (folder / "labels.idx").write_bytes(b"\0\0\x08\x01" + struct.pack(">I", 200) + labels)
    # One converter for both programs: the format of the file is no question here.
    commits.run([converter / "strata", "convert", "digits.csv", "digits.sdata"], folder)
    commits.run([converter / "strata", "convert", "pictures.idx", "pictures.sdata", "--target", "labels.idx"], folder)


def near(cost):
    """The same text for costs that differ by less than a thousandth, but for those on either side of a step."""
    return f"{round(math.log(cost), 2):.2f}, the logarithm"


def results_of(program, folder, data, options, environment, name):
    """All that a case leaves, by name."""
    words = options.split()
    environment = {**os.environ, **environment, "PATH": f"{program}:{os.environ['PATH']}"}

    def say(*command):
        done = subprocess.run(["strata", *command], cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        text = done.stdout.decode(errors="replace")
        if "--l2" in words:  # what L2 adds to the mean cost of an epoch is a sum of samples: equal to a thousandth
            text = re.sub(r'("event":"epoch".*?"cost":)([^,}]+)', lambda m: m[1] + near(float(m[2])), text)
        text = re.sub(r'"seconds":[-+.e0-9]+', '"seconds":0', text)  # and what is said on stderr is words
        return f"code {done.returncode}\n{text}".encode()

    model = f"{name}.strata"
    (folder / model).unlink(missing_ok=True)
    target = ["--target", "labels.idx"] if data == "pictures.idx" else []
    results = {"training": say("train", data, *words, "-o", model, "--json")}
    results["model"] = (folder / model).read_bytes() if (folder / model).exists() else b""
    results["predictions"] = say("predict", model, data)
    results["evaluation"] = say("evaluate", model, data, *target, "--json")
    results["inspection"] = say("inspect", model, "--json")
    results["trace"] = say("trace", model, data, *target, "--example", "3", "--json")
    if "float64" in name or name in ("two-layer", "own-start"):
        results["gradients"] = say("check-gradients", model, data, "--examples", "5", "--json")
    return results


def without_new_figures(old, new):
    """`evaluate` tells more than it did: only the keys that the old program has are compared."""
    lines = [text.decode().split("\n", 1) for text in (old, new)]
    if lines[0][0] != lines[1][0] or not all(line[1].startswith("{") for line in lines):
        return new
    before, after = (json.loads(line[1]) for line in lines)
    return old if {key: after.get(key) for key in before} == before else new


def difference(old, new):
    """Where two results part, in words."""
    if old == new:
        return None
    at = next((i for i, (a, b) in enumerate(zip(old, new)) if a != b), min(len(old), len(new)))
    show = lambda text: repr(text[max(0, at - 30):at + 50])[1:]
    return f"{len(old)} and {len(new)} bytes, not the same from byte {at} on: {show(old)} and {show(new)}"


def main():
    parser = argparse.ArgumentParser(prog="./dev same-bits", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", help="a commit, tag or branch")
    parser.add_argument("new", nargs="?", help="another one (default: the working tree)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only the cases with this in their name")
    arguments = parser.parse_args()
    old, new = program_of(arguments.old), program_of(arguments.new)
    shutil.rmtree(HERE / "data", ignore_errors=True)
    folders = {side: HERE / "data" / side for side in ("old", "new")}
    folders["old"].mkdir(parents=True)
    make_data(folders["old"], old)
    shutil.copytree(folders["old"], folders["new"])
    bad = ran = 0
    for name, (data, options, *environment) in CASES.items():
        if arguments.only not in name:
            continue
        environment = environment[0] if environment else {}
        if data == COURSE and not COURSE.exists():
            print(f"{name}: left out, for there is no {COURSE}")
            continue
        before = results_of(old, folders["old"], data, options, environment, name)
        after = results_of(new, folders["new"], data, options, environment, name)
        if not before["model"]:
            # This CPU may lack the instructions of some kernels; anything else is a fault of the case.
            print(f"{name}: {'left out' if environment else 'the old program made no model'}")
            bad += not environment
            continue
        ran += 1
        after["evaluation"] = without_new_figures(before["evaluation"], after["evaluation"])
        found = {what: difference(before[what], after[what]) for what in before}
        parts = [f"  {what}: {how}" for what, how in found.items() if how]
        reason, meant = CHANGED.get(name, ("", set()))
        if {what for what, how in found.items() if how} == meant:
            parts = []
        elif meant:
            parts.append(f"  what must differ, and nothing else: {', '.join(sorted(meant))}")
        bad += bool(parts)
        print(f"{name}: {'DIFFERENT' if parts else 'changed: ' + reason if meant else 'the same'}", *parts, sep="\n")
    print(f"{ran} trainings, {bad} different")
    return 1 if bad or ran == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
