// The content decides what a file is, not its name.
#include <dirent.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "config/option_values.hpp"
#include "data/cache.hpp"
#include "data/decoder.hpp"
#include "data/formats.hpp"
#include "strata/data.hpp"
#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

enum class Format { text, gzip, zstd, hdf5, npy, zip, idx, picture, cache };

constexpr std::size_t kHead = 4096;

struct Signature {
  std::string_view bytes;
  const char* what;  // what to say of a file that begins so
};

// Files that people do have, and that no reader here takes; what pandas reads, it can write as CSV.
#define STRATA_PANDAS(call) \
  "convert it first: python3 -c \"import pandas; pandas." call ".to_csv('NEW.csv', index=False)\""
constexpr Signature kForeign[] = {
    {"BZh91AY&SY"sv, "is compressed with bzip2; decompress it first: bunzip2 --keep FILE"},
    {"\xFD\x37zXZ\0"sv, "is compressed with xz; decompress it first: unxz --keep FILE"},
    {"PAR1"sv, "is a Parquet file; " STRATA_PANDAS("read_parquet('FILE')")},
    {"ARROW1\0\0"sv, "is an Arrow file; " STRATA_PANDAS("read_feather('FILE')")},
    {"FEA1"sv, "is a Feather file; " STRATA_PANDAS("read_feather('FILE')")},
    {"<stata_dta>"sv, "is a Stata file; " STRATA_PANDAS("read_stata('FILE')")},
    {"$FL2@(#)"sv, "is an SPSS file; " STRATA_PANDAS("read_spss('FILE')")},
    {"$FL3@(#)"sv, "is an SPSS file; " STRATA_PANDAS("read_spss('FILE')")},
    {"\0\0\0\0\0\0\0\0\0\0\0\0\xC2\xEA\x81\x60"sv,
     "is a SAS file; " STRATA_PANDAS("read_sas('FILE', format='sas7bdat', encoding='infer')")},
    {"HEADER RECORD*******LIBRARY"sv, "is a SAS transport file; " STRATA_PANDAS("read_sas('FILE', format='xport')")},
    {"X\n\0\0\0"sv, "is an object of R; convert it first: Rscript -e \"write.csv(readRDS('FILE'), 'NEW.csv')\""},
    {"%PDF-"sv, "is a PDF document, not data"},
    {"GIF87a"sv, "is a GIF picture; only PNG and JPEG can be read"},
    {"GIF89a"sv, "is a GIF picture; only PNG and JPEG can be read"},
    {"MATLAB 5.0 MAT-file"sv, "is a MATLAB file of version 5; save it with -v7.3 (HDF5), or as CSV"},
};

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool is_png(std::string_view head) { return head.starts_with("\x89PNG\r\n\x1A\n"sv); }
bool is_jpeg(std::string_view head) { return head.starts_with("\xFF\xD8\xFF"sv); }

// A frame, or one that is to be skipped.
bool is_zstd(std::string_view head) {
  return head.starts_with("\x28\xB5\x2F\xFD"sv) ||
         (head.size() >= 4 && (head[0] & 0xF0) == 0x50 && head.substr(1).starts_with("\x2A\x4D\x18"sv));
}

bool is_hdf5(std::string_view head) {
  // Something else may stand before the signature, up to a power of two (MATLAB 7.3 does so).
  for (std::size_t at = 0; at < head.size(); at = at == 0 ? 512 : 2 * at) {
    if (head.substr(at).starts_with("\x89HDF\r\n\x1A\n"sv)) return true;
  }
  return false;
}

bool is_idx(std::string_view head) {
  return head.size() >= 4 && head.starts_with("\0\0"sv) &&
         "\x08\x09\x0B\x0C\x0D\x0E"sv.find(head[2]) != std::string_view::npos && head[3] >= 1 && head[3] <= 8;
}

Format format_of(std::string_view head) {
  if (head.starts_with("\x1F\x8B"sv)) return Format::gzip;
  if (is_zstd(head)) return Format::zstd;
  if (head.starts_with(kCacheMagic)) return Format::cache;
  if (is_hdf5(head)) return Format::hdf5;
  if (head.starts_with("\x93NUMPY"sv)) return Format::npy;
  if (head.starts_with("PK\x03\x04"sv) || head.starts_with("PK\x05\x06"sv)) return Format::zip;
  if (is_idx(head)) return Format::idx;
  if (is_png(head) || is_jpeg(head)) return Format::picture;
  return Format::text;
}

// Stata before version 13: the version, the order of bytes, two constants.
bool is_old_stata(std::string_view head) {
  return head.size() >= 4 && head[0] >= 102 && head[0] <= 115 && (head[1] == 1 || head[1] == 2) && head[2] == 1 &&
         head[3] == 0;
}

