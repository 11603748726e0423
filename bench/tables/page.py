"""What was measured, as a page to read: TABLES.md. Nothing here measures, and nothing is guessed: what was not run is said."""

import dataclasses
import statistics

from report import table as rows_of
from tables import aims, scores

NAMES = {"auc": "AUC", "log_loss": "log-loss", "rmse": "RMSE", "accuracy": "accuracy"}


@dataclasses.dataclass
class Cell:
    """One contestant on one table: means over the parts and seeds that were run."""
    figures: dict
    spread: float  # the standard deviation of the means of the seeds; None of one
    seconds: tuple  # training, prediction
    peaks: tuple
    bytes: float
    runs: int


def cell(runs, metric, parts, seeds):
    """The Cell of {(part, seed): run}; None where one of these parts and seeds is lacking."""
    wanted = [(part, seed) for seed in seeds for part in parts]
    if not wanted or any(key not in runs for key in wanted):
        return None
    mean = lambda what: statistics.fmean(what(runs[key]) for key in wanted)
    of_seeds = [statistics.fmean(runs[part, seed]["figures"][metric] for part in parts) for seed in seeds]
    return Cell({name: mean(lambda run: run["figures"][name]) for name in runs[wanted[0]]["figures"]},
                statistics.stdev(of_seeds) if len(of_seeds) > 1 else None,
                (mean(lambda run: run["train_seconds"]), mean(lambda run: run["predict_seconds"])),
                tuple(max(runs[key][name] for key in wanted) for name in ("train_peak", "predict_peak")),
                mean(lambda run: run["model_bytes"]), len(wanted))


class Results:
    """All cells. parts: all of a table's for single models, and the first alone for everybody."""

    def __init__(self, contestants, tables, kept, seeds):
        """kept: {contestant's name: Kept}; seeds: {contestant's name: its seeds}."""
        self.contestants, self.tables = contestants, tables
        self.all, self.first = {}, {}
        for one in contestants:
            for table in tables.values():
                source = one.name if one.takes(table) else one.same_for_numbers
                runs, metric = kept[source].of(table.name), scores.METRIC[table.task]
                for cells, parts in ((self.all, one.parts(table)), (self.first, table.part_names[:1])):
                    found = cell(runs, metric, parts, seeds[source])
                    if found:
                        cells[one.name, table.name] = found
        self.started = [one for one in contestants if any((one.name, name) in self.first for name in tables)]

    def error(self, cells, contestant, table):
        metric = scores.METRIC[table.task]
        return scores.error(metric, cells[contestant, table.name].figures[metric])

    def ranks(self, cells, contestants):
        """(tables that all of these have, {name: [rank on each]}); equal scores share the mean of their ranks."""
        tables = [table for table in self.tables.values() if all((one.name, table.name) in cells for one in contestants)]
        ranks = {one.name: [] for one in contestants}
        for table in tables:
            errors = {one.name: self.error(cells, one.name, table) for one in contestants}
            for name, mine in errors.items():
                better = sum(other < mine for other in errors.values())
                same = sum(other == mine for other in errors.values())
                ranks[name].append(better + (same + 1) / 2)
        return tables, ranks


def number(metric, value):
    return f"{value:.4f}"


def seconds(value):
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def megabytes(value):
    return f"{value / 1e6:.3g}" if value < 1e8 else f"{value / 1e6:.0f}"


def rank_lines(results, cells, contestants):
    tables, ranks = results.ranks(cells, contestants)
    if not tables or len(contestants) < 2:
        return ["Not run: no table has runs of two contestants.", ""]
    titles = {one.name: one.title for one in contestants}
    ordered = sorted(ranks.items(), key=lambda item: statistics.fmean(item[1]))
    lines = rows_of(["", "mean rank", *(table.name for table in tables)],
                    [[titles[name], f"{statistics.fmean(own):.2f}", *(f"{rank:g}" for rank in own)] for name, own in ordered])
    left_out = [name for name in results.tables if name not in {table.name for table in tables}]
    if left_out:
        lines += [f"Without {', '.join(left_out)}, which not all of these have run.", ""]
    return lines


def ranking(results):
    singles = [one for one in results.started if not one.bag]
    return ["## Ranks", "", "1 is the best; equal scores share their ranks. AUC for two classes, log-loss for more, RMSE for numbers.", "",
            "**Single models, all parts.**", "", *rank_lines(results, results.all, singles),
            "**Bags beside single models**, on the published split or the first fold alone.", "",
            *rank_lines(results, results.first, results.started)]


