#include "data/text_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/thread_pool.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

constexpr std::size_t kMostWithoutEnd = std::size_t{80} << 20;  // of a line: more than a record may have

bool is_line_end(char c) noexcept { return c == '\n' || c == '\r'; }

// A text that ends where, by the looks of it, a record does. Where that is not so, who scans it finds out.
struct Cut {
  std::string text;
  bool is_last = false;
  std::exception_ptr fault;  // of the source, behind the text
};

class Cutter {
 public:
  Cutter(Input& input, const Dialect& dialect, std::size_t part_bytes)
      : input_(input), to_skip_(dialect.begin), part_bytes_(part_bytes) {}

  /// Nothing where nothing is left.
  std::optional<Cut> next() {
    if (ended_) return std::nullopt;
    Cut cut{.text = std::exchange(left_, {})};
    std::size_t end = 0;
    for (std::size_t wanted = std::max(part_bytes_, cut.text.size()); !ended_ && end == 0; wanted *= 2) {
      fill(cut, std::min(wanted, kMostWithoutEnd));
      end = end_of_records(cut.text);
      if (cut.text.size() >= kMostWithoutEnd) end = cut.text.size();
    }
    cut.is_last = ended_ && !cut.fault;
    if (!cut.is_last) {  // what a source gave before its fault is read as far as it is whole lines
      left_ = cut.text.substr(end);
      cut.text.resize(end);
    }
    return cut;
  }

 private:
  void fill(Cut& cut, std::size_t wanted) {
    std::size_t size = cut.text.size();
    cut.text.resize(wanted);
    const auto room = std::as_writable_bytes(std::span(cut.text));
    try {
      while (size < wanted && !ended_) {
        const auto into = to_skip_ > 0 ? room.first(std::min(to_skip_, wanted)) : room.subspan(size);
        const std::size_t got = input_.read(into);
        ended_ = got == 0;
        if (to_skip_ > 0) {
          to_skip_ -= got;
        } else {
          size += got;
        }
      }
    } catch (...) {
      cut.fault = std::current_exception();
      ended_ = true;
    }
    cut.text.resize(size);
  }

  // Behind the last end of a line that is not within quotes, and whose line is not blank: blank lines at the end of a
  // text would mean nothing. 0: there is none. The last byte may be the first half of \r\n.
  static std::size_t end_of_records(std::string_view text) {
    const std::size_t last = text.size() - std::min<std::size_t>(1, text.size());
    unsigned char odd = 0;  // quotes; not by std::count, whose sum keeps the compiler from using vectors of bytes
    for (const char c : text.substr(0, last)) odd ^= static_cast<unsigned char>(c == '"' ? 1 : 0);
    bool quoted = odd != 0;
    std::size_t any = 0;
    for (std::size_t i = last; i-- > 0;) {
      if (text[i] == '"') quoted = !quoted;
      if (!is_line_end(text[i]) || (text[i] == '\r' && text[i + 1] == '\n')) continue;
      std::size_t before = i - (text[i] == '\n' && i > 0 && text[i - 1] == '\r' ? 1 : 0);
      while (before > 0 && (text[before - 1] == ' ' || text[before - 1] == '\t')) --before;
      if (before == 0 || is_line_end(text[before - 1])) continue;
      if (!quoted) return i + 1;
      any = std::max(any, i + 1);
    }
    return any;
  }

  Input& input_;
  std::size_t to_skip_;
  const std::size_t part_bytes_;
  std::string left_;
  bool ended_ = false;
};

class Reading {
 public:
  Reading(Input& input, const Dialect& dialect, int threads, const TextLook& look, std::size_t part_bytes)
      : name_(input.name()),
        dialect_(dialect),
        threads_(threads),
        look_(look),
        cutter_(input, dialect, part_bytes),
        lines_(dialect.line - 1) {}

  TextCounts run() {
    ThreadPool pool(threads_);
    pool.run(threads_, [&](std::ptrdiff_t) { work(); });
    if (fault_) std::rethrow_exception(fault_);
    return counts_;
  }

