// How many CPUs the process may use, and how many threads the user wants.
#pragma once

#include <filesystem>
#include <optional>

namespace strata::internal {

/// The number of CPUs that this process may use, at least 1: those of its affinity mask, and no more than the whole
/// CPUs whose time its control groups allow. (Of 1.5 CPUs one is used: a second thread would be stopped for half of the
/// time, and the first would wait for it.) `root`: where /proc and /sys are.
[[nodiscard]] int available_cpus(const std::filesystem::path& root = "/");

/// The CPU time that the control groups of this process allow, in CPUs: the least of its group's and of all groups
/// around it, version 2 (cpu.max) or 1 (cpu.cfs_quota_us); nothing where there is no limit.
/// https://docs.kernel.org/admin-guide/cgroup-v2.html, https://docs.kernel.org/scheduler/sched-bwc.html
[[nodiscard]] std::optional<double> control_group_cpus(const std::filesystem::path& root = "/");

/// What `threads` means everywhere: `asked` where it is not 0; else what the environment variable STRATA_THREADS says;
/// else (not set, empty or "auto") available_cpus(). Work that is `small` is not worth a second thread, nor the files
/// that available_cpus() reads: it gets 1 in its place. Throws Error(usage) for a number that is not from 0 to 1024,
/// and for a STRATA_THREADS that is none from 1 to 1024.
[[nodiscard]] int chosen_threads(int asked, bool small = false);

}  // namespace strata::internal
