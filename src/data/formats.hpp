// The formats that a table can be read from. Every reader gets the choice of the caller and gives the rows in blocks.
#pragma once

#include <exception>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/file_reader.hpp"
#include "data/byte_source.hpp"
#include "data/dialect.hpp"
#include "data/table_storage.hpp"
#include "strata/data.hpp"
#include "strata/options.hpp"

namespace strata::internal {

/// A column of a text whose type is known.
struct KnownColumn {
  std::string name;
  ColumnType type = ColumnType::number;
  std::string written;  // as Field::written
  // To be predicted. In words only the empty cell and the words of the user are missing; numbers may be yes and no.
  bool is_label = false;
};

/// Columns of a text whose cells are handed on as they are spelled, whatever else is read of them.
struct KeptCells {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> cells;   // of each, of the rows of the last block
  std::vector<std::vector<BadCell>> words = {};  // of each of a cache: those of the last block in a column of numbers
};

/// What the caller of read_table asked for.
struct Request {
  const FieldChooser& choose;
  std::filesystem::path spill = {};  // where the numbers are kept while memory is to be spared; empty: in memory
  ReadingOptions reading = {};       // of a text
  // Where its types are not known: which columns are to be predicted. In words of these only the empty cell and the
  // words of the user are missing.
  FieldChooser labels = {};
  bool labels_are_classes = false;  // and may be words, most of which look like numbers
  std::string numbers = {};         // a column that holds numbers, whatever it seems to be; empty: none is known
  // Where it is known what the columns of a text are: told when the fields are chosen; one that is not named is of
  // plain numbers. Null: all cells are looked at first.
  const std::vector<KnownColumn>* known = nullptr;
  bool judges_others = false;     // columns that are not known are judged, too, by all of their cells
  bool takes_headerless = false;  // a text whose first line looks like a row is read as such; else it is an error
  // Fields whose cells nobody looks at, where these would have to be read for it: they are there, and hold nothing.
  std::function<bool(const Field& field)> without_cells = {};
  int threads = 0;               // that read a text; see chosen_threads
  TextReport* report = nullptr;  // gets what the file is like before the fields are chosen, the counts with every block
  std::span<const std::string> expected = {};  // as DialectWishes::expected
  KeptCells* kept = nullptr;  // of a text of known columns; its names are set when the fields are chosen
};

/// Does it take one way through a text, in a stream?
[[nodiscard]] inline bool all_known(const Request& request) noexcept {
  return request.known != nullptr && !request.judges_others;
}
/// What is known of the column; null: nothing.
[[nodiscard]] const KnownColumn* known_column(const Request& request, const std::string& name);
/// Is the field read for its spelling alone?
[[nodiscard]] bool is_only_kept(const Request& request, const std::string& name);

/// How the sheets of a workbook become tables.
inline constexpr char kOfWorkbook[] = "convert a sheet of it first: libreoffice --headless --convert-to csv FILE";

/// An array that a file has but that cannot be a field, and why.
struct RefusedArray {
  std::string name;
  std::string reason;
};

/// "'X' is compressed with …; 'name' is a single value, not a list of examples", shortened.
[[nodiscard]] std::string reasons_of(std::span<const RefusedArray> refused);

inline constexpr std::size_t kAllRows = std::numeric_limits<std::size_t>::max();

/// A table while it is read.
class TableBlocks {
 public:
  virtual ~TableBlocks() = default;
  /// The next rows: at most so many, at least one, or all that are left where the format cannot be read in parts.
  /// Nothing behind the last. Every row is read once; what does not fit into the file's end is found there. The rows
  /// before a fault come first, and the next call throws it; who wants kAllRows gets all, or the fault.
  [[nodiscard]] std::optional<Table> next(std::size_t most) {
    std::optional<Table> table = fault_ ? std::nullopt : read(most);
    if (fault_ && (!table || most == kAllRows)) std::rethrow_exception(fault_);
    return table;
  }

 protected:
  /// The next call throws it: what read gives now is what was before it.
  void keep_fault(std::exception_ptr fault) noexcept { fault_ = std::move(fault); }

 private:
  virtual std::optional<Table> read(std::size_t most) = 0;

  std::exception_ptr fault_;
};
using Blocks = std::unique_ptr<TableBlocks>;

/// A text that can be read as often as one likes, from its beginning, by one at a time.
struct TextInput {
  std::string name;
  std::function<std::unique_ptr<Input>()> open;
  std::function<void()> require_unchanged;  // throws Error(io) where it is not the text any more that it was at first
};

/// Of known columns, in a stream.
[[nodiscard]] Blocks read_known_text(std::unique_ptr<Input> input, const Request& request);
/// One table of all of them, whose columns are judged first.
[[nodiscard]] Blocks read_texts(std::vector<TextInput> texts, const Request& request);
[[nodiscard]] Blocks read_npy(std::unique_ptr<Input> input, const Request& request);
[[nodiscard]] Blocks read_npz(FileReader& file, const Request& request);
[[nodiscard]] Blocks read_idx(std::unique_ptr<Input> input, const Request& request);
[[nodiscard]] Blocks read_hdf5(FileReader& file, const Request& request);
[[nodiscard]] Blocks read_cache(FileReader& file, const Request& request);
[[nodiscard]] Blocks read_picture(FileReader& file, const Request& request);

/// What is open, from its beginning, or where it is not seekable and has not been read yet. Borrows the file. The
/// fields are chosen before it returns.
[[nodiscard]] Blocks read_blocks(FileReader& file, const Request& request);
/// The texts that several files hold are one table, whose columns are not all known. Error(usage) where one is none.
[[nodiscard]] Blocks read_blocks(std::span<FileReader> files, const Request& request);
/// All blocks as one.
[[nodiscard]] Table read_table(FileReader& file, const Request& request);
[[nodiscard]] Table read_table(std::span<FileReader> files, const Request& request);
/// strata::read_image, of what is open and not read yet.
[[nodiscard]] std::vector<double> read_image(FileReader& file, std::span<const std::size_t> shape);
/// Does it begin as a PNG or JPEG file does? Nothing is read.
[[nodiscard]] bool is_picture(FileReader& file);

/// Which of the available fields to read, in the order of the answer. Without a chooser: all.
/// Throws Error(usage) for a name that is not there, Error(unsupported) for one that was refused.
[[nodiscard]] std::vector<std::size_t> chosen_fields(const std::string& source, std::span<const Field> available,
                                                     const FieldChooser& choose,
                                                     std::span<const RefusedArray> refused = {});

/// Throws Error(shape) unless all chosen fields have as many examples.
void require_equal_rows(const std::string& source, std::span<const Field> available,
                        std::span<const std::size_t> chosen);

/// Opens a file, or says what is wrong with its name.
[[nodiscard]] FileReader open_data(const std::filesystem::path& file);
[[nodiscard]] std::vector<FileReader> open_data(std::span<const std::filesystem::path> files);
/// Can the word be the name of something to read: standard input, or what is there and is no folder?
[[nodiscard]] bool names_input(const std::string& word);

}  // namespace strata::internal