def table_lines(results, table):
    metric = scores.METRIC[table.task]
    others = {"binary": ["accuracy", "log_loss"], "multiclass": ["accuracy"], "regression": []}[table.task]
    split = ("the published split" if table.published else "the first fold" if len(table.part_names) == 1 else
             f"{len(table.part_names)} folds; bags the first, in brackets for all")
    rows = []
    for one in results.contestants:
        mine = results.all.get((one.name, table.name))
        if mine is None:
            continue
        first = "" if len(table.part_names) == 1 or one.bag else f" ({number(metric, results.first[one.name, table.name].figures[metric])})"
        rows.append([one.title, number(metric, mine.figures[metric]) + first, "–" if mine.spread is None else f"{mine.spread:.4f}",
                     *(number(name, mine.figures[name]) for name in others), *map(seconds, mine.seconds), *map(megabytes, mine.peaks),
                     megabytes(mine.bytes), mine.runs])
    lines = [f"### {table.name}", "", f"{table.rows} rows, {table.inputs} inputs, {table.task}; {split}.", ""]
    header = ["", NAMES[metric], "± seeds", *(NAMES[name] for name in others), "training, s", "prediction, s", "training, MB",
              "prediction, MB", "model, MB", "runs"]
    return lines + (rows_of(header, rows) if rows else ["Not run.", ""])


def lost(results):
    """Where Strata is not the best of its kind, by how much of the best one's error."""
    for name, cells, rivals, where in (("strata", results.all, [one for one in results.started if not one.bag], ""),
                                       ("strata-bag", results.first, results.started, ", first part")):
        title = next(one.title for one in results.contestants if one.name == name)
        for table in results.tables.values():
            peers = [one for one in rivals if not one.ours and (one.name, table.name) in cells]
            if (name, table.name) not in cells or not peers:
                continue
            best = min(peers, key=lambda one: results.error(cells, one.name, table))
            mine, theirs = results.error(cells, name, table), results.error(cells, best.name, table)
            if mine > theirs:
                metric = scores.METRIC[table.task]
                shown = [number(metric, cells[who, table.name].figures[metric]) for who in (name, best.name)]
                spread = cells[name, table.name].spread
                yield [title + where, table.name, f"{NAMES[metric]} {shown[0]}", f"{best.title} {shown[1]}",
                       f"{100 * (mine / theirs - 1):.1f} % more error" if theirs else "–", "–" if spread is None else f"{spread:.4f}"]


def unrun(results, absent, failed):
    for one in results.contestants:
        if one.name in absent:
            yield f"- {one.title}: {absent[one.name]}"
            continue
        lacking = [table.name for table in results.tables.values() if (one.name, table.name) not in results.all]
        if lacking:
            what = "everything" if len(lacking) == len(results.tables) else ", ".join(lacking)
            yield f"- {one.title}: {what}"
    for name, reason in failed.items():
        yield f"- failed: {name}: {reason}"


def place_lines(results, kept):
    """The machines, versions and commits of all runs, each once, with who was measured there."""
    found = {}
    for one in results.contestants:
        for place in kept[one.name].used_places():
            found.setdefault(tuple(f"{key} {value}" for key, value in place.items()), []).append(one.title)
    for place, titles in found.items():
        yield f"- {'; '.join(titles)}: {', '.join(place)}"


def page(results, kept, command, threads, absent, failed, why):
    """absent: {contestant's name: why}; failed: {a run's name: its last words}; why: what people found of what was lost."""
    lines = ["# Strata and its peers on open tables", "",
             f"Written by `{command}`. How it is done, and how to read it: [README.md](README.md#tables). {threads} threads each.", ""]
    lines += list(place_lines(results, kept)) or ["Nothing was run yet."]
    lines += ["", *ranking(results), "## The aims", "", *rows_of(["what", "at least", "reached", ""], aims.rows(results)),
              "## What was lost", "", "Strata's default beside the best single peer, and its bag beside the best peer of any kind.", ""]
    losses = list(lost(results))
    lines += rows_of(["", "table", "reached", "best peer", "lost", "± seeds"], losses) if losses else ["Nothing that was run.", ""]
    lines += [why.strip(), "", "## Every table", ""]
    for table in results.tables.values():
        lines += table_lines(results, table)
    lines += ["## What was not run", "", *(list(unrun(results, absent, failed)) or ["Everything was."]), "", "## Who is who", ""]
    lines += rows_of(["", "how"], [[one.title, one.how] for one in results.contestants])
    return "\n".join(lines)
