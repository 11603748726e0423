// The formats that a table can be read from. Every reader gets the choice of the caller and gives a whole table.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "data/byte_source.hpp"
#include "strata/data.hpp"

namespace strata {

/// What the caller of read_table asked for.
struct Request {
  const FieldChooser& choose;
  std::span<const std::string> text;
  std::filesystem::path spill = {};  // where the numbers are kept while memory is to be spared; empty: in memory
};

/// An array that a file has but that cannot be a field, and why.
struct RefusedArray {
  std::string name;
  std::string reason;
};

[[nodiscard]] Table read_csv(Input& input, const Request& request);
[[nodiscard]] Table read_npy(Input& input, const Request& request);
[[nodiscard]] Table read_npz(FileReader file, const std::string& name, const Request& request);
[[nodiscard]] Table read_idx(Input& input, const Request& request);
[[nodiscard]] Table read_hdf5(const std::filesystem::path& file, const std::string& name, const Request& request);
[[nodiscard]] Table read_cache(const std::filesystem::path& file, const std::string& name, const Request& request);
[[nodiscard]] Table read_picture(const std::filesystem::path& file, const std::string& name, const Request& request);

/// read_table, for a table that may be larger than memory: the numbers go to files without names in `spill`.
[[nodiscard]] Table read_table_in(const std::filesystem::path& spill, const std::filesystem::path& file,
                                  const FieldChooser& choose, std::span<const std::string> text = {});

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

}  // namespace strata
