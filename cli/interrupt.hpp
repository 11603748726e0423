// Ctrl-C and a polite kill: the first lets the training finish its step, the second ends the program at once.
#pragma once

namespace strata::cli {

/// Takes SIGINT and SIGTERM over. Until `begin` a signal ends the program at once, with 130 or 143.
void watch_for_interrupts();
/// From here on there is something to save: the first signal is only noted.
void begin_interruptible() noexcept;
/// Has a signal come?
[[nodiscard]] bool interrupted() noexcept;
/// 130 for SIGINT, 143 for SIGTERM.
[[nodiscard]] int interrupt_exit_code() noexcept;

}  // namespace strata::cli
