#include "progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "signals.hpp"

namespace strata::cli {
namespace {

constexpr std::size_t kWidestBar = 40;

std::string bar(double part, std::size_t width, const Output& on) {
  const auto full = std::min(width, static_cast<std::size_t>(part * static_cast<double>(width)));
  std::string done, left;
  for (std::size_t i = 0; i < full; ++i) done += on.has_unicode() ? "━" : "#";
  for (std::size_t i = full; i < width; ++i) left += on.has_unicode() ? (on.has_colour() ? "━" : "╌") : ".";
  return on.paint(Style::good, done) + on.paint(Style::dim, left);
}

}  // namespace

std::string duration(double seconds) {
  if (!std::isfinite(seconds) || seconds < 0) return "?";
  if (seconds < 0.001) return "under 1 ms";
  if (seconds < 0.0995) return fmt::format("{:.0f} ms", 1000 * seconds);
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = std::llround(std::min(seconds, 1e12));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

ProgressBar::ProgressBar(Output& on, bool wanted)
    : on_(on), wanted_(wanted && on.animates()), start_(Clock::now()), last_(start_) {}

std::string ProgressBar::line(const Progress& progress, double seconds) const {
  const double part = progress.iterations > 0
                          ? static_cast<double>(progress.iteration) / static_cast<double>(progress.iterations)
                          : 0.0;
  const auto done = static_cast<double>(progress.iteration - first_iteration_);
  const double rate = seconds > 0 ? done / seconds : 0;
  // From the most to the least important; what does not fit is left out.
  std::string text = fmt::format("{:3.0f} %", std::floor(100 * part));
  const std::size_t room = on_.width() - 1;
  const auto add = [&](const std::string& more) {
    if (display_width(text) + 2 + display_width(more) <= room) text += "  " + more;
  };
  add(fmt::format("cost {:<9.4g}", progress.cost));
  if (rate > 0) {
    add(fmt::format("{:>8} left", duration(static_cast<double>(progress.iterations - progress.iteration) / rate)));
    add(rate >= 100 ? fmt::format("{:>6.0f} iterations/s", rate) : fmt::format("{:>6.1f} iterations/s", rate));
  }
  const std::size_t used = display_width(text) + 2;
  if (room >= used + 8) text = bar(part, std::min(kWidestBar, room - used), on_) + "  " + text;
  return text;
}

void ProgressBar::update(const Progress& progress) {
  iterations_ = progress.iterations;
  if (!wanted_) return;
  const Clock::time_point now = Clock::now();
  if (first_iteration_ < 0) {
    first_iteration_ = progress.iteration;
    start_ = now;
    last_ = now - std::chrono::seconds(1);
  }
  if (now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  if (on_.width() < 10) return;
  on_.write("\r\x1b[2K" + line(progress, std::chrono::duration<double>(now - start_).count()));
  shown_ = true;
}

void ProgressBar::clear() {
  if (!shown_) return;
  on_.write("\r\x1b[2K");
  shown_ = false;
}

Callbacks callbacks_of(const Arguments& arguments, ProgressBar& bar) {
  Callbacks callbacks;
  callbacks.note = [quiet = arguments.has("quiet")](std::string_view text) {
    if (!quiet) say(text);
  };
  callbacks.warning = [&bar](std::string_view text) {
    bar.clear();
    say_warning(text);
  };
  callbacks.progress = [&bar](const Progress& progress) {
    begin_interruptible();
    bar.update(progress);
  };
  callbacks.stop = [] { return interrupted(); };
  return callbacks;
}

}  // namespace strata::cli
