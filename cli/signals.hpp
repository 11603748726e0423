// What signals do: every command ends without leaving a temporary file, and a training saves its model first.
#pragma once

namespace strata::cli {

/// For every command, at the very beginning. A signal that ends the program still does, at once, after the temporary
/// files are removed; a write to a pipe without a reader, or beyond the limit on the size of files, is an Error(io).
/// What was ignored when the program started (nohup, a background job of a script) stays ignored.
void handle_signals();

/// For `strata train`, in this order. From the first on SIGUSR1 only asks for the model, and SIGXCPU comes a second of
/// the processor's time before the system kills; from the second on there is something to save: the first of SIGHUP,
/// SIGINT, SIGTERM and SIGXCPU is only noted, and the next ends the program.
void allow_requests();
void begin_interruptible() noexcept;
/// The training is over: from here on the first signal is noted as well, but there is no step to stop after. Unless
/// `can_wait`, as a pipe that nobody reads cannot, it ends the program.
void begin_saving(bool can_wait) noexcept;

/// Has one of the four come?
[[nodiscard]] bool interrupted() noexcept;
/// 128 and its number: 130 for SIGINT, 143 for SIGTERM.
[[nodiscard]] int interrupt_exit_code() noexcept;
/// Has SIGUSR1 come since the last question?
[[nodiscard]] bool model_wanted() noexcept;

}  // namespace strata::cli
