// Tables from memory in the form of the Arrow C data interface.
#include <fmt/format.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/checked.hpp"
#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "data/array.hpp"
#include "data/arrow_column.hpp"
#include "data/table_storage.hpp"
#include "strata/arrow.h"
#include "strata/data.hpp"
#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

[[noreturn]] void refuse_frame(const std::string& source, const std::string& what) {
  throw Error(ErrorCode::format, fmt::format("{}: {}", source, what));
}

// A table is a struct array, whose children are the columns.
void require_struct(const std::string& source, const ArrowSchema& schema) {
  if (schema.format == nullptr) refuse_frame(source, "its format is a null pointer");
  if (std::string_view(schema.format) != "+s")
    throw Error(ErrorCode::usage, fmt::format("{}: expected a table, which Arrow's format '+s' is, found {}", source,
                                              in_quotes(schema.format)));
  if (schema.n_children < 0) refuse_frame(source, fmt::format("it has {} columns", schema.n_children));
  if (schema.n_children > 0 && schema.children == nullptr) refuse_frame(source, "its columns are a null pointer");
  if (schema.n_children == 0) throw Error(ErrorCode::value, fmt::format("{} has no columns", source));
}

void require_columns(const std::string& source, const ArrowSchema& schema, const ArrowArray& array) {
  if (array.n_children != schema.n_children || array.children == nullptr)
    refuse_frame(source, fmt::format("its schema has {} columns, and its array {}", schema.n_children,
                                     array.children == nullptr ? 0 : array.n_children));
  const auto rows = items_of(array, source), first = static_cast<std::size_t>(array.offset);
  if (array.n_buffers < 1 || array.buffers == nullptr || array.buffers[0] == nullptr) return;
  for (std::size_t i = 0; i < rows; ++i)
    if (!bit_of(array.buffers[0], first + i))
      refuse_frame(source, fmt::format("row {} of a chunk is null as a whole", i));
}

Table frame_of(const std::string& given, const ArrowSchema& schema, std::span<const ArrowChunk> chunks) {
  const std::string source = printable(given);
  require_struct(source, schema);
  std::size_t rows = 0;
  for (const ArrowChunk& chunk : chunks) {
    require_columns(source, schema, *chunk);
    rows = checked_add(rows, static_cast<std::size_t>(chunk->length), "the rows of a table");
  }
  if (rows == 0) throw Error(ErrorCode::value, fmt::format("{} has no rows", source));
  Table table = table_from(source);
  for (std::int64_t c = 0; c < schema.n_children; ++c) {
    const ArrowSchema* const of = schema.children[c];
    if (of == nullptr) refuse_frame(source, fmt::format("the schema of column {} is a null pointer", c + 1));
    const std::string name = of->name == nullptr ? "" : of->name;
    const auto fail = [&](const std::string& what) { refuse_arrow_column(source, name, what); };
    if (!is_utf8(name)) fail("its name is no UTF-8");
    if (table.find(name) != nullptr)
      throw Error(ErrorCode::usage, fmt::format("{} has two columns named {}", source, in_quotes(name)));
    std::vector<ArrowPart> parts;
    std::size_t row = 0;
    for (const ArrowChunk& chunk : chunks) {
      const auto count = static_cast<std::size_t>(chunk->length), skipped = static_cast<std::size_t>(chunk->offset);
      const ArrowArray* const array = chunk->children[c];
      if (array == nullptr) fail("its array is a null pointer");
      if (items_of(*array, fmt::format("{}: column {}", source, in_quotes(name))) < skipped + count)
        fail(fmt::format("it has {} rows, and the table has {}", array->length, skipped + count));
      if (count > 0)
        parts.push_back({.array = array,
                         .first = static_cast<std::size_t>(array->offset) + skipped,
                         .rows = count,
                         .row = row,
                         .chunk = &chunk});
      row += count;
    }
    ArrowColumn column = read_arrow_column(source, name, *of, std::move(parts));
    table.storage().add_array(std::move(column.field), std::move(column.block), 0);
    table.storage().places.back().of_integers = column.of_integers;
  }
  return table;
}

// What the stream says of its last error.
[[noreturn]] void refuse_stream(const std::string& name, ArrowArrayStream& stream, int code) {
  const char* const said = stream.get_last_error == nullptr ? nullptr : stream.get_last_error(&stream);
  throw Error(ErrorCode::io, fmt::format("{}: the stream fails: {}", printable(name),
                                         said != nullptr ? printable(said) : std::generic_category().message(code)));
}

void require_unreleased(const std::string& name, bool is_there) {
  if (!is_there)
    throw Error(ErrorCode::usage,
                fmt::format("{}: it was released, or read, before; an Arrow struct can be read once", printable(name)));
}

constexpr const char* kFrame = "to read this frame";

}  // namespace

Table read_arrow(ArrowArrayStream& given, const std::string& name) {
  Taken<ArrowArrayStream> stream(given);
  return only_errors(kFrame, [&] {
    require_unreleased(name, stream.release != nullptr);
    if (stream.get_schema == nullptr || stream.get_next == nullptr)
      refuse_frame(printable(name), "a function of the stream is a null pointer");
    Taken<ArrowSchema> schema;
    if (const int code = stream.get_schema(&stream, &schema)) refuse_stream(name, stream, code);
    require_unreleased(name, schema.release != nullptr);
    std::vector<ArrowChunk> chunks;
    while (true) {
      const auto chunk = std::make_shared<Taken<ArrowArray>>();
      if (const int code = stream.get_next(&stream, chunk.get())) {
        chunk->release = nullptr;  // what it is then, nobody says
        refuse_stream(name, stream, code);
      }
      if (chunk->release == nullptr) break;
      chunks.push_back(chunk);
    }
    return frame_of(name, schema, chunks);
  });
}

Table read_arrow(ArrowSchema& given_schema, ArrowArray& given_array, const std::string& name) {
  const Taken<ArrowSchema> schema(given_schema);
  Taken<ArrowArray> array(given_array);
  return only_errors(kFrame, [&] {
    require_unreleased(name, schema.release != nullptr && array.release != nullptr);
    const ArrowChunk chunk = std::make_shared<const Taken<ArrowArray>>(static_cast<ArrowArray&>(array));
    return frame_of(name, schema, std::span(&chunk, 1));
  });
}

}  // namespace strata
