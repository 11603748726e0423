// The formats that a table can be read from. Every reader gets the choice of the caller and gives the rows in blocks.
#pragma once

#include <exception>
#include <filesystem>
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
#include "strata/data.hpp"
#include "strata/options.hpp"

namespace strata::internal {

/// A column of a text whose type is known.
struct KnownColumn {
  std::string name;
  ColumnType type = ColumnType::number;
  std::string written;  // as Field::written
};

/// What the caller of read_table asked for.
struct Request {
  const FieldChooser& choose;
  std::span<const std::string> text = {};  // columns of words, whatever these are
  std::filesystem::path spill = {};        // where the numbers are kept while memory is to be spared; empty: in memory
  ReadingOptions reading = {};             // of a text
  // Where it is known what the columns of a text are: told when the fields are chosen; one that is not named is of
  // plain numbers. Null: all cells are looked at first.
  const std::vector<KnownColumn>* known = nullptr;
  bool takes_headerless = false;  // a text whose first line looks like a row is read as such; else it is an error
  TextReport* report = nullptr;   // gets what a text is like when the fields are chosen, the counts with every block
};

/// How the sheets of a workbook become tables.
inline constexpr char kOfWorkbook[] = "convert a sheet of it first: libreoffice --headless --convert-to csv FILE";

/// An array that a file has but that cannot be a field, and why.
struct RefusedArray {
  std::string name;
  std::string reason;
};

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

struct TextSurvey;
/// `survey`: of the same text, where the types are not known.
[[nodiscard]] Blocks read_csv(std::unique_ptr<Input> input, const Request& request, const TextSurvey* survey);
[[nodiscard]] Blocks read_npy(std::unique_ptr<Input> input, const Request& request);
[[nodiscard]] Blocks read_npz(FileReader& file, const Request& request);
[[nodiscard]] Blocks read_idx(std::unique_ptr<Input> input, const Request& request);
[[nodiscard]] Blocks read_hdf5(FileReader& file, const Request& request);
[[nodiscard]] Blocks read_cache(FileReader& file, const Request& request);
[[nodiscard]] Blocks read_picture(FileReader& file, const Request& request);

/// What is open, from its beginning, or where it is not seekable and has not been read yet. Borrows the file. The
/// fields are chosen before it returns.
[[nodiscard]] Blocks read_blocks(FileReader& file, const Request& request);
/// All blocks as one.
[[nodiscard]] Table read_table(FileReader& file, const Request& request);
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
/// Can the word be the name of something to read: standard input, or what is there and is no folder?
[[nodiscard]] bool names_input(const std::string& word);

}  // namespace strata::internal
