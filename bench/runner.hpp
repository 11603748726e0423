// What a contestant does with a work, and the conversation with bench.py: one line in, one line of JSON out.
//
//   run FOLDER N   from the initial weights: N steps (or calls), timed; then the loss, not timed
//   forget FOLDER  frees what belongs to the work
//   memory         the most memory that the process ever held, in MiB
//   quit
#pragma once

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "work.hpp"

namespace strata_bench {

/// The contestant cannot do this work; bench.py lists it as absent, with this reason.
class NotBuilt : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Runner {
 public:
  virtual ~Runner() = default;
  virtual void reset() {}                      // the initial weights again
  virtual void run(std::ptrdiff_t count) = 0;  // steps, or calls
  [[nodiscard]] virtual double loss() = 0;     // of the first batch, by mean_loss
  /// A runner that times itself (an epoch inside a longer training) says how long one took.
  [[nodiscard]] virtual double own_seconds() const { return 0; }
};

using MakeRunner = std::function<std::unique_ptr<Runner>(const Work&)>;
using Clock = std::chrono::steady_clock;

inline double seconds_of(const std::function<void()>& task) {
  const auto start = Clock::now();
  task();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// CPU seconds of the whole process so far: beside the seconds of the clock they tell whether something else ran
// meanwhile.
inline double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

inline double peak_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind("VmHWM:", 0) == 0) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

inline double quantile(std::vector<double> values, double q) {
  const auto at = static_cast<std::ptrdiff_t>(q * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}

// The median call, from blocks long enough for the clock; the 99th percentile from calls timed one by one.
inline void add_latency(Runner& runner, std::ptrdiff_t count, nlohmann::json& answer) {
  constexpr std::ptrdiff_t kBlock = 16;
  std::vector<double> blocks, calls;
  for (std::ptrdiff_t i = 0; i < std::max<std::ptrdiff_t>(count / kBlock, 1); ++i) {
    blocks.push_back(seconds_of([&] { runner.run(kBlock); }) / kBlock);
  }
  for (std::ptrdiff_t i = 0; i < count; ++i) calls.push_back(seconds_of([&] { runner.run(1); }));
  answer["median"] = quantile(std::move(blocks), 0.5);
  answer["p99"] = quantile(std::move(calls), 0.99);
}

// A run goes in parts, and counts as its median one: the first steps, and what the machine does for a moment, fall on
// few of them.
inline double run_in_parts(Runner& runner, std::ptrdiff_t count) {
  const std::ptrdiff_t parts = std::min<std::ptrdiff_t>(count, 5);
  std::vector<double> of_one;
  for (std::ptrdiff_t part = 0; part < parts; ++part) {
    const std::ptrdiff_t size = count * (part + 1) / parts - count * part / parts;
    of_one.push_back(seconds_of([&] { runner.run(size); }) / static_cast<double>(size));
  }
  return quantile(std::move(of_one), 0.5) * static_cast<double>(count);
}

inline nlohmann::json timed(const Work& work, Runner& runner, std::ptrdiff_t count) {
  runner.reset();
  nlohmann::json answer;
  const double cpu = cpu_seconds();
  const double whole = seconds_of([&] {
    if (work.kind == "epoch") {  // not in parts: each would be a training of its own
      runner.run(count);
      answer["seconds"] = runner.own_seconds();
    } else {
      answer["seconds"] = run_in_parts(runner, count);
    }
  });
  answer["cpu_share"] = (cpu_seconds() - cpu) / whole;
  answer["loss"] = runner.loss();
  if (work.kind == "predict" && work.batch == 1) add_latency(runner, count, answer);
  return answer;
}

/// The conversation, until "quit" or the end of the input. `more` may answer commands of its own.
inline void serve(const nlohmann::json& greeting, const MakeRunner& make,
                  const std::function<bool(const std::string&, std::istream&, nlohmann::json&)>& more = {}) {
  std::map<std::string, std::pair<Work, std::unique_ptr<Runner>>> runners;
  std::cout << greeting.dump() << std::endl;
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    std::istringstream words(line);
    std::string command, folder;
    words >> command;
    nlohmann::json answer = nlohmann::json::object();
    try {
      std::ptrdiff_t count = 0;
      if (command == "run" && words >> folder >> count && count > 0) {
        auto& [work, runner] = runners[folder];
        if (!runner) {
          work = read_work(folder);
          runner = make(work);
        }
        answer = timed(work, *runner, count);
      } else if (command == "forget" && words >> folder) {
        runners.erase(folder);
      } else if (command == "memory") {
        answer["peak_mib"] = peak_mib();
      } else if (!more || !more(command, words, answer)) {
        answer["error"] = "expected 'run FOLDER N', 'forget FOLDER', 'memory' or 'quit', found: " + line;
      }
    } catch (const NotBuilt& reason) {
      answer["absent"] = reason.what();
    } catch (const std::exception& error) {
      answer["error"] = error.what();
    }
    std::cout << answer.dump() << std::endl;
  }
}

}  // namespace strata_bench
