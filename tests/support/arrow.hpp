// Tables in the form of the Arrow C data interface, built by hand, so that tests can make them as wrong as they like.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "strata/arrow.h"
#include "strata/data.hpp"

namespace strata::testing {

/// No value: a null.
template <class T>
using ArrowCells = std::vector<std::optional<T>>;

/// A column, or a dictionary. What it has of buffers it keeps.
struct ArrowNode {
  std::string format, name;
  std::vector<std::vector<std::uint64_t>> buffers = {};
  std::vector<const void*> pointers = {};
  std::unique_ptr<ArrowNode> dictionary = {};
  ArrowSchema schema = {};
  ArrowArray array = {};

  template <class T>
  void add_buffer(const std::vector<T>& values) {
    std::vector<std::uint64_t>& words = buffers.emplace_back(values.size() * sizeof(T) / 8 + 2);
    if (!values.empty()) std::memcpy(words.data(), values.data(), values.size() * sizeof(T));
    pointers.push_back(words.data());
  }
  template <class T>
  void add_nulls(const ArrowCells<T>& cells) {
    std::vector<std::uint8_t> bits(cells.size() / 8 + 1);
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (cells[i]) bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | 1U << i % 8);
      array.null_count += cells[i] ? 0 : 1;
    }
    add_buffer(bits);
    if (array.null_count == 0) pointers.back() = nullptr;
  }
  void finish(std::size_t rows) {
    array.length = static_cast<std::int64_t>(rows);
    array.n_buffers = static_cast<std::int64_t>(pointers.size());
    array.buffers = pointers.data();
    schema.format = format.c_str();
    schema.name = name.c_str();
    schema.flags = ARROW_FLAG_NULLABLE;
    if (dictionary) schema.dictionary = &dictionary->schema, array.dictionary = &dictionary->array;
  }
};
using ArrowColumnNode = std::unique_ptr<ArrowNode>;

inline ArrowColumnNode arrow_node(std::string name, std::string format) {
  auto node = std::make_unique<ArrowNode>();
  node->format = std::move(format);
  node->name = std::move(name);
  return node;
}

/// What stands where a null is must not matter.
template <class T>
ArrowColumnNode arrow_numbers(std::string name, std::string format, const ArrowCells<T>& cells) {
  ArrowColumnNode node = arrow_node(std::move(name), std::move(format));
  node->add_nulls(cells);
  std::vector<T> values;
  for (const std::optional<T>& cell : cells) values.push_back(cell.value_or(static_cast<T>(119)));
  node->add_buffer(values);
  node->finish(cells.size());
  return node;
}

inline ArrowColumnNode arrow_bools(std::string name, const ArrowCells<bool>& cells) {
  ArrowColumnNode node = arrow_node(std::move(name), "b");
  node->add_nulls(cells);
  std::vector<std::uint8_t> bits(cells.size() / 8 + 1);
  for (std::size_t i = 0; i < cells.size(); ++i)
    if (cells[i].value_or(true)) bits[i / 8] = static_cast<std::uint8_t>(bits[i / 8] | 1U << i % 8);
  node->add_buffer(bits);
  node->finish(cells.size());
  return node;
}

template <class Offset>
void add_arrow_texts(ArrowNode& node, const ArrowCells<std::string>& cells) {
  std::vector<Offset> offsets{0};
  std::vector<char> bytes;
  for (const std::optional<std::string>& cell : cells) {
    const std::string text = cell.value_or("null");
    bytes.insert(bytes.end(), text.begin(), text.end());
    offsets.push_back(static_cast<Offset>(bytes.size()));
  }
  node.add_buffer(offsets);
  node.add_buffer(bytes);
}

struct ArrowView {
  std::int32_t size = 0;
  char begins[4] = {};
  std::int32_t buffer = 0, offset = 0;
};

/// Texts of more than 12 bytes take turns in two buffers.
inline void add_arrow_views(ArrowNode& node, const ArrowCells<std::string>& cells) {
  std::vector<ArrowView> views;
  std::vector<char> bytes[2];
  for (const std::optional<std::string>& cell : cells) {
    const std::string text = cell.value_or("null");
    ArrowView& view = views.emplace_back();
    view.size = static_cast<std::int32_t>(text.size());
    if (text.size() <= 12) {
      std::memcpy(reinterpret_cast<char*>(&view) + 4, text.data(), text.size());
      continue;
    }
    view.buffer = static_cast<std::int32_t>(views.size() % 2);
    std::vector<char>& to = bytes[view.buffer];
    view.offset = static_cast<std::int32_t>(to.size());
    std::memcpy(view.begins, text.data(), 4);
    to.insert(to.end(), text.begin(), text.end());
  }
  node.add_buffer(views);
  for (const std::vector<char>& each : bytes) node.add_buffer(each);
  node.add_buffer(std::vector<std::int64_t>{std::ssize(bytes[0]), std::ssize(bytes[1])});
}