 private:
  struct Scanned {
    Cut cut;
    std::unique_ptr<TextPart> part;
    TextCounts counts;
    std::size_t lines = 0;
    std::size_t end = 0;  // in the text: from here on is a record that goes on behind it
    std::exception_ptr fault;
  };

  // What one thread does.
  void work() noexcept try {
    while (wait_for_turn()) {
      Scanned next;
      std::size_t number = 0;
      {
        const std::scoped_lock lock(cutting_);
        auto cut = cutter_.next();
        if (!cut) return;
        next.cut = std::move(*cut);
        number = taken_++;
      }
      scan(next, 0);
      join_done(number, std::move(next));
    }
  } catch (...) {
    const std::scoped_lock lock(mutex_);
    if (!fault_) fault_ = std::current_exception();
    changed_.notify_all();
  }

  // No thread runs far ahead of the slowest, for what is scanned takes memory. It waits only for others at work.
  bool wait_for_turn() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return fault_ || taken_ <= joined_ + static_cast<std::size_t>(threads_); });
    return !fault_;
  }

  // `lines` are before it, for messages.
  void scan(Scanned& next, std::size_t lines) const {
    next.part = look_.begin();
    next.end = next.cut.text.size();
    next.fault = nullptr;
    TextSource source(next.cut.text);
    CsvScanner scanner(source, name_, dialect_, lines + 1);
    try {
      while (has_row(scanner, next)) next.part->add(scanner);
      const bool whole =
          next.cut.is_last || next.end < next.cut.text.size() || next.end == 0 || is_line_end(next.cut.text.back());
      if (!whole)
        throw Error(ErrorCode::format, fmt::format("{}:{}: a line is longer than 64 MiB", name_, scanner.next_line()));
    } catch (...) {
      next.fault = std::current_exception();
    }
    next.counts = scanner.counts();
    next.lines = (next.end < next.cut.text.size() ? scanner.line() : scanner.next_line()) - lines - 1;
  }

  // Where the text ends inside of a record, that is a fault of the last one only.
  static bool has_row(CsvScanner& scanner, Scanned& next) {
    try {
      return scanner.next_row();
    } catch (const Error&) {
      if (next.cut.is_last || !scanner.source_ended()) throw;
      next.end = scanner.record_position();
      return false;
    }
  }

  // Joins what is there in the order of the text, unless another thread is doing that.
  void join_done(std::size_t number, Scanned scanned) {
    std::unique_lock lock(mutex_);
    done_.emplace(number, std::move(scanned));
    if (std::exchange(is_joining_, true)) return;
    while (!fault_ && done_.contains(joined_)) {
      Scanned next = std::move(done_.extract(joined_).mapped());
      lock.unlock();
      join(next);
      lock.lock();
      ++joined_;
      changed_.notify_all();
    }
    is_joining_ = false;
  }

  void join(Scanned& next) {
    if (!rest_.empty()) {  // the text began inside of a record
      next.cut.text.insert(0, rest_);
      scan(next, 0);
    }
    if (next.fault) scan(next, lines_);  // now that the line is known
    if (next.fault) std::rethrow_exception(next.fault);
    counts_.append(next.counts, lines_);
    look_.join(std::move(next.part), lines_);
    lines_ += next.lines;
    rest_ = next.cut.text.substr(next.end);
    if (next.cut.fault) std::rethrow_exception(next.cut.fault);
  }

  const std::string name_;
  const Dialect& dialect_;
  const int threads_;
  const TextLook& look_;
  std::mutex cutting_;
  Cutter cutter_;
  std::atomic<std::size_t> taken_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::size_t, Scanned> done_;
  std::size_t joined_ = 0;
  bool is_joining_ = false;
  std::exception_ptr fault_;
  // Of whom joins.
  std::string rest_;
  std::size_t lines_;
  TextCounts counts_;
};

}  // namespace

TextCounts read_in_parts(Input& input, const Dialect& dialect, int threads, const TextLook& look,
                         std::size_t part_bytes) {
  return Reading(input, dialect, threads, look, part_bytes).run();
}

}  // namespace strata::internal
