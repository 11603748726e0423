#!/usr/bin/env python3
"""Every input of every command through every kind of pipe gives what the file gives, byte for byte.

    pipes.py same --program FOLDER    the results
    pipes.py opens --program FOLDER   what is opened, as strace sees it: every input once

Exit code: 0 passed, 1 failed, 77 skipped.
"""

import argparse
import gzip
import io
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import zipfile
import zlib

SKIPPED = 77


def npy(type_code, shape, values, pack):
    text = f"{{'descr': '{type_code}', 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (63 - (10 + len(text)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode() + struct.pack("<" + pack * len(values), *values)


def png(rows):
    """Grey, eight bits."""
    def part(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    lines = b"".join(b"\0" + bytes(row) for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + part(b"IHDR", struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0))
            + part(b"IDAT", zlib.compress(lines)) + part(b"IEND", b""))


def examples(count, width=2):
    """Numbers that need no library, the same every time, and their labels."""
    state, rows = 12345, []
    for _ in range(count):
        row = []
        for _ in range(width):
            state = (state * 1103515245 + 12345) % 2 ** 31
            row.append(round(state / 2 ** 31 * 8 - 4, 3))
        rows.append(row)
    return rows, [1 if row[0] * row[1] > 0 else 0 for row in rows]


def write_inputs(folder):
    rows, labels = examples(60)
    words = ["below", "above"]
    text = "len,wid,kind\n" + "".join(f"{a},{b},{words[k]}\n" for (a, b), k in zip(rows, labels))
    mixed = "len,wid,kind\n" + "".join(f"{a},{b},{k if i < 30 else words[k]}\n" for i, ((a, b), k) in enumerate(zip(rows, labels)))
    flat = [value for row in rows for value in row]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("X.npy", npy("<f8", "(60, 2)", flat, "d"))
        file.writestr("y.npy", npy("<i8", "(60,)", labels, "q"))
    pictures = [[(7 * i + 31 * k) % 256 for k in range(12)] for i in range(20)]
    files = {
        "table.csv": text.encode(),
        "mixed.csv": mixed.encode(),  # a target that begins with numbers: read twice
        "table.csv.gz": gzip.compress(text.encode(), mtime=0),
        "held.csv": ("len,wid,kind\n" + "".join(text.splitlines(True)[1:20])).encode(),
        "x.npy": npy("<f8", "(60, 2)", flat, "d"),
        "y.npy": npy("<i8", "(60,)", labels, "q"),
        "both.npz": archive.getvalue(),
        "tiny.csv": b"a,b\n1,0\n2,1\n",  # shorter than what is looked at
        "pictures.idx": struct.pack(">IIII", 0x803, 20, 3, 4) + bytes(v for picture in pictures for v in picture),
        "shown.idx": struct.pack(">II", 0x801, 20) + bytes(i % 2 for i in range(20)),
        "one.png": png([[9, 8, 7, 6], [5, 4, 3, 2], [1, 2, 3, 4]]),
    }
    for name, content in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)


