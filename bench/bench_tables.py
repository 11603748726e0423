"""./dev bench-tables: Strata and its peers on open tables; scores, seconds, memory and the size of the models.

Peers are measured once: what is kept in bench/tables/kept is used again. What is missing is measured, and what was measured is
written at once, so that a run that was stopped goes on when it is started again.
"""

import argparse
import datetime
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import time

import machine
from tables import field, kept, page, run, sets
from tables.field import ROOT, say

BUILD = ROOT / "build/tables"
KEPT = ROOT / "bench/tables/kept"
PAGE = ROOT / "bench/TABLES.md"
WHY = ROOT / "bench/tables/why.md"
PROGRAM = ROOT / "build/release/bin/strata"
THREADS = 2
SMALL = 10_000  # rows; what --quick takes


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench-tables", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small tables, the first part of each and one seed")
    parser.add_argument("--only", metavar="TABLES", help="only these tables, with commas between")
    parser.add_argument("--peers", metavar="NAMES", help="measure these peers again, with commas between, or all; none: no peer, "
                        "not even what is missing")
    parser.add_argument("--ours", metavar="NAMES", help="Strata's ways to train that are measured; all of them if not said; none")
    parser.add_argument("--seeds", type=int, default=3, help="seeds of Strata's single models (3); its bag, whose networks have seeds of their own, has one")
    parser.add_argument("--peer-seeds", type=int, default=1, help="seeds of the peers' (1)")
    parser.add_argument("--minutes", type=float, help="begin no run after so many; what is left is said to be unrun")
    parser.add_argument("--program", type=pathlib.Path, default=PROGRAM, help="Strata's program")
    parser.add_argument("--kept", type=pathlib.Path, default=KEPT, help="where the peers' runs are kept (bench/tables/kept)")
    parser.add_argument("--list", action="store_true", help="list tables and contestants, and stop")
    return parser.parse_args()


def chosen(words, known, what):
    """{name: what it stands for} of those named."""
    if words in (None, "all"):
        return dict(known)
    names = [] if words == "none" else words.split(",")
    for name in names:
        if name not in known:
            raise SystemExit(f"bench-tables: there is no {what} '{name}'; there are: {', '.join(known)}")
    return {name: known[name] for name in known if name in names}


def runs_of(contestant, tables, seeds):
    """(table, part, seed) of each run of a contestant."""
    return [(table, part, seed) for table in tables.values() if contestant.takes(table)
            for part in contestant.parts(table) for seed in seeds]


def command(args):
    """The command as the page names it, without the places of files."""
    words = [f"--{name.replace('_', '-')} {getattr(args, name)}" for name in ("only", "peers", "ours", "seeds", "peer_seeds", "minutes")
             if getattr(args, name) != {"seeds": 3, "peer_seeds": 1}.get(name)]
    return " ".join(["./dev bench-tables", *(["--quick"] if args.quick else []), *words])


def key_of(table, part, seed):
    return kept.Kept.key(table.name, part, seed)


def began(program):
    peak = json.loads(subprocess.run([program, "doctor", "--json"], capture_output=True, text=True).stdout)["peak_flops"]
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    return f"{now}, load {os.getloadavg()[0]:.2f}, float32 peak of one thread {peak / 1e9:.0f} GFLOP/s"


def measure(todo, stores, places, program, minutes):
    """Runs what is to be run, and keeps each; {run: why} of those that failed. todo: (contestant, table, part, seed)."""
    failed, start = {}, time.monotonic()
    for number, (contestant, table, part, seed) in enumerate(todo, 1):
        if minutes is not None and time.monotonic() - start > 60 * minutes:
            say(f"bench-tables: {minutes:g} minutes are over; {len(todo) - number + 1} runs are left")
            break
        name = f"{contestant.name} {table.name}, part {part}, seed {seed}"
        try:
            done, classes, rows = run.measure(contestant, table, table.part(part), seed, THREADS, program)
        except run.Failed as end:
            failed[name] = str(end)
            say(f"{number}/{len(todo)} {name}: failed: {end}")
            continue
        if not contestant.ours:
            done["predictions"] = kept.pack(classes, rows)
        stores[contestant.name].add(key_of(table, part, seed), done, places[contestant.ours])
        figures = " ".join(f"{what} {value:.4f}" for what, value in done["figures"].items())
        say(f"{number}/{len(todo)} {name}: {figures} in {done['train_seconds']:.1f} s")
    return failed


def main():
    args = arguments()
    tables = sets.read()
    if tables is None:
        raise SystemExit(f"bench-tables: there is no {sets.TABLES.resolve()}/manifest.json")
    everybody = {one.name: one for one in (*field.OURS, *field.PEERS)}
    if args.list:
        print(*(f"{table.name:15} {table.rows} rows, {table.task}" for table in tables.values()), sep="\n")
        print(*(f"{one.name:20} {one.title}" for one in everybody.values()), sep="\n")
        return 0
    measured = chosen(args.only, tables, "table")
    ours = chosen(args.ours, {one.name: one for one in field.OURS}, "way to train")
    again = {} if args.peers is None else chosen(args.peers, {one.name: one for one in field.PEERS}, "peer")
    seeds = {one.name: range(1, 1 + (args.peer_seeds if not one.ours else 1 if one.bag else args.seeds)) for one in everybody.values()}
    if args.quick:
        measured = {name: table.first_part() for name, table in measured.items() if table.rows < SMALL}
        tables, seeds = measured, {name: [1] for name in seeds}
    program = args.program.resolve()
    digest = hashlib.sha256(program.read_bytes()).hexdigest()
    stores = {one.name: kept.Kept(BUILD / f"kept/{one.name}.json", {"program": digest, "options": list(one.options)}) if one.ours
              else kept.Kept(args.kept / f"{one.name}.json") for one in everybody.values()}
    for one in again.values():
        stores[one.name].forget({key_of(*each) for each in runs_of(one, measured, seeds[one.name])})
    asked = {**ours, **({} if args.peers == "none" else {one.name: one for one in field.PEERS})}
    # Table by table, small ones first: what was stopped says something of all contestants.
    todo = [(one, *each) for table in measured.values() for one in asked.values()
            for each in runs_of(one, {table.name: table}, seeds[one.name]) if key_of(*each) not in stores[one.name].runs]
    here = {"machine": machine.description(), "commit": machine.commit(written=["bench/tables/kept", "bench/TABLES.md"]),
            "began": began(program)}
    # What another program was made of is not known.
    places, absent = {True: here if program == PROGRAM else {**here, "commit": f"unknown, a program of SHA-256 {digest[:12]}"}}, {}
    if any(not one.ours for one, *_ in todo):
        field.make_environment()
        versions = field.versions()
        absent = {one.name: f"{one.package} cannot be had here" for one in field.PEERS if one.package not in versions}
        places[False] = {**here, "versions": ", ".join(f"{name} {version}" for name, version in versions.items())}
    failed = measure([each for each in todo if each[0].name not in absent], stores, places, str(program), args.minutes)
    results = page.Results(list(everybody.values()), tables, stores, seeds)
    # Only what is whole replaces the published page.
    whole = not args.quick and args.only is None and args.ours in (None, "all")
    out = PAGE if whole else BUILD / PAGE.name
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page.page(results, stores, command(args), THREADS, absent, failed, WHY.read_text()))
    say(f"The page: {out.relative_to(ROOT)}")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("bench-tables: stopped; started again (without --peers) it goes on")
        sys.exit(130)
