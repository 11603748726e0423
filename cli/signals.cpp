#include "signals.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <initializer_list>

#include "strata/tools.hpp"

namespace strata::cli {
namespace {

enum Phase : std::sig_atomic_t { starting, training, saving };

volatile std::sig_atomic_t phase = starting;
volatile std::sig_atomic_t received = 0;
volatile std::sig_atomic_t wanted = 0;
volatile std::sig_atomic_t on_terminal = 0;

// --- only what a signal handler may do ---

// The program dies of the signal itself and does not just exit with 128 + number: a shell shows the same code, but a
// script, make and xargs stop at Ctrl-C only when they see that the signal was what ended the program.
void end_by(int number) {
  remove_temporary_files();
  // A core is for SIGQUIT, which asks for it; the time that was used up is no fault to be looked into.
  if (number == SIGXCPU) ::prctl(PR_SET_DUMPABLE, 0);
  std::signal(number, SIG_DFL);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, number);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  std::raise(number);
  ::_exit(128 + number);  // the first process of a container does not die of its own signals
}

template <std::size_t size>
void tell(const char (&message)[size]) {
  const std::size_t begin = on_terminal != 0 ? 0 : 1;  // a progress bar may stand in the line
  static_cast<void>(!::write(STDERR_FILENO, message + begin, size - 1 - begin));
}

void on_end(int number, siginfo_t* information, void* /*context*/) {
  const int before = errno;
  // These the system repeats by itself: SIGXCPU every second, SIGHUP when the shell follows its terminal.
  const bool repeats = (number == SIGXCPU || number == SIGHUP) && information->si_code == SI_KERNEL;
  if (received != 0 && repeats) return;
  const bool is_polite = number == SIGHUP || number == SIGINT || number == SIGTERM || number == SIGXCPU;
  if (phase == starting || received != 0 || !is_polite) end_by(number);
  received = number;
  if (phase == training)
    tell("\nstrata: stopping after this step; once more stops at once\n");
  else
    tell("\nstrata: the model is being saved; once more stops at once\n");
  errno = before;
}

void on_request(int /*number*/, siginfo_t* /*information*/, void* /*context*/) { wanted = 1; }

// ---

void handle(int number, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction old{};
  if (sigaction(number, nullptr, &old) == 0 && old.sa_handler == SIG_IGN) return;
  struct sigaction action{};
  action.sa_sigaction = handler;
  sigfillset(&action.sa_mask);
  action.sa_flags = SA_RESTART | SA_SIGINFO;
  sigaction(number, &action, nullptr);
}

}  // namespace

void handle_signals() {
  on_terminal = ::isatty(STDERR_FILENO);
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU, SIGUSR1, SIGUSR2, SIGALRM})
    handle(number, on_end);
  for (const int number : {SIGPIPE, SIGXFSZ}) std::signal(number, SIG_IGN);
}

void allow_requests() {
  handle(SIGUSR1, on_request);
  // A shell's `ulimit -t` sets both limits, and at the hard one the system kills: a second before it, it asks.
  rlimit limit{};
  if (::getrlimit(RLIMIT_CPU, &limit) != 0 || limit.rlim_max == RLIM_INFINITY || limit.rlim_max < 2) return;
  limit.rlim_cur = std::min(limit.rlim_cur, limit.rlim_max - 1);
  ::setrlimit(RLIMIT_CPU, &limit);
}
void begin_interruptible() noexcept {
  if (phase == starting) phase = training;
}
void begin_saving(bool can_wait) noexcept { phase = can_wait ? saving : starting; }

bool interrupted() noexcept { return received != 0; }
int interrupt_exit_code() noexcept { return 128 + static_cast<int>(received); }

bool model_wanted() noexcept {
  if (wanted == 0) return false;
  wanted = 0;
  return true;
}

}  // namespace strata::cli
