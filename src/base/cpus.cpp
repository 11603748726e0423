#include "base/cpus.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/text.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

namespace fs = std::filesystem;

// The kernel writes a blank in a path as \040.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned code = 0;
    if (text[i] == '\\' && i + 3 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 4, code, 8).ptr == text.data() + i + 4) {
      plain += static_cast<char>(code);
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

bool has_item(std::string_view list, std::string_view item) {
  const std::vector<std::string> items = split(list, ',');
  return std::find(items.begin(), items.end(), item) != items.end();
}

// Where a hierarchy of control groups is mounted, and which of its groups stands there.
struct Mount {
  bool version_2 = false;
  std::string group, folder;
};

// "31 23 0:28 GROUP FOLDER options … - TYPE source OPTIONS": those that can limit the time of a CPU.
// Names are put together as texts: where there is no memory for it, GCC's paths are left damaged when they are joined.
std::vector<Mount> mounts(const fs::path& root) {
  std::vector<Mount> found;
  std::ifstream file(root.native() + "/proc/self/mountinfo");
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> words = split(line, ' ');
    std::erase(words, "");
    const auto dash = std::find(words.begin(), words.end(), "-");
    if (dash - words.begin() < 5 || words.end() - dash < 4) continue;
    const bool version_2 = dash[1] == "cgroup2";
    if (version_2 || (dash[1] == "cgroup" && has_item(dash[3], "cpu")))
      found.push_back({version_2, unescaped(words[3]), unescaped(words[4])});
  }
  return found;
}

// "0::/a/b" (version 2) or "4:cpu,cpuacct:/a/b": the group of this process in the hierarchy.
std::optional<std::string> own_group(const fs::path& root, bool version_2) {
  std::ifstream file(root.native() + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string_view controllers = std::string_view(line).substr(first + 1, second - first - 1);
    if (version_2 ? line.starts_with("0::") : has_item(controllers, "cpu")) return line.substr(second + 1);
  }
  return std::nullopt;
}

// The numbers of a small file; "max" and what is no number end it.
std::vector<double> numbers_in(const std::string& path) {
  std::ifstream file(path);
  std::vector<double> numbers;
  for (double value = 0; file >> value;) numbers.push_back(value);
  return numbers;
}

std::optional<double> limit_in(const std::string& folder, bool version_2) {
  std::vector<double> numbers = numbers_in(folder + (version_2 ? "/cpu.max" : "/cpu.cfs_quota_us"));
  if (!version_2) {
    const std::vector<double> period = numbers_in(folder + "/cpu.cfs_period_us");
    numbers.insert(numbers.end(), period.begin(), period.end());
  }
  if (numbers.size() != 2 || numbers[0] <= 0 || numbers[1] <= 0) return std::nullopt;  // −1: no limit
  return numbers[0] / numbers[1];
}

}  // namespace

std::optional<double> control_group_cpus(const fs::path& root) {
  std::optional<double> least;
  for (const Mount& mount : mounts(root)) {
    const std::optional<std::string> group = own_group(root, mount.version_2);
    if (!group) continue;
    // Inside a container the group's name may be the host's while its folder is what is mounted: then the folder alone.
    const std::string above = mount.group == "/" ? "" : mount.group;
    std::string inside;
    if (group->starts_with(above) && (group->size() == above.size() || (*group)[above.size()] == '/'))
      inside = group->substr(above.size());
    if (inside.find("..") != std::string::npos) inside.clear();
    while (true) {  // the group's own limit, then those of the groups around it
      if (const auto limit = limit_in(root.native() + mount.folder + inside, mount.version_2))
        least = std::min(least.value_or(*limit), *limit);
      if (inside.empty()) break;
      inside.erase(inside.rfind('/'));
    }
  }
  return least;
}

int available_cpus(const fs::path& root) {
  int cpus = static_cast<int>(std::thread::hardware_concurrency());
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) cpus = CPU_COUNT(&set);
  if (const auto limit = control_group_cpus(root); limit && *limit < cpus) cpus = static_cast<int>(*limit);
  return std::max(1, cpus);
}

int chosen_threads(int asked, bool small) {
  constexpr int kMost = 1024;
  if (asked < 0 || asked > kMost) {
    throw Error(ErrorCode::usage, fmt::format("expected a number of threads from 1 to {}, or 0 for as many as the "
                                              "process may use, found {}",
                                              kMost, asked));
  }
  if (asked > 0) return asked;
  const char* variable = std::getenv("STRATA_THREADS");
  const std::string_view text = variable == nullptr ? "" : variable;
  if (text.empty() || text == "auto") return small ? 1 : available_cpus();
  int threads = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
  if (error != std::errc{} || end != text.data() + text.size() || threads < 1 || threads > kMost) {
    throw Error(ErrorCode::usage, fmt::format("STRATA_THREADS={}: expected a whole number from 1 to 1024, or auto; "
                                              "unset the variable, or use {}, which goes before it",
                                              printable(text), spelled("threads")));
  }
  return threads;
}

}  // namespace strata::internal
