"""What was measured, in a file for each contestant. Every run is written at once; a file is replaced whole or not at all."""

import base64
import json
import math
import os
import zlib
from array import array

# Predictions are kept coarsely: ln p of a class in steps of 1/32 (at most 1.6 % off), a number in 1/2048 of their range.
STEP = 32
LEVELS = 2048
LEAST = 1e-9


def pack(classes, rows):
    """Predictions as text. Of two classes the odds of the second are kept, of more each probability, of numbers each one."""
    if len(classes) == 1:
        values = [row[0] for row in rows]
        low, high = min(values), max(values)
        codes = [round((value - low) / ((high - low) or 1) * LEVELS) for value in values]
    elif len(classes) == 2:
        low = high = None
        odds = [math.log(max(row[1], LEAST) / max(row[0], LEAST)) for row in rows]
        codes = [round(value * STEP) for value in odds]
    else:
        low = high = None
        codes = [round(math.log(max(p, LEAST)) * STEP) for row in rows for p in row]
    # High bytes after low ones: they are much alike.
    raw = array("h", codes).tobytes()
    packed = zlib.compress(raw[::2] + raw[1::2], 9)
    return {"classes": classes, "low": low, "high": high, "codes": base64.b85encode(packed).decode()}


def unpack(packed):
    """(classes, rows), as near as they were kept."""
    raw = zlib.decompress(base64.b85decode(packed["codes"]))
    half = len(raw) // 2
    mixed = bytearray(len(raw))
    mixed[::2], mixed[1::2] = raw[:half], raw[half:]
    codes, classes = array("h", bytes(mixed)), packed["classes"]
    if len(classes) == 1:
        low, high = packed["low"], packed["high"]
        return classes, [[low + code / LEVELS * (high - low)] for code in codes]
    if len(classes) == 2:
        seconds = [1 / (1 + math.exp(-code / STEP)) for code in codes]
        return classes, [[1 - p, p] for p in seconds]
    probabilities = [math.exp(code / STEP) for code in codes]
    rows = [probabilities[i:i + len(classes)] for i in range(0, len(probabilities), len(classes))]
    return classes, [[p / sum(row) for p in row] for row in rows]


class Kept:
    """The runs of one contestant. made_by: what they depend on; with another they are measured again."""

    def __init__(self, file, made_by=None):
        self.file, self.runs, self.places, self.made_by = file, {}, [], made_by
        if file.exists():
            found = json.loads(file.read_text())
            if made_by is None or found["made_by"] == made_by:
                self.runs, self.places, self.made_by = found["runs"], found["places"], found["made_by"]

    @staticmethod
    def key(table, part, seed):
        return f"{table}/{part}/{seed}"

    def add(self, key, run, place):
        """place: the machine, versions, commit and when it began; places that differ by the last alone are one."""
        same = lambda one: {name: value for name, value in one.items() if name != "began"}
        at = next((i for i, known in enumerate(self.places) if same(known) == same(place)), len(self.places))
        if at == len(self.places):
            self.places.append(place)
        self.runs[key] = {**run, "place": at}
        self.write()

    def forget(self, keys):
        self.runs = {key: run for key, run in self.runs.items() if key not in keys}
        self.write()

    def of(self, table):
        """{(part, seed): run} of this table."""
        split = {tuple(key.split("/")): run for key, run in self.runs.items()}
        return {(part, int(seed)): run for (name, part, seed), run in split.items() if name == table}

    def used_places(self):
        used = {run["place"] for run in self.runs.values()}
        return [place for at, place in enumerate(self.places) if at in used]

    def write(self):
        self.file.parent.mkdir(parents=True, exist_ok=True)
        runs = ",\n".join(f" {json.dumps(key)}: {json.dumps(run)}" for key, run in sorted(self.runs.items()))
        text = f'{{"made_by": {json.dumps(self.made_by)},\n"places": {json.dumps(self.places, indent=1)},\n"runs": {{\n{runs}\n}}}}\n'
        beside = self.file.with_name(self.file.name + ".new")
        with open(beside, "w") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(self.file)
