#include <hdf5.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "decode.hpp"
#include "hdf5_input.hpp"
#include "lzf.hpp"

namespace strata::decode {
namespace {

constexpr std::size_t kReadTogether = std::size_t{4} << 20;
constexpr std::size_t kLongestName = 4096;
constexpr std::size_t kMostArrays = 1'000'000;
constexpr std::size_t kLongestText = std::size_t{16} << 20;

// Something of HDF5 that must be closed.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  Handle& operator=(Handle&&) = delete;
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

// The innermost line of HDF5's own explanation: the most particular one.
std::string hdf5_reason() {
  std::string reason;
  const auto collect = [](unsigned, const H5E_error2_t* error, void* into) -> herr_t {
    if (error->desc != nullptr) *static_cast<std::string*>(into) = error->desc;
    return 1;  // the first one will do
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, collect, &reason);
  for (char& c : reason) c = std::iscntrl(static_cast<unsigned char>(c)) != 0 ? ' ' : c;
  return reason.empty() ? "HDF5 gives no reason" : reason;
}

[[noreturn]] void fail(const std::string& what) { throw Failure(what + ": " + hdf5_reason()); }

Handle open_file() {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLset_loading_state(0);  // no filter from a library that lies about somewhere
  Handle opened(open_standard_input(), H5Fclose);
  if (opened < 0) fail("the HDF5 file cannot be opened, it is damaged or cut short");
  register_lzf();
  return opened;
}

enum class Kind { number, boolean, fixed_text, variable_text, refused };

struct Description {
  Kind kind = Kind::refused;
  std::string type;    // u1 … f8, b, S
  std::string reason;  // refused
  std::vector<std::size_t> dims;
  std::size_t item_bytes = 0;  // in memory
  std::size_t chunk_rows = 1;  // examples that are stored together
  bool is_of_matlab = false;
};

const char* class_name(H5T_class_t type) {
  switch (type) {
    case H5T_TIME: return "times";
    case H5T_BITFIELD: return "bit fields";
    case H5T_OPAQUE: return "opaque bytes";
    case H5T_COMPOUND: return "records of several named types";
    case H5T_REFERENCE: return "references to other objects";
    case H5T_VLEN: return "lists of varying length";
    case H5T_ARRAY: return "arrays in each element";
    default: return "an unknown type";
  }
}

// FALSE = 0 and TRUE = 1, as h5py writes truth values.
bool is_boolean(hid_t type) {
  if (H5Tget_nmembers(type) != 2 || H5Tget_size(type) != 1) return false;
  bool fits = true;
  for (unsigned i = 0; i < 2; ++i) {
    char* name = H5Tget_member_name(type, i);
    signed char value = -1;
    fits = fits && name != nullptr && H5Tget_member_value(type, i, &value) >= 0 &&
           std::strcmp(name, value == 0 ? "FALSE" : "TRUE") == 0 && (value == 0 || value == 1);
    if (name != nullptr) H5free_memory(name);
  }
  return fits;
}

void describe_type(hid_t type, Description& found) {
  const std::size_t size = H5Tget_size(type);
  switch (const H5T_class_t type_class = H5Tget_class(type)) {
    case H5T_INTEGER:
    case H5T_ENUM: {
      const Handle base(type_class == H5T_ENUM ? H5Tget_super(type) : H5Tcopy(type), H5Tclose);
      const bool is_signed = H5Tget_sign(base) == H5T_SGN_2;
      if (size > 8 || size == 0) {
        found.reason = "has integers of " + std::to_string(8 * size) + " bits; at most 64 can be read";
        return;
      }
      found.kind = Kind::number;
      found.item_bytes = size <= 2 ? size : size <= 4 ? 4 : 8;
      found.type = (is_signed ? "i" : "u") + std::to_string(found.item_bytes);
      if (type_class == H5T_ENUM && is_boolean(type)) {
        found.kind = Kind::boolean;
        found.type = "b";
      }
      return;
    }
    case H5T_FLOAT:
      if (size > 8) {
        found.reason = "has floating point numbers of " + std::to_string(8 * size) + " bits; at most 64 can be read";
        return;
      }
      found.kind = Kind::number;
      found.item_bytes = size <= 4 ? 4 : 8;
      found.type = "f" + std::to_string(found.item_bytes);
      return;
    case H5T_STRING: {
      const bool variable = H5Tis_variable_str(type) > 0;
      if (!variable && size > kLongestText) {
        found.reason = "has texts longer than 16 MiB";
        return;
      }
      found.kind = variable ? Kind::variable_text : Kind::fixed_text;
      found.item_bytes = variable ? sizeof(char*) : size;
      found.type = "S";
      return;
    }
    default: found.reason = std::string("holds ") + class_name(type_class) + "; numbers and text can be read";
  }
}

// Storage that leads out of the file, or needs a filter that is not here.
std::string why_not_stored_here(hid_t properties) {
  if (H5Pget_layout(properties) == H5D_VIRTUAL) return "is put together from other files, which are not followed";
  if (H5Pget_external_count(properties) > 0) return "keeps its numbers in another file, which is not followed";
  const int filters = H5Pget_nfilters(properties);
  for (int i = 0; i < filters; ++i) {
    unsigned flags = 0, config = 0;
    std::size_t values = 0;
    char name[64] = "";
    const H5Z_filter_t filter =
        H5Pget_filter2(properties, static_cast<unsigned>(i), &flags, &values, nullptr, sizeof name - 1, name, &config);
    if (filter < 0 || H5Zfilter_avail(filter) <= 0) {
      std::string shown;
      for (const char c : std::string(name)) shown += std::isprint(static_cast<unsigned char>(c)) != 0 ? c : '?';
      return "is compressed with the filter " + std::to_string(filter) + " (" + shown +
             "), which is not built in; write it uncompressed or with gzip";
    }
  }
  return "";
}

// A short text; nothing where there is none.
std::string attribute(hid_t object, const char* name) {
  if (H5Aexists(object, name) <= 0) return "";
  const Handle opened(H5Aopen(object, name, H5P_DEFAULT), H5Aclose);
  const Handle type(opened < 0 ? -1 : H5Aget_type(opened), H5Tclose);
  const Handle space(opened < 0 ? -1 : H5Aget_space(opened), H5Sclose);
  if (type < 0 || space < 0 || H5Tget_class(type) != H5T_STRING || H5Tis_variable_str(type) > 0) return "";
  char text[64] = "";
  if (H5Tget_size(type) >= sizeof text || H5Sget_simple_extent_npoints(space) != 1) return "";
  return H5Aread(opened, type, text) < 0 ? "" : std::string(text);
}

// MATLAB says what its arrays are.
void describe_matlab(hid_t array, Description& found) {
  const std::string of = attribute(array, "MATLAB_class");
  if (of.empty()) return;
  found.is_of_matlab = true;
  const auto refuse = [&](const std::string& reason) {
    found.kind = Kind::refused;
    found.reason = reason;
  };
  if (of == "char" || of == "cell")
    return refuse("is a " + of + " array of MATLAB; save labels as numbers, or the table as CSV (writetable)");
  if (found.kind == Kind::refused) return;
  if (H5Aexists(array, "MATLAB_empty") > 0) return refuse("is empty");
  if (of != "logical" || found.type != "u1") return;
  found.kind = Kind::boolean;
  found.type = "b";
}

Description describe(hid_t array, std::size_t file_bytes) {
  Description found;
  const Handle space(H5Dget_space(array), H5Sclose);
  const Handle type(H5Dget_type(array), H5Tclose);
  const Handle properties(H5Dget_create_plist(array), H5Pclose);
  const int rank = H5Sget_simple_extent_ndims(space);
  std::vector<hsize_t> dims(static_cast<std::size_t>(std::max(rank, 0)));
  if (space < 0 || type < 0 || properties < 0 || rank < 0 ||
      (rank > 0 && H5Sget_simple_extent_dims(space, dims.data(), nullptr) < 0))
    fail("an array of the HDF5 file is damaged");
  found.dims.assign(dims.begin(), dims.end());
  if (rank == 0) {
    found.reason = "is a single value, not a list of examples";
    return found;
  }
  found.reason = why_not_stored_here(properties);
  if (!found.reason.empty()) return found;
  describe_type(type, found);
  describe_matlab(array, found);
  if (found.kind == Kind::refused) return found;
  // A few bytes can claim any number of equal values. Gzip makes at most 1 byte of 1032.
  const std::size_t most =
      (file_bytes < (std::size_t{1} << 48) ? 2000 * file_bytes : file_bytes) + (std::size_t{16} << 20);
  std::size_t total = found.item_bytes;
  for (const std::size_t n : found.dims) {
    if (n != 0 && total > most / n) {
      found.kind = Kind::refused;
      found.reason = "claims more numbers than a file of " + std::to_string(file_bytes) + " bytes can hold";
      return found;
    }
    total *= n;
  }
  if (H5Pget_layout(properties) == H5D_CHUNKED) {
    std::vector<hsize_t> chunk(dims.size());
    if (H5Pget_chunk(properties, rank, chunk.data()) > 0) found.chunk_rows = std::max<hsize_t>(1, chunk.front());
  }
  return found;
}

enum class Found { array, table_of_pandas };

struct Visitor {
  std::function<void(const char* name, Found found)> visit;
  std::exception_ptr error = {};
  std::string table = {};  // the group of pandas that was met last, and a slash: what is inside comes next
};

herr_t on_object(hid_t file, const char* name, const H5O_info_t* info, void* data) {
  auto* visitor = static_cast<Visitor*>(data);
  try {
    if (!visitor->table.empty() && std::string_view(name).starts_with(visitor->table)) return 0;
    if (info->type == H5O_TYPE_GROUP && H5Aexists_by_name(file, name, "pandas_type", H5P_DEFAULT) > 0) {
      visitor->table = std::string(name) + "/";
      visitor->visit(name, Found::table_of_pandas);
    }
    if (info->type == H5O_TYPE_DATASET) visitor->visit(name, Found::array);
    return 0;
  } catch (...) {  // no exception may pass through the C library
    visitor->error = std::current_exception();
    return -1;
  }
}

// Every array and every table once, by a path of hard links: soft and external links are not followed.
void visit_arrays(hid_t file, std::function<void(const char* name, Found found)> visit) {
  Visitor visitor{.visit = std::move(visit)};
  const herr_t status = H5Ovisit(file, H5_INDEX_NAME, H5_ITER_INC, on_object, &visitor);
  if (visitor.error) std::rethrow_exception(visitor.error);
  if (status < 0) fail("the HDF5 file is damaged");
}

// Rows of an array, as many at a time as fit a piece: whole chunks, so that each is inflated once. Where a piece cannot
// be read, those of its chunks that can be come before the error.
template <class Use>
void read_rows(hid_t array, hid_t memory_type, const Description& found, const Use& use) {
  std::size_t row_items = 1;
  for (std::size_t d = 1; d < found.dims.size(); ++d) row_items *= found.dims[d];
  const std::size_t rows = found.dims.front();
  if (rows == 0 || row_items == 0) return;
  const std::size_t row_bytes = row_items * found.item_bytes;
  std::size_t step = std::max<std::size_t>(1, kReadTogether / row_bytes);
  step = std::min(rows, (step + found.chunk_rows - 1) / found.chunk_rows * found.chunk_rows);
  std::vector<char> piece(step * row_bytes);
  const Handle space(H5Dget_space(array), H5Sclose);
  for (std::size_t at = 0, count = 0; at < rows; at += count) {
    count = std::min(step, rows - at);
    std::vector<hsize_t> first(found.dims.size(), 0), extent(found.dims.begin(), found.dims.end());
    first.front() = at;
    extent.front() = count;
    const hsize_t items = count * row_items;
    const Handle memory(H5Screate_simple(1, &items, nullptr), H5Sclose);
    if (H5Sselect_hyperslab(space, H5S_SELECT_SET, first.data(), nullptr, extent.data(), nullptr) < 0 ||
        H5Dread(array, memory_type, memory, space, H5P_DEFAULT, piece.data()) < 0) {
      if (count <= found.chunk_rows) fail("the numbers of the HDF5 file cannot be read");
      step = found.chunk_rows;
      count = 0;
      continue;
    }
    use(piece, static_cast<std::size_t>(items), hid_t{memory});
  }
}

hid_t native_type(const std::string& type) {
  if (type == "u1") return H5T_NATIVE_UINT8;
  if (type == "i1" || type == "b") return H5T_NATIVE_INT8;
  if (type == "u2") return H5T_NATIVE_UINT16;
  if (type == "i2") return H5T_NATIVE_INT16;
  if (type == "u4") return H5T_NATIVE_UINT32;
  if (type == "i4") return H5T_NATIVE_INT32;
  if (type == "u8") return H5T_NATIVE_UINT64;
  if (type == "i8") return H5T_NATIVE_INT64;
  return type == "f4" ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
}

void write_text(const char* text, std::size_t length, Output& output) {
  if (length > kLongestText) throw Failure("a text is longer than 16 MiB");
  unsigned char digits[4];
  for (unsigned i = 0; i < 4; ++i) digits[i] = static_cast<unsigned char>(length >> (8U * i));
  output.write(digits, sizeof digits);
  output.write(text, length);
}

void read_texts(hid_t array, const Description& found, Output& output) {
  const Handle type(H5Dget_type(array), H5Tclose);  // in memory as in the file: pointers, or bytes with padding
  const H5T_str_t padding = H5Tget_strpad(type);
  read_rows(array, type, found, [&](std::vector<char>& piece, std::size_t items, hid_t memory) {
    for (std::size_t i = 0; i < items; ++i) {
      if (found.kind == Kind::variable_text) {
        const char* text = nullptr;
        std::memcpy(static_cast<void*>(&text), piece.data() + i * sizeof text, sizeof text);
        write_text(text == nullptr ? "" : text, text == nullptr ? 0 : std::strlen(text), output);
        continue;
      }
      const char* text = piece.data() + i * found.item_bytes;
      std::size_t length = padding == H5T_STR_NULLTERM ? strnlen(text, found.item_bytes) : found.item_bytes;
      const char filler = padding == H5T_STR_SPACEPAD ? ' ' : '\0';
      while (length > 0 && text[length - 1] == filler) --length;
      write_text(text, length, output);
    }
    if (found.kind == Kind::variable_text) H5Dvlen_reclaim(type, memory, H5P_DEFAULT, piece.data());
  });
}

// What MATLAB keeps for itself: the elements of cell arrays, and objects.
bool is_of_matlab_itself(std::string_view name) {
  return name.starts_with("#refs#/") || name.starts_with("#subsystem#/");
}

}  // namespace

void list_hdf5(Output& output) {
  const std::size_t bytes = file_size();
  const Handle opened = open_file();
  std::size_t count = 0;
  visit_arrays(opened, [&](const char* name, Found what) {
    if (++count > kMostArrays) throw Failure("the HDF5 file has more than 1,000,000 arrays");
    const std::string text = name;
    const bool awkward =
        std::ranges::any_of(text, [](char c) { return std::iscntrl(static_cast<unsigned char>(c)) != 0; });
    if (awkward || text.size() > kLongestName || is_of_matlab_itself(text)) return;
    if (what == Found::table_of_pandas) {
      return output.write(
          "?\tis a table of pandas (to_hdf); convert it first: python3 -c \"import pandas; "
          "pandas.read_hdf('FILE', '" +
          text + "').to_csv('NEW.csv', index=False)\"\t" + text + "\n");
    }
    const Handle array(H5Dopen2(opened, name, H5P_DEFAULT), H5Dclose);
    if (array < 0) fail("the array '" + text + "' of the HDF5 file is damaged");
    const Description found = describe(array, bytes);
    std::string line =
        found.kind == Kind::refused ? "?\t" + found.reason : found.type + (found.is_of_matlab ? "T\t" : "\t");
    if (found.kind != Kind::refused) {
      for (std::size_t d = 0; d < found.dims.size(); ++d) line += (d > 0 ? "," : "") + std::to_string(found.dims[d]);
    }
    output.write(line + "\t" + text + "\n");
  });
}

void read_hdf5(const std::string& name, Output& output) {
  const std::size_t bytes = file_size();
  const Handle opened = open_file();
  bool exists = false;
  visit_arrays(opened,
               [&](const char* found, Found what) { exists = exists || (what == Found::array && name == found); });
  if (!exists) throw Failure("the HDF5 file has no array '" + name + "'");
  const Handle array(H5Dopen2(opened, name.c_str(), H5P_DEFAULT), H5Dclose);
  if (array < 0) fail("the array '" + name + "' of the HDF5 file is damaged");
  const Description found = describe(array, bytes);
  if (found.kind == Kind::refused) throw Failure("'" + name + "' " + found.reason);
  if (found.type == "S") return read_texts(array, found, output);
  output.write(npy_header(found.kind == Kind::boolean ? "b1" : found.type, found.dims));
  read_rows(array, native_type(found.type), found, [&](std::vector<char>& piece, std::size_t items, hid_t) {
    output.write(piece.data(), items * found.item_bytes);
    output.flush();
  });
}

}  // namespace strata::decode
