// How often a mapped file is read before the first update: counted page by page, by a handler that closes each page
// again when others are read.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <vector>

#include "data/table_storage.hpp"
#include "strata/tools.hpp"
#include "strata/trainer.hpp"

namespace strata {
using namespace internal;
namespace {

constexpr std::size_t kPage = 4096, kMostPages = 4096;

// What the handler works on. So many pages are open at a time that a row and its neighbours are.
struct Watched {
  std::byte* begin = nullptr;
  std::size_t pages = 0;
  std::array<std::uint16_t, kMostPages> reads{};
  std::array<std::size_t, 4> open{};
  std::size_t next = 0;
};
Watched watched;

void on_fault(int number, siginfo_t* information, void*) {
  auto* const at = static_cast<std::byte*>(information->si_addr);
  if (at < watched.begin || at >= watched.begin + watched.pages * kPage) {
    std::signal(number, SIG_DFL);
    return;
  }
  const auto page = static_cast<std::size_t>(at - watched.begin) / kPage;
  std::size_t& oldest = watched.open[watched.next++ % watched.open.size()];
  if (oldest != page) ::mprotect(watched.begin + oldest * kPage, kPage, PROT_NONE);
  oldest = page;
  ::mprotect(watched.begin + page * kPage, kPage, PROT_READ);
  ++watched.reads[page];
}

class Reads : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::sysconf(_SC_PAGESIZE) != static_cast<long>(kPage)) GTEST_SKIP() << "pages of another size";
    folder_ = std::filesystem::temp_directory_path() / ("strata-reads-" + std::to_string(::getpid()));
    std::filesystem::create_directory(folder_);
    std::ofstream csv(folder_ / "data.csv");
    csv << "a,b,c,d,e,f,g,y,k\n";
    for (int i = 0; i < kRows; ++i) {
      for (int j = 0; j < 7; ++j) csv << (i * 37 + j * 101) % 1009 << ',';
      csv << (i * 53) % 997 + 0.5 << ',' << i % 3 << '\n';
    }
    csv.close();
    static_cast<void>(convert(folder_ / "data.csv", folder_ / "data.sdata", Options()));
    struct sigaction action{};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    ::sigaction(SIGSEGV, &action, &before_);
  }
  void TearDown() override {
    if (folder_.empty()) return;
    ::sigaction(SIGSEGV, &before_, nullptr);
    std::filesystem::remove_all(folder_);
  }

  /// How often the middle one of the pages was read until the first update, and until the end of it.
  int until_the_first_update(const Options& options) {
    Table table = read_table(folder_ / "data.sdata");
    const Block& block = table.storage().blocks.front();
    const auto address = reinterpret_cast<std::uintptr_t>(block.numbers.get());
    EXPECT_TRUE(block.is_mapped);
    const std::uintptr_t first = (address + kPage - 1) / kPage * kPage;
    const std::uintptr_t end = (address + kRows * block.width * sizeof(double)) / kPage * kPage;
    watched = Watched();
    watched.begin = reinterpret_cast<std::byte*>(first);
    watched.pages = (end - first) / kPage;
    EXPECT_GT(watched.pages, 50U);
    EXPECT_LT(watched.pages, kMostPages);
    ::mprotect(watched.begin, watched.pages * kPage, PROT_NONE);
    int reads = 0;
    Callbacks callbacks;
    callbacks.progress = [&](const Progress&) {
      if (reads > 0) return;
      std::vector<std::uint16_t> sorted(watched.reads.begin(),
                                        watched.reads.begin() + static_cast<std::ptrdiff_t>(watched.pages));
      std::ranges::sort(sorted);
      reads = sorted[sorted.size() / 2];
    };
    callbacks.stop = [] { return true; };
    static_cast<void>(train(std::move(table), options, callbacks));
    return reads;
  }

  static constexpr int kRows = 4000;
  std::filesystem::path folder_;
  struct sigaction before_{};
};

Options small_batches(const char* target) {
  Options options;
  options.target = {target};
  options.hidden_layers = {3};
  options.batch_size = 4;  // of few of the pages
  options.threads = 1;
  options.validation = "none";
  return options;
}

TEST_F(Reads, ARegressionLooksTwice) { EXPECT_EQ(until_the_first_update(small_batches("y")), 2); }

// Twice, and before that at the class of each row.
TEST_F(Reads, ClassesWithRowsHeldBackLookThreeTimes) {
  Options options = small_batches("k");
  options.validation = "0.25";
  EXPECT_EQ(until_the_first_update(options), 3);
}

TEST_F(Reads, WithoutScalingOnceIsEnough) {
  Options options = small_batches("k");
  options.scale = ScaleKind::none;
  EXPECT_EQ(until_the_first_update(options), 1);
}

}  // namespace
}  // namespace strata