// ARFF is CSV behind a header of its own, which comments in % may precede.
bool is_arff(std::string_view text) {
  while (text.starts_with('%') || text.starts_with('\n') || text.starts_with('\r')) {
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  constexpr std::string_view kFirst = "@relation";
  return text.size() > kFirst.size() && std::ranges::equal(text.substr(0, kFirst.size()), kFirst, [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == b;
         });
}

// "UTF-16" or, without the mark of its order of bytes, which one: every second byte of most texts is then NUL.
const char* utf16_of(std::string_view head) {
  if (head.starts_with("\xFF\xFE"sv) || head.starts_with("\xFE\xFF"sv)) return "UTF-16";
  std::size_t nul[2] = {};
  for (std::size_t i = 0; i < head.size(); ++i) nul[i % 2] += head[i] == '\0' ? 1 : 0;
  const std::size_t most = head.size() / 2;
  if (head.size() < 4 || 10 * std::max(nul[0], nul[1]) < 9 * most || std::min(nul[0], nul[1]) > 0) return nullptr;
  return nul[1] > 0 ? "UTF-16LE" : "UTF-16BE";
}

// Throws Error(format) for what is no table of text.
void require_text(const std::string& name, std::string_view head) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorCode::format, fmt::format("{} {}", name, what));
  };
  if (head.empty()) refuse("is empty");
  // Eight bytes of length, then what every model begins with.
  if (head.size() > 8 && head.substr(8).starts_with("{\"__metadata__\":{\"format\":\"strata\""))
    refuse("is a model that 'strata train' wrote, not data; where a command takes both, the model comes first");
  for (const Signature& foreign : kForeign) {
    if (head.starts_with(foreign.bytes)) refuse(foreign.what);
  }
  if (head.starts_with("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv))
    refuse(fmt::format("is an old Excel workbook (.xls); {}", kOfWorkbook));
  if (is_old_stata(head)) refuse("is a Stata file; " STRATA_PANDAS("read_stata('FILE')"));
  if (const char* const encoding = utf16_of(head)) {
    refuse(fmt::format("is UTF-16 text; convert it first: iconv -f {} -t UTF-8 FILE > NEW.csv", encoding));
  }
  if (is_arff(head)) {
    refuse(
        "is an ARFF file; convert it first: python3 -c \"import pandas, scipy.io.arff; "
        "d = pandas.DataFrame(scipy.io.arff.loadarff('FILE')[0]); "
        "d.apply(lambda c: c.str.decode('utf-8') if c.dtype == object else c).to_csv('NEW.csv', index=False)\"");
  }
  std::string start(head.substr(0, 256));
  if (start.starts_with("\xEF\xBB\xBF")) start.erase(0, 3);
  start.erase(0, std::min(start.find_first_not_of(" \t\r\n"), start.size()));
  std::ranges::transform(start, start.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (start.starts_with("<!doctype") || start.starts_with("<html")) {
    refuse("is an HTML page, not data: the download probably failed");
  }
  if (start.starts_with("<?xml") || start.starts_with("<svg")) refuse("is XML, not a table; write it as CSV");
  const char opened = start.empty() ? '\0' : start.front();
  const std::size_t inside = start.find_first_not_of(" \t\r\n", 1);
  const char next = inside == std::string::npos ? '\0' : start[inside];
  if ((opened == '{' && next == '"') || (opened == '[' && (next == '{' || next == '['))) {
    refuse("is JSON, not a table; write it as CSV");
  }
  const auto control = std::ranges::find_if(head, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && std::string_view("\t\n\v\f\r\x1A").find(c) == std::string_view::npos;
  });
  if (control != head.end()) {
    refuse(fmt::format(
        "is not a table that can be read: neither text (byte {} is 0x{:02x}), nor HDF5, NPY, NPZ, IDX, PNG or JPEG",
        control - head.begin(), static_cast<unsigned>(static_cast<unsigned char>(*control))));
  }
}

// Some of the names in a folder, enough for a hint. Not by std::filesystem::directory_iterator: that of GCC 12 ends the
// program where there is no memory for a name.
std::vector<std::string> names_in(const fs::path& folder) {
  constexpr std::size_t kMost = 10'000;
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(::opendir(folder.c_str()), ::closedir);
  while (opened && names.size() < kMost) {
    const dirent* const entry = ::readdir(opened.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

// Who misses an array hears why it cannot be had.
std::vector<std::string> choose_among(std::span<const Field> available, const FieldChooser& choose,
                                      std::span<const RefusedArray> refused) try {
  return choose(available);
} catch (const Error& error) {
  if (refused.empty()) throw;
  throw Error(error.code(), fmt::format("{}\nleft out: {}", error.what(), reasons_of(refused)));
}

const char* words_for(Format format) {
  switch (format) {
    case Format::gzip: return "gzip data";
    case Format::zstd: return "zstd data";
    case Format::hdf5: return "an HDF5 file";
    case Format::zip: return "a ZIP archive";
    case Format::cache: return "a data cache";
    default: return "a picture";
  }
}

// What a file holds; what is packed is looked into.
struct Content {
  Format format;
  std::unique_ptr<Input> input;  // at its beginning
  std::function<std::unique_ptr<Input>()> open;
};

Content content_of(FileReader& file, const Request& request) {
  if (file.seekable()) file.seek(0);
  const Format format = format_of(as_text(file.peek(kHead)));
  // What a column of a text is, all of its cells say: so it is read twice.
  const bool streams = format == Format::npy || format == Format::idx;
  const bool once = streams || (all_known(request) && (format == Format::text || format == Format::gzip));
  if (!once) file.make_seekable(request.spill);
  // A pipe has no size that could be known before it ends.
  const std::optional<std::size_t> size = file.seekable() ? std::optional(file.size()) : std::nullopt;
  Content content{.format = format, .open = {}};
  content.open = [&file, format, size] {
    if (file.seekable()) file.seek(0);
    if (format == Format::zstd)
      return std::make_unique<Input>(std::make_unique<DecoderProcess>("zstd", file), file.name());
    auto bytes = std::make_unique<FileSource>(file);
    if (format == Format::gzip)
      return std::make_unique<Input>(inflate_gzip(std::move(bytes), file.name()), file.name());
    return std::make_unique<Input>(std::move(bytes), file.name(), size);
  };
  content.input = content.open();
  if (format != Format::gzip && format != Format::zstd) return content;
  content.format = format_of(as_text(content.input->peek(kHead)));
  if (content.format != Format::text && content.format != Format::npy && content.format != Format::idx) {
    const bool gzip = format == Format::gzip;
    throw Error(ErrorCode::unsupported,
                fmt::format("{} holds {} inside {}; decompress it first ({})", file.name(), words_for(content.format),
                            gzip ? "gzip" : "zstd", gzip ? "gunzip" : "unzstd"));
  }
  return content;
}

TextInput text_of(FileReader& file, const Content& content) {
  return {.name = file.name(), .open = content.open, .require_unchanged = [&file] { file.require_unchanged(); }};
}

}  // namespace

FileReader internal::open_data(const fs::path& file) {
  if (is_standard_input(file)) return FileReader(file);
  std::error_code error;
  const std::string shown = printable(file.string());
  if (fs::is_directory(file, error)) {
    throw Error(ErrorCode::io, fmt::format("'{}' is a folder; give the name of a file in it", shown));
  }
  if (!fs::exists(file, error)) {
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    std::vector<std::string> neighbours = names_in(folder);
    if (!fs::is_directory(folder, error)) {
      throw Error(ErrorCode::not_found, fmt::format("there is no file '{}': its folder does not exist", shown));
    }
    std::ranges::sort(neighbours);
    throw Error(ErrorCode::not_found,
                fmt::format("there is no file '{}'{}", shown, suggestion(file.filename().string(), neighbours)));
  }
  return FileReader(file);
}

std::string internal::reasons_of(std::span<const RefusedArray> refused) {
  constexpr std::size_t kMost = 4;
  std::string text;
  for (std::size_t i = 0; i < refused.size() && i < kMost; ++i)
    text += fmt::format("{}{} {}", i == 0 ? "" : "; ", in_quotes(refused[i].name), refused[i].reason);
  if (refused.size() > kMost) text += fmt::format("; … ({} more)", refused.size() - kMost);
  return text;
}

std::vector<std::size_t> internal::chosen_fields(const std::string& source, std::span<const Field> available,
                                                 const FieldChooser& choose, std::span<const RefusedArray> refused) {
  std::vector<std::size_t> chosen;
  if (!choose) {
    chosen.resize(available.size());
    for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i] = i;
    return chosen;
  }
  std::vector<std::string> names;
  std::unordered_map<std::string_view, std::size_t> index;
  for (const Field& field : available) {
    names.push_back(field.name);
    index.try_emplace(field.name, index.size());
  }
  std::vector<bool> taken(available.size());
  for (const std::string& name : choose_among(available, choose, refused)) {
    const auto found = index.find(name);
    if (found == index.end()) {
      for (const RefusedArray& array : refused) {
        if (array.name == name) {
          throw Error(ErrorCode::unsupported, fmt::format("{}: '{}' {}", source, printable(name), array.reason));
        }
      }
      throw Error(ErrorCode::usage, fmt::format("{} has no '{}'{} (it has: {})", source, printable(name),
                                                suggestion(name, names), joined_names(names)));
    }
    if (!taken[found->second]) chosen.push_back(found->second);
    taken[found->second] = true;
  }
  if (chosen.empty()) {
    throw Error(ErrorCode::usage, fmt::format("{}: no field was chosen (it has: {})", source, joined_names(names)));
  }
  return chosen;
}

const KnownColumn* internal::known_column(const Request& request, const std::string& name) {
  if (request.known == nullptr) return nullptr;
  const auto found = std::ranges::find(*request.known, name, &KnownColumn::name);
  return found == request.known->end() ? nullptr : &*found;
}

bool internal::is_only_kept(const Request& request, const std::string& name) {
  return request.kept != nullptr && request.known != nullptr &&
         std::ranges::find(request.kept->names, name) != request.kept->names.end() &&
         known_column(request, name) == nullptr;
}

void internal::require_equal_rows(const std::string& source, std::span<const Field> available,
                                  std::span<const std::size_t> chosen) {
  for (const std::size_t i : chosen) {
    const Field& first = available[chosen.front()];
    if (available[i].rows == first.rows) continue;
    const auto ends_with = [](const Field& field, std::size_t rows) {
      return !field.shape.empty() && field.shape.back() == rows;
    };
    const bool may_be_last = ends_with(first, available[i].rows) || ends_with(available[i], first.rows);
    throw Error(
        ErrorCode::shape,
        fmt::format("{}: '{}' has {} examples, but '{}' has {}; choose fields with as many{}", source,
                    printable(first.name), first.rows, printable(available[i].name), available[i].rows,
                    may_be_last ? ", or say with " + spelled("transpose") + " which index counts the examples" : ""));
  }
}

Table read_table(const fs::path& file, const FieldChooser& choose, const ReadingOptions& reading,
                 std::vector<std::string>* notes) {
  return read_table(std::span(&file, 1), choose, reading, notes);
}

Table read_table(std::span<const fs::path> files, const FieldChooser& choose, const ReadingOptions& reading,
                 std::vector<std::string>* notes) {
  return only_errors("to read this file", [&](Caller& caller) {
    std::vector<FileReader> readers = open_data(files);
    const FieldChooser watched = caller.watched(choose);
    TextReport report;
    Table table = read_table(readers, Request{.choose = watched, .reading = reading, .report = &report});
    if (notes != nullptr) *notes = notes_of(report);
    return table;
  });
}

std::vector<FileReader> internal::open_data(std::span<const fs::path> files) {
  if (files.empty()) throw Error(ErrorCode::usage, "there is no file to read");
  std::vector<FileReader> readers;
  for (const fs::path& file : files) readers.push_back(open_data(file));
  return readers;
}

Table internal::read_table(FileReader& file, const Request& request) {
  return *read_blocks(file, request)->next(kAllRows);
}

Table internal::read_table(std::span<FileReader> files, const Request& request) {
  return *read_blocks(files, request)->next(kAllRows);
}

Blocks internal::read_blocks(std::span<FileReader> files, const Request& request) {
  if (files.size() == 1) return read_blocks(files.front(), request);
  std::vector<TextInput> texts;
  for (FileReader& file : files) {
    const Content content = content_of(file, request);
    if (content.format != Format::text) {
      throw Error(ErrorCode::usage, fmt::format("{} is no text (CSV); several files are one table where all are; of "
                                                "others, give one",
                                                file.quoted_name()));
    }
    require_text(file.name(), as_text(content.input->peek(kHead)));
    texts.push_back(text_of(file, content));
  }
  return read_texts(std::move(texts), request);
}

Blocks internal::read_blocks(FileReader& file, const Request& request) {
  Content content = content_of(file, request);
  switch (content.format) {
    case Format::npy: return read_npy(std::move(content.input), request);
    case Format::idx: return read_idx(std::move(content.input), request);
    case Format::zip: return read_npz(file, request);
    case Format::hdf5: return read_hdf5(file, request);
    case Format::cache: return read_cache(file, request);
    case Format::picture: return read_picture(file, request);
    default: break;
  }
  require_text(file.name(), as_text(content.input->peek(kHead)));
  if (all_known(request)) return read_known_text(std::move(content.input), request);
  return read_texts({text_of(file, content)}, request);
}

bool internal::is_picture(FileReader& file) {
  const std::string_view head = as_text(file.peek(8));
  return is_png(head) || is_jpeg(head);
}

bool internal::names_input(const std::string& word) {
  std::error_code error;
  return is_standard_input(word) || (fs::exists(word, error) && !fs::is_directory(word, error));
}

}  // namespace strata
