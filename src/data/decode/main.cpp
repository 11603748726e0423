#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "decode.hpp"

namespace {

#ifdef STRATA_SANITIZED
constexpr bool kSanitized = true;  // a sanitizer reserves terabytes of addresses
#else
constexpr bool kSanitized = false;
#endif

void limit(decltype(RLIMIT_CORE) what, rlim_t value) {
  struct rlimit now{};
  if (getrlimit(what, &now) != 0) return;
  now.rlim_cur = std::min(value, now.rlim_max);
  setrlimit(what, &now);
}

// A file may ask for much work, but not for the whole machine: damaged ones make HDF5 run in circles. A list is a
// matter of milliseconds; numbers come at 100 MB a second and more, from a file up to a thousand times smaller.
void limit_resources(bool is_list) {
  const std::size_t size = strata::decode::file_size();
  constexpr std::size_t kGigabyte = std::size_t{1} << 30;
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, 5 + (is_list ? size >> 24 : size >> 16));  // seconds
  if (!kSanitized) limit(RLIMIT_AS, std::max(4 * kGigabyte, size < (std::size_t{1} << 60) ? 4 * size : size));
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // nobody wants the rest when the caller is gone
#endif
}

int usage() {
  std::fputs("usage: strata-decode list | read NAME | image | zstd, with the file as standard input\n", stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return usage();
  const std::string command = argv[1];
  if (argc != (command == "read" ? 3 : 2)) return usage();
  try {
    limit_resources(command == "list");
    strata::decode::Output output;
    if (command == "list") {
      strata::decode::list_hdf5(output);
    } else if (command == "read") {
      strata::decode::read_hdf5(argv[2], output);
    } else if (command == "image") {
      strata::decode::read_image(output);
    } else if (command == "zstd") {
      strata::decode::read_zstd(output);
    } else {
      return usage();
    }
    output.flush();
    // The libraries have nothing to clean up that the end of the process does not.
    std::_Exit(0);
  } catch (const std::bad_alloc&) {
    std::fputs("reading it needs more memory than a file of its size may take\n", stderr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  return 1;
}