SHORT = "--epochs 3 --hidden-layers 4 -q"
# Made with files; what the cases below read.
PREPARE = [
    f"strata train table.csv -o words.strata {SHORT}",
    f"strata train x.npy --target y.npy -o arrays.strata {SHORT}",
    f"strata train both.npz --inputs X --target y -o both.strata {SHORT}",
    f"strata train pictures.idx --target shown.idx -o pictures.strata {SHORT}",
    "strata convert table.csv table.sdata -q",
]
# A command, and which of its files come through a pipe (one at a time).
CASES = [
    (f"strata train table.csv --target kind -o out.strata {SHORT}", ["table.csv"]),
    (f"strata train table.csv --task classes -o out.strata {SHORT}", ["table.csv"]),
    (f"strata train mixed.csv --task classes -o out.strata {SHORT}", ["mixed.csv"]),
    (f"strata train table.csv.gz -o out.strata {SHORT}", ["table.csv.gz"]),
    (f"strata train table.csv --validation held.csv -o out.strata {SHORT}", ["table.csv", "held.csv"]),
    (f"strata train tiny.csv -o out.strata {SHORT}", ["tiny.csv"]),
    (f"strata train x.npy --target y.npy -o out.strata {SHORT}", ["x.npy", "y.npy"]),
    (f"strata train both.npz --inputs X --target y -o out.strata {SHORT}", ["both.npz"]),
    (f"strata train pictures.idx --target shown.idx -o out.strata {SHORT}", ["pictures.idx", "shown.idx"]),
    (f"strata train table.sdata -o out.strata --batch-size 8 {SHORT}", ["table.sdata"]),
    ("strata predict words.strata table.csv", ["words.strata", "table.csv"]),
    ("strata predict words.strata table.csv.gz", ["words.strata", "table.csv.gz"]),
    ("strata predict words.strata table.sdata", ["table.sdata"]),
    ("strata predict words.strata table.csv -o out.csv", ["words.strata", "table.csv"]),
    ("strata predict arrays.strata x.npy", ["x.npy"]),
    ("strata predict both.strata both.npz", ["both.npz"]),
    ("strata predict pictures.strata one.png", ["pictures.strata", "one.png"]),
    ("strata predict pictures.strata pictures.idx", ["pictures.idx"]),
    ("strata evaluate words.strata table.csv", ["words.strata", "table.csv"]),
    ("strata evaluate arrays.strata x.npy --target y.npy", ["arrays.strata", "x.npy", "y.npy"]),
    ("strata evaluate both.strata both.npz", ["both.npz"]),
    ("strata inspect words.strata --json", ["words.strata"]),
    ("strata trace words.strata table.csv --example 3", ["words.strata", "table.csv"]),
    ("strata trace arrays.strata x.npy --target y.npy --json", ["x.npy", "y.npy"]),
    ("strata check-gradients words.strata table.csv --json", ["words.strata", "table.csv"]),
    ("strata check-gradients table.csv --hidden-layers 3 --json", ["table.csv"]),
    ("strata convert table.csv out.sdata", ["table.csv"]),
    ("strata convert both.npz out.sdata", ["both.npz"]),
    ("strata convert x.npy out.sdata --target y.npy", ["x.npy", "y.npy"]),
    ("strata convert --check table.sdata", ["table.sdata"]),
]
OUTPUTS = ["out.strata", "out.csv", "out.sdata"]


def word(file):
    return r"(?<![\w./])" + re.escape(file) + r"(?![\w./])"


def without_names(content, names):
    """The name of the data is in a model, in a data cache and in messages; all else is to be equal."""
    if content.startswith(b"\x89SDATA"):
        return content[-900:]  # the numbers, which lie behind the names
    for name in sorted(names, key=len, reverse=True):
        content = content.replace(name.encode(), b"DATA")
    if not content[8:].startswith(b'{"__metadata__"'):
        content = re.sub(rb"(?m)^-,", b"DATA,", content)  # the column of a picture's file
        return re.sub(rb"(?m)^iterations .*", b"", content).replace(b" ", b"")  # their time
    # A model's header is padded and has its own length and checksum.
    content = re.sub(rb'\\"(data|validation)\\":\\"[^"]*\\"', b"", content[8:])
    return re.sub(rb'"crc32":"[0-9a-f]{8}"', b"", content).replace(b" ", b"")


