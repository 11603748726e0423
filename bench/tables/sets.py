"""The open tables of ../shared/data/tables (manifest.json says where each comes from), and how each is split."""

import csv
import dataclasses
import json
import pathlib

TABLES = pathlib.Path(__file__).resolve().parents[2] / "../shared/data/tables"
# Columns that are names of a row, or text: the peers get the table without them. Strata finds such columns itself.
NAMES = {"titanic": ["Name", "Ticket", "Cabin"]}


@dataclasses.dataclass(frozen=True)
class Part:
    """One split: the rows to train on and the rows to predict, as lines of the table."""
    name: str  # "test" of a published split, or the number of the fold that is predicted
    header: str
    train: tuple
    test: tuple

    def write(self, folder):
        """train.csv and test.csv in this folder."""
        for name, lines in (("train.csv", self.train), ("test.csv", self.test)):
            (folder / name).write_text("\n".join([self.header, *lines]) + "\n")


@dataclasses.dataclass(frozen=True)
class Table:
    folder: pathlib.Path
    name: str
    task: str  # binary, multiclass, regression
    target: str
    rows: int
    inputs: int
    file: str
    marks: str  # a file with the part of each row
    published: bool  # one split, "train" and "test"; else the rows of each fold in turn are the test
    part_names: tuple

    @property
    def names(self):
        return NAMES.get(self.name, [])

    def first_part(self):
        """The table with its first part alone."""
        return dataclasses.replace(self, part_names=self.part_names[:1])

    def part(self, name):
        header, *lines = (self.folder / self.file).read_text().splitlines()
        marks = read_marks(self.folder / self.marks)
        sides = {wanted: tuple(line for line, mark in zip(lines, marks, strict=True) if (mark == name) == wanted)
                 for wanted in (False, True)}
        return Part(name, header, sides[False], sides[True])


def read_marks(file):
    return file.read_text().split()[1:]


def read(folder=TABLES):
    """{name: Table}, in the order of their sizes; None where the tables are not here."""
    manifest = folder / "manifest.json"
    if not manifest.exists():
        return None
    tables = []
    for entry in json.loads(manifest.read_text())["tables"]:
        published = entry.get("published_split_file")
        marks = published or entry["folds_file"]
        parts = ("test",) if published else tuple(sorted(set(read_marks(folder / marks))))
        tables.append(Table(folder, entry["name"], entry["task"], entry["target"], entry["rows"], entry["n_features"],
                            entry["file"], marks, bool(published), parts))
    return {table.name: table for table in sorted(tables, key=lambda table: table.rows)}


def truth(file, target):
    """The cells of this column, as they stand in the file."""
    with open(file, newline="") as lines:
        return [row[target] for row in csv.DictReader(lines)]
