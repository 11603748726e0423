"""Another commit of the project, built in a worktree of its own."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[1]


def run(command, where):
    done = subprocess.run([str(word) for word in command], cwd=where, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} in {where} failed ({done.returncode}):\n{done.stdout[-3000:]}")
    return done.stdout.strip()


def worktree(reference, under):
    """The folder with the sources of a commit, made under build/UNDER where it is not there yet; of None, the working tree."""
    if reference is None:
        return ROOT
    commit = run(["git", "rev-parse", "--verify", f"{reference}^{{commit}}"], ROOT)
    where = ROOT / "build" / under / commit[:12]
    if not where.exists():
        run(["git", "worktree", "prune"], ROOT)
        run(["git", "worktree", "add", "--detach", where, commit], ROOT)
    return where


def build(where, preset, *arguments):
    if not (where / "build" / preset / "build.ninja").exists():
        run(["cmake", "--preset", preset], where)
    run(["cmake", "--build", f"build/{preset}", *arguments], where)
