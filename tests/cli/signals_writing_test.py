#!/usr/bin/env python3
"""What a signal leaves while files are written: the old file or the new one, whole, and nothing else."""

import concurrent.futures
import os
import random
import shutil
import struct
import sys
import time

from signals_run import DIGITS, Failure, HUP, INT, QUIT, SMALL, TERM, XCPU, at, check, content, inspect, main, only, strata


def at_every_instant(folder, words, names, right, *numbers):
    """Runs it again and again with the signals one instant later, until they come too late."""
    undisturbed = strata(folder, *words).expect(0).err
    right(0)
    ends = []
    for instant in range(1, 1000):
        run = strata(folder, *words, environment=at(instant, *numbers))
        ends.append(run.end())
        check(ends[-1] in (-numbers[0], -numbers[-1], 128 + numbers[0], 0), f"instant {instant}: ended with {ends[-1]}", run.err)
        only(folder, *names)
        right(instant)
        if ends[-1] == 0 and run.err == undisturbed:
            break
    else:
        raise Failure("no instant was too late")
    check(len(ends) > 10 and ends.count(-numbers[-1]) > 8, ends)


def test_a_signal_at_every_instant_of_a_conversion(folder):
    with open(os.path.join(folder, "d.csv"), "w", encoding="utf-8") as stream:
        stream.write("x,y\n1,2\n3,4\n5,6\n")
    strata(folder, "convert", "d.csv", "out", "--inputs", "x", "--target", "y").expect(0)
    old = content(folder, "out")
    strata(folder, "convert", "d.csv", "new", "--inputs", "y", "--target", "x").expect(0)
    new = content(folder, "new")
    os.remove(os.path.join(folder, "new"))
    seen = set()

    def right(instant):
        found = content(folder, "out")
        check(found in (old, new), f"instant {instant}: neither old nor new")
        seen.add(found)
        with open(os.path.join(folder, "out"), "wb") as stream:
            stream.write(old)

    at_every_instant(folder, ["convert", "d.csv", "out", "--inputs", "y", "--target", "x", "-q"], ("d.csv", "out"), right, TERM)
    check(seen == {old, new})


def test_a_signal_at_every_instant_of_a_prediction(folder):
    strata(folder, *SMALL, "--iterations", "1").expect(0)
    with open(DIGITS, encoding="utf-8") as stream, open(os.path.join(folder, "d.csv"), "w", encoding="utf-8") as short:
        short.writelines(stream.readlines()[:3])
    new = strata(folder, "predict", "m.strata", "d.csv").expect(0).out.encode()

    def put_old():
        with open(os.path.join(folder, "out"), "wb") as stream:
            stream.write(b"old")

    def right(instant):
        check(content(folder, "out") in (b"old", new), f"instant {instant}: neither old nor new")
        put_old()

    put_old()
    for number in (HUP, QUIT, XCPU):
        at_every_instant(folder, ["predict", "m.strata", "d.csv", "-o", "out", "-q"], ("d.csv", "m.strata", "out"), right, number)


def test_two_signals_at_every_instant_of_a_training(folder):
    with open(os.path.join(folder, "d.csv"), "w", encoding="utf-8") as stream:
        stream.write("x,y\n1,2\n3,4\n5,6\n")
    train = ["train", "d.csv", "-q", "--hidden-layers", "2", "--threads", "1", "-o", "m.strata", "--json", "--iterations"]
    strata(folder, *train, "1").expect(0)
    old = content(folder, "m.strata")
    strata(folder, *train, "2").expect(0)
    new = content(folder, "m.strata")
    check(old != new)

    def right(instant):
        found = content(folder, "m.strata")
        check(found in (old, new) or inspect(folder)["ended"] == "interrupted", f"instant {instant}: neither old nor new")
        with open(os.path.join(folder, "m.strata"), "wb") as stream:
            stream.write(old)

    at_every_instant(folder, [*train, "2"], ("d.csv", "m.strata"), right, HUP, INT)


def test_a_signal_at_every_instant_of_the_doctor(folder):
    strata(folder, "doctor").expect(0)
    only(folder)
    total = 0
    for instant in range(1, 1000, 9):
        run = strata(folder, "doctor", environment=at(instant, TERM))
        code = run.end()
        check(code in (0, -TERM), f"instant {instant}: ended with {code}", run.err)
        only(folder)
        total += code != 0
        if code == 0:
            break
    check(total > 8, total)


def at_random(folder, words, right, *numbers):
    """Sends signals at random while a large file is written, and looks at what is left."""
    def once(k):
        os.mkdir(place := os.path.join(folder, str(k)))
        right(place, prepare=True)
        run = strata(place, *words)
        chance = random.Random(k)
        while run.process.poll() is None and not [n for n in os.listdir(place) if n.endswith(".tmp")]:
            time.sleep(0.0005)
        time.sleep(chance.random() * 0.02)
        if run.process.poll() is None:
            run.send(*numbers)
        code = run.end()
        check(code in (0, *(-n for n in numbers), *(128 + n for n in numbers)), f"ended with {code}", run.err)
        check(not [n for n in os.listdir(place) if n.endswith(".tmp")], "left:", os.listdir(place))
        right(place)
        shutil.rmtree(place)
        return code < 0

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return sum(pool.map(once, range(55)))


def test_signals_at_random_while_a_large_cache_is_written(folder):
    rows, columns = 1 << 15, 16
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {columns}), }}"
    header += " " * (-(len(header) + 11) % 64) + "\n"
    large = os.path.join(folder, "large.npy")
    with open(large, "wb") as stream:
        stream.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        stream.write(struct.pack("<d", 0.5) * (rows * columns))
    strata(folder, "convert", large, "new").expect(0)
    strata(folder, "convert", DIGITS, "old").expect(0)
    whole = (content(folder, "old"), content(folder, "new"))

    def right(place, prepare=False):
        if prepare:
            shutil.copyfile(os.path.join(folder, "old"), os.path.join(place, "out"))
        else:
            check(content(place, "out") in whole, "neither old nor new")

    at_random(folder, ["convert", large, "out", "-q"], right, TERM)


def test_signals_at_random_while_a_large_model_is_written(folder):
    strata(folder, *SMALL, "--iterations", "1").expect(0)
    old = content(folder, "m.strata")

    def right(place, prepare=False):
        if prepare:
            shutil.copyfile(os.path.join(folder, "m.strata"), os.path.join(place, "n.strata"))
        elif content(place, "n.strata") != old:
            check(inspect(place, "n.strata")["ended"] in ("done", "interrupted"))

    words = ["train", DIGITS, "--hidden-layers", "400,400", "--threads", "1", "--iterations", "1", "-q", "-o", "n.strata"]
    at_random(folder, words, right, TERM, INT)


if __name__ == "__main__":
    sys.exit(main(globals()))
