"""Functions of Python's that the library calls while it trains, and what becomes of what they raise."""

from __future__ import annotations

import ctypes
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from . import _abi

_PAUSE = 0.05  # seconds from one look at Ctrl-C, and at the bar, to the next


class StrataWarning(UserWarning):
    """What the user probably did not mean."""


def warn(sentence: str) -> None:
    """Warns of the line outside of this package that called it."""
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("stratanet"):
        level, frame = level + 1, frame.f_back
    warnings.warn(sentence, StrataWarning, stacklevel=level)


def _is_shown() -> bool:
    """Does a line that is written over and over look right where messages go?"""
    stream = sys.stderr
    return stream is not None and (stream.isatty() or type(stream).__module__.startswith("ipykernel"))


class Progress:
    """A line on standard error that says how far a training is; nothing in a pipe or a file."""

    def __init__(self) -> None:
        self._width = 0
        self._is_shown = _is_shown()

    def tell(self, iteration: int, iterations: int, cost: float) -> None:
        """After `iteration` of `iterations` updates."""
        if not self._is_shown:
            return
        share = iteration / max(iterations, 1)
        bar = "#" * round(30 * share)
        text = f"[{bar:<30}] {100 * share:3.0f} %  cost {cost:.4g}"
        sys.stderr.write("\r" + text.ljust(self._width))
        sys.stderr.flush()
        self._width = len(text)

    def end(self) -> None:
        """Takes the line away."""
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
            self._width = 0


class Calls:
    """What the library tells during one call, kept: the epochs, the notes, and what a function of the user's raised.

    `on_epoch(report)` is called after each epoch with what `strata train --json` prints of it, as a dict; where it returns
    True, or Ctrl-C is pressed, the training ends with what is trained.
    """

    def __init__(self, verbose: bool = False, on_epoch: Callable[[dict[str, Any]], Any] | None = None,
                 on_cost: Callable[[dict[str, Any]], Any] | None = None, warns: bool = True) -> None:
        self.raised: BaseException | None = None
        self.interrupted = False  # by Ctrl-C
        self.stopped = False  # by a function of the user's
        self.epochs: list[dict[str, Any]] = []
        self.parts: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self._verbose = verbose
        self._warns = warns  # else warnings are notes
        self._on_epoch = on_epoch
        self._on_cost = on_cost
        self._bar = Progress() if verbose else None
        # Held as long as this object, for the library holds none of them.
        self.struct = _abi.Callbacks(
            ctypes.sizeof(_abi.Callbacks), None, _PAUSE,
            _abi.OnCost(self._guarded(self._cost)) if on_cost else _abi.OnCost(), _abi.OnEpoch(self._guarded(self._epoch)),
            _abi.OnText(self._guarded(self._part)),
            _abi.OnProgress(self._guarded(self._progress)) if self._bar else _abi.OnProgress(),
            _abi.OnText(self._guarded(self._note)), _abi.OnText(self._guarded(self._warning)),
            _abi.OnStop(self._guarded(self._stop)))

    def made(self, call: Callable[..., int], *arguments: Any) -> int | None:
        """The pointer that `call` makes of these arguments, these callbacks and a place for it.

        Raises what a function raised, else what went wrong. Meanwhile Ctrl-C does what it usually does here and not
        wherever a function of Python's begins.
        """
        place = ctypes.c_void_p()
        with self._signals():
            status = call(*arguments, ctypes.byref(self.struct), ctypes.byref(place))
        self.check(status)
        return place.value

    @contextmanager
    def _signals(self) -> Iterator[None]:
        import signal

        usual = signal.getsignal(signal.SIGINT)
        if not callable(usual) or threading.current_thread() is not threading.main_thread():
            yield
            return
        signal.signal(signal.SIGINT, lambda *arguments: self._guarded(usual)(None, *arguments) and None)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, usual)

    def check(self, status: int) -> None:
        """Raises what a function raised, else what went wrong."""
        if self._bar:
            self._bar.end()
        raised, self.raised = self.raised, None
        if raised is not None:
            raise raised
        _abi.check(status)
        if self.interrupted:
            warn("the training was interrupted; what was best until then is kept")

    def _guarded(self, function: Callable[..., Any]) -> Callable[..., int]:
        def call(_: Any, *arguments: Any) -> int:
            try:
                return 1 if function(*arguments) else 0
            except KeyboardInterrupt:
                self.interrupted = True  # which `stop` says
                return 0
            except BaseException as error:
                self.raised = error
                return 1
        return call

    def _cost(self, cost: Any) -> None:
        report = cost.contents
        assert self._on_cost is not None
        self._on_cost({"iteration": report.iteration, "epoch": report.epoch, "cost": report.cost, "fold": report.fold})

    def _epoch(self, epoch: Any) -> None:
        import json

        report = json.loads(epoch.contents.json)
        self.epochs.append(report)
        if self._on_epoch is not None and self._on_epoch(report) is True:
            self.stopped = True

    def _part(self, text: bytes) -> None:
        import json

        self.parts.append(json.loads(text))

    def _progress(self, progress: Any) -> None:
        assert self._bar is not None
        self._bar.tell(progress.contents.iteration, progress.contents.iterations, progress.contents.cost)

    def _note(self, sentence: bytes) -> None:
        self.notes.append(sentence.decode("utf-8", "replace"))
        if self._verbose:
            print(self.notes[-1], file=sys.stderr)

    def _warning(self, sentence: bytes) -> None:
        if not self._warns:
            return self._note(sentence)
        return warn(sentence.decode("utf-8", "replace"))

    def _stop(self) -> bool:
        return self.interrupted or self.stopped or self.raised is not None
