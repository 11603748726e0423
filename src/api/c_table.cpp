// Tables: read from files, or made from memory of the caller's.
#include <filesystem>

#include "api/c_handles.hpp"
#include "strata/json.hpp"

using namespace strata;
using namespace strata::internal;

namespace {

// Lets go of memory of the caller's once nobody holds it any more, whatever happens before.
class Keeper {
 public:
  explicit Keeper(const strata_numbers* numbers) {
    if (numbers != nullptr && numbers->release != nullptr)
      held_ = std::shared_ptr<void>(numbers->context, numbers->release);
  }
  /// For one field of them.
  [[nodiscard]] std::function<void()> release() const {
    return [held = held_]() mutable { held.reset(); };
  }

 private:
  std::shared_ptr<void> held_;
};

NumberType type_of(int type) {
  if (type < STRATA_U8 || type > STRATA_F64)
    throw Error(ErrorCode::usage, "type: expected STRATA_U8 to STRATA_F64, found " + std::to_string(type));
  return static_cast<NumberType>(type);
}
static_assert(static_cast<int>(NumberType::u8) == STRATA_U8 && static_cast<int>(NumberType::f64) == STRATA_F64);

std::vector<std::size_t> shape_of(const strata_numbers& numbers) {
  if (numbers.dimensions == 0) return {};
  const std::size_t* shape = &required(numbers.shape, "shape");
  return {shape, shape + numbers.dimensions};
}

}  // namespace

namespace strata::internal {

Table table_to_train_on(const strata_table& table, const Options& options, const Callbacks& told) {
  if (!table.is_frame) return table.table;
  std::vector<std::string> notes;
  Table read = judged(table.table, options, &notes);
  for (const std::string& note : notes)
    if (told.note) told.note(note);
  return read;
}

Table table_for(const Model& model, const strata_table& table, bool with_target) {
  return table.is_frame ? read_for(model, table.table, with_target) : table.table;
}

}  // namespace strata::internal

extern "C" {

strata_status strata_table_new(const char* name, strata_table** table) {
  return answered(__func__, [&] {
    required(table, "table");
    give(table, name == nullptr ? Table() : Table::named(name));
  });
}

strata_status strata_table_read(const char* const* files, size_t count, const strata_options* options,
                                strata_table** table) {
  return answered(__func__, [&] {
    required(table, "table");
    const std::vector<std::string> names = texts_of(files, count, "files");
    const std::vector<std::filesystem::path> paths(names.begin(), names.end());
    const Options reading = options == nullptr ? Options() : options->options();
    give(table, read_table(paths, {}, static_cast<const ReadingOptions&>(reading)));
  });
}

strata_status strata_table_new_frame(const char* name, strata_table** table) {
  return answered(__func__, [&] {
    required(table, "table");
    give(table, Table::named(name == nullptr ? "the frame" : name), true);
  });
}

strata_status strata_table_add_arrow(strata_table* table, struct ArrowArrayStream* stream) {
  return answered(__func__, [&] {
    ArrowArrayStream& from = required(stream, "stream");
    Table read = read_arrow(from, table == nullptr ? std::string() : table->table.source());
    strata_table& to = required(table, "table");
    Table all = to.table;
    all.append(std::move(read));
    to.table = std::move(all);
  });
}

strata_status strata_table_from_arrow(const char* name, struct ArrowArrayStream* stream, strata_table** table) {
  return answered(__func__, [&] {
    ArrowArrayStream& from = required(stream, "stream");
    Table read = name == nullptr ? read_arrow(from) : read_arrow(from, name);
    required(table, "table");
    give(table, std::move(read), true);
  });
}

void strata_table_free(strata_table* table) { delete table; }

size_t strata_table_rows(const strata_table* table) { return table == nullptr ? 0 : table->table.rows(); }

strata_status strata_table_add_numbers(strata_table* table, const char* name, const strata_numbers* numbers) {
  return answered(__func__, [&] {
    const Keeper keeper(numbers);
    const strata_numbers& from = required(numbers, "numbers");
    required(table, "table")
        .table.add_borrowed(required_text(name, "name"), {.data = from.data,
                                                          .type = type_of(from.type),
                                                          .rows = from.rows,
                                                          .shape = shape_of(from),
                                                          .stride = from.stride,
                                                          .release = keeper.release()});
  });
}

strata_status strata_table_add_columns(strata_table* table, const char* const* names, size_t columns,
                                       const strata_numbers* numbers, ptrdiff_t column_stride) {
  return answered(__func__, [&] {
    const Keeper keeper(numbers);
    const strata_numbers& from = required(numbers, "numbers");
    Table& to = required(table, "table").table;
    if (from.dimensions != 0)
      throw Error(ErrorCode::usage, "dimensions: expected 0, for each column is one number a row, found " +
                                        std::to_string(from.dimensions));
    Table all = to;
    const auto* const first = static_cast<const std::byte*>(from.data);
    std::size_t j = 0;
    for (std::string& name : texts_of(names, columns, "names"))
      all.add_borrowed(std::move(name),
                       {.data = first == nullptr ? nullptr : first + static_cast<std::ptrdiff_t>(j++) * column_stride,
                        .type = type_of(from.type),
                        .rows = from.rows,
                        .stride = from.stride,
                        .release = keeper.release()});
    to = std::move(all);
  });
}

strata_status strata_table_add_texts(strata_table* table, const char* name, const char* const* values, size_t rows) {
  return answered(__func__, [&] {
    std::vector<std::string> texts(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      const char* const text = (&required(values, "values"))[i];
      if (text != nullptr) texts[i] = text;
    }
    required(table, "table").table.add_text(required_text(name, "name"), texts);
  });
}

strata_status strata_table_describe(const strata_table* table, const char* target, strata_bytes** json) {
  return answered(__func__, [&] {
    required(json, "json");
    Options options;
    if (target != nullptr) options.target = {target};
    give(json,
         to_json(describe(table_to_train_on(required(table, "table"), options), target == nullptr ? "" : target)));
  });
}

}  // extern "C"