class Runner:
    def __init__(self, program):
        self.folder = tempfile.mkdtemp(prefix="strata pipes ")
        self.spool = os.path.join(self.folder, "spool")
        os.mkdir(self.spool)
        self.environment = {"PATH": program + ":/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent", "TMPDIR": self.spool}
        for name in os.environ:
            if name.startswith(("ASAN_", "UBSAN_", "TSAN_", "LSAN_")):
                self.environment[name] = os.environ[name]
        self.failures = 0
        write_inputs(self.folder)
        for command in PREPARE:
            self.run(command)

    def run(self, command, names=(), whole=False):
        """Exit code, stdout, stderr, and what was written, without the names of the input; whole: files with them."""
        for output in OUTPUTS:
            path = os.path.join(self.folder, output)
            if os.path.exists(path):
                os.unlink(path)
        try:
            done = subprocess.run(["/bin/bash", "-c", command], cwd=self.folder, env=self.environment, capture_output=True,
                                  timeout=100, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return (None, b"", b"it did not end", {})
        written = {}
        for output in OUTPUTS:
            path = os.path.join(self.folder, output)
            if os.path.exists(path):
                with open(path, "rb") as file:
                    written[output] = file.read() if whole else without_names(file.read(), names)
        return (done.returncode, without_names(done.stdout, names), without_names(done.stderr, names), written)

    def fail(self, message):
        self.failures += 1
        print("FAILED:", message)

    def expect_same(self, how, command, found, wanted):
        for what, a, b in zip(("exit code", "stdout", "stderr", "files"), found, wanted):
            if a != b:
                self.fail(f"{how}: {command}\n  {what}: {str(a)[:600]}\n  by name: {str(b)[:600]}")
                return

    def close(self):
        shutil.rmtree(self.folder)


def through_fifo(runner, command, file):
    """The FIFO has the name of the file, in a folder of its own."""
    fifo = os.path.join(runner.folder, "fifo", file)
    os.makedirs(os.path.dirname(fifo), exist_ok=True)
    if not os.path.exists(fifo):
        os.mkfifo(fifo)

    def feed():
        with open(os.path.join(runner.folder, file), "rb") as source, open(fifo, "wb") as target:
            try:
                shutil.copyfileobj(source, target)
            except BrokenPipeError:
                pass

    thread = threading.Thread(target=feed, daemon=True)
    thread.start()
    found = runner.run(re.sub(word(file), "fifo/" + file, command), ["fifo/" + file, file], whole=True)
    thread.join(timeout=10)
    if thread.is_alive():
        runner.fail(f"the FIFO was not read to its end: {command}")
    return found


def same(runner):
    count = 0
    for command, files in CASES:
        for file in files:
            names = [file, "standard input", "/dev/stdin", "/dev/fd/63"]
            wanted = runner.run(command, names)
            if wanted[0] != 0:
                runner.fail(f"by name: {command}: {wanted}")
                continue
            ways = {
                "-": re.sub(word(file), "-", command) + f" < <(cat {file})",
                "- from the file": re.sub(word(file), "-", command) + f" < {file}",
                # dd takes no more than it is told to, as a shell's own read does
                "- from the rest of a file": "{ dd bs=3 count=1 status=none > /dev/null; " + re.sub(word(file), "-", command)
                                             + "; } < shifted",
                "/dev/stdin": f"cat {file} | " + re.sub(word(file), "/dev/stdin", command),
                "substitution": re.sub(word(file), f"<(cat {file})", command),
                "slowly": re.sub(word(file), f"<(head -c 7 {file}; sleep 0.05; tail -c +8 {file})", command),
            }
            with open(os.path.join(runner.folder, file), "rb") as source:
                content = source.read()
            with open(os.path.join(runner.folder, "shifted"), "wb") as shifted:
                shifted.write(b"..." + content)
            for how, piped in ways.items():
                found = runner.run(piped, names)
                runner.expect_same(how, command, found, wanted)
                count += 1
            wanted = runner.run(command, ["fifo/" + file, file], whole=True)
            runner.expect_same("FIFO", command, through_fifo(runner, command, file), wanted)
            count += 1
    if os.listdir(runner.spool):
        runner.fail(f"temporary files are left: {os.listdir(runner.spool)}")
    print(f"{count} pipes gave what the files give")


def wrong(runner):
    """What cannot work ends at once, with a reason."""
    cases = [
        ("yes | strata predict - table.csv", "standard input is no Strata model: it does not begin as a safetensors file does"),
        ("strata predict /dev/zero table.csv", "'/dev/zero' is no Strata model"),
        ("strata inspect - < /dev/null", "standard input is no Strata model: it is empty"),
        ("strata train - < /dev/null", "standard input is empty"),
        ("strata train - <&-", "standard input cannot be read: it is closed"),
        ("strata train - < .", "standard input: Is a directory"),
        ("head -c 60 table.csv.gz | strata train -", "standard input: damaged gzip file: it ends in the middle"),
        ("head -c 300 both.npz | strata train -", "standard input: damaged ZIP archive"),
        ("head -c 1500 table.sdata | strata train -", "standard input"),
        ("printf 'a,b\\n1,2\\n3\\n' | strata train -", "standard input:3"),
        ("TMPDIR=/nonexistent strata train - < <(cat both.npz)", "cannot make a file in '/nonexistent'"),
        ("strata train - --validation - < table.csv", "can be read only once"),
        ("strata train x.npy --target - <&-", "standard input cannot be read: it is closed"),
        ("strata convert table.csv -", "'-' is standard input and no file to write; name a file"),
        ("strata convert - - < table.csv", "'-' is standard input and no file to write; name a file"),
        ("strata train words.strata", "words.strata is a model that 'strata train' wrote, not data"),
    ]
    for command, message in cases:
        code, _, error, _ = runner.run(f"ulimit -f 100000; {command}")
        if code not in (1, 2) or message.replace(" ", "").encode() not in error:
            runner.fail(f"{command}\n  exit code {code}, {error.decode()}\n  expected: {message}")
    if os.path.exists(os.path.join(runner.folder, "-")):
        runner.fail("a file named - was made")
    # A file that is named so, too, is neither standard input nor in its way.
    if runner.run("cp words.strata ./- && strata train - -o ./- --epochs 1 < table.csv && strata inspect ./-; code=$?; rm ./-; exit $code")[0] != 0:
        runner.fail("a file named - cannot be written")
    code, out, error, _ = runner.run("strata predict words.strata table.csv -o -")
    if (code, out) != runner.run("strata predict words.strata table.csv")[:2]:
        runner.fail(f"-o - is standard output: {code} {error}")


def at_a_terminal(runner):
    """Whoever asks for standard input and has no pipe is told that it is waited for."""
    master, slave = pty.openpty()
    process = subprocess.Popen(["strata", "train", "-", "--epochs", "1", "-o", "typed.strata"], cwd=runner.folder, stdin=slave,
                               env=runner.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    os.close(slave)
    first = process.stderr.readline()
    os.write(master, b"a,b\n1,2\n3,4\n5,6\n\x04")
    _, rest = process.communicate(timeout=60)
    os.close(master)
    if "reading from the keyboard; Ctrl-D ends it" not in first or process.returncode != 0:
        runner.fail(f"at a terminal: exit code {process.returncode}, {first}{rest}")


def opens(runner):
    trace = os.path.join(runner.folder, "trace")
    if subprocess.run(["strace", "-o", trace, "true"], capture_output=True).returncode != 0:
        print("skipped: strace cannot trace here")
        return SKIPPED
    for command, files in CASES:
        runner.run(f"strace -f -qq -e trace=open,openat,openat2,creat -o '{trace}' {command}")
        with open(trace, encoding="utf-8", errors="replace") as log:
            lines = log.read().splitlines()
        for file in files:
            opened = [line for line in lines if re.search(rf'"(?:[^"]*/)?{re.escape(file)}"', line) and not re.search(r"= -1 ", line)]
            if len(opened) != 1:
                runner.fail(f"{command}\n  {file} is opened {len(opened)} times:\n  " + "\n  ".join(opened))
    print(f"{sum(len(files) for _, files in CASES)} inputs are opened once")
    return 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=["same", "opens"])
    parser.add_argument("--program", required=True, help="the folder with the program strata")
    arguments = parser.parse_args()
    if arguments.part == "opens" and shutil.which("strace") is None:
        print("skipped: there is no strace")
        return SKIPPED
    runner = Runner(os.path.abspath(arguments.program))
    try:
        if arguments.part == "opens":
            code = opens(runner)
        else:
            code = 0
            for part in (same, wrong, at_a_terminal):
                part(runner)
        return 1 if runner.failures else code
    finally:
        runner.close()


if __name__ == "__main__":
    sys.exit(main())