/// `format`: u, U or vu.
inline ArrowColumnNode arrow_texts(std::string name, const std::string& format, const ArrowCells<std::string>& cells) {
  ArrowColumnNode node = arrow_node(std::move(name), format);
  node->add_nulls(cells);
  if (format == "u") add_arrow_texts<std::int32_t>(*node, cells);
  if (format == "U") add_arrow_texts<std::int64_t>(*node, cells);
  if (format == "vu") add_arrow_views(*node, cells);
  node->finish(cells.size());
  return node;
}

template <class T>
ArrowColumnNode arrow_dictionary(std::string name, std::string format, const ArrowCells<T>& indices,
                                 ArrowColumnNode values) {
  ArrowColumnNode node = arrow_numbers<T>(std::move(name), std::move(format), indices);
  node->dictionary = std::move(values);
  node->finish(indices.size());
  return node;
}

/// A struct array of these columns, which counts how often it is released. It outlives what is read from it.
class ArrowTable {
 public:
  ArrowTable() = default;
  ArrowTable(const ArrowTable&) = delete;
  ArrowTable& operator=(const ArrowTable&) = delete;

  ArrowNode& add(ArrowColumnNode node) {
    nodes_.push_back(std::move(node));
    return *nodes_.back();
  }
  [[nodiscard]] ArrowNode& operator[](std::size_t i) { return *nodes_[i]; }

  /// Fills in the structs, which may then be changed.
  void prepare() {
    schemas_.clear();
    arrays_.clear();
    for (const ArrowColumnNode& node : nodes_) {
      schemas_.push_back(&node->schema);
      arrays_.push_back(&node->array);
    }
    schema = {};
    schema.format = "+s";
    schema.name = "";
    schema.n_children = std::ssize(nodes_);
    schema.children = schemas_.data();
    schema.private_data = this;
    schema.release = [](ArrowSchema* of) {
      ++static_cast<ArrowTable*>(of->private_data)->schemas_released;
      of->release = nullptr;
    };
    array = {};
    array.length = nodes_.empty() ? 0 : nodes_.front()->array.length;
    array.n_buffers = 1;
    array.buffers = no_nulls_;
    array.n_children = std::ssize(nodes_);
    array.children = arrays_.data();
    array.private_data = this;
    array.release = [](ArrowArray* of) {
      ++static_cast<ArrowTable*>(of->private_data)->arrays_released;
      of->release = nullptr;
    };
  }
  [[nodiscard]] Table read(const std::string& name = "the frame") {
    prepare();
    return read_arrow(schema, array, name);
  }

  ArrowSchema schema = {};
  ArrowArray array = {};
  int schemas_released = 0, arrays_released = 0;

 private:
  std::vector<ArrowColumnNode> nodes_;
  std::vector<ArrowSchema*> schemas_;
  std::vector<ArrowArray*> arrays_;
  const void* no_nulls_[1] = {nullptr};
};

/// The tables one after the other, with the schema of the first; they outlive it.
struct ArrowStream {
  explicit ArrowStream(std::vector<ArrowTable*> of) : chunks(std::move(of)) {
    for (ArrowTable* each : chunks) each->prepare();
    stream.private_data = this;
    stream.get_schema = [](ArrowArrayStream* given, ArrowSchema* out) {
      const ArrowStream& self = *static_cast<ArrowStream*>(given->private_data);
      if (self.fails_at == 0) return 5;
      *out = self.chunks.front()->schema;
      return 0;
    };
    stream.get_next = [](ArrowArrayStream* given, ArrowArray* out) {
      ArrowStream& self = *static_cast<ArrowStream*>(given->private_data);
      const std::size_t chunk = self.next++;
      *out = chunk < self.chunks.size() ? self.chunks[chunk]->array : ArrowArray{};
      return static_cast<int>(chunk) + 1 == self.fails_at ? 5 : 0;  // what an error leaves there is nobody's
    };
    stream.get_last_error = [](ArrowArrayStream* given) {
      return static_cast<ArrowStream*>(given->private_data)->error;
    };
    stream.release = [](ArrowArrayStream* given) {
      ++static_cast<ArrowStream*>(given->private_data)->released;
      given->release = nullptr;
    };
  }
  ArrowStream(const ArrowStream&) = delete;
  ArrowStream& operator=(const ArrowStream&) = delete;

  std::vector<ArrowTable*> chunks;
  ArrowArrayStream stream = {};
  const char* error = nullptr;
  int fails_at = -1;  // 0: the schema; 1: the first chunk
  int released = 0;
  std::size_t next = 0;
};

}  // namespace strata::testing
