#include "interrupt.hpp"

#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <initializer_list>

namespace strata::cli {
namespace {

volatile std::sig_atomic_t began = 0;
volatile std::sig_atomic_t received = 0;
volatile std::sig_atomic_t on_terminal = 0;

// Only what a signal handler may do.
void on_signal(int number) {
  if (began == 0 || received != 0) ::_exit(128 + number);
  received = number;
  constexpr char kMessage[] = "\nstrata: stopping after this step; once more stops at once\n";
  const std::size_t begin = on_terminal != 0 ? 0 : 1;  // a progress bar may stand in the line
  static_cast<void>(!::write(STDERR_FILENO, kMessage + begin, sizeof kMessage - 1 - begin));
}

}  // namespace

void watch_for_interrupts() {
  on_terminal = ::isatty(STDERR_FILENO);
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int number : {SIGINT, SIGTERM}) {
    struct sigaction old {};
    // A program started with the signal ignored (nohup, a background job of a script) leaves it so.
    if (sigaction(number, nullptr, &old) == 0 && old.sa_handler == SIG_IGN) continue;
    sigaction(number, &action, nullptr);
  }
}

void begin_interruptible() noexcept { began = 1; }
bool interrupted() noexcept { return received != 0; }
int interrupt_exit_code() noexcept { return received == 0 ? 130 : 128 + static_cast<int>(received); }

}  // namespace strata::cli
