// CSV: a table or an error, the same however the bytes arrive, and the same in two looks as where its types are known.
#include "fuzz/parsers.hpp"

namespace strata::fuzz {
namespace {

// As a model reads what `table` was read from.
std::vector<KnownColumn> known_from(const Table& table) {
  std::vector<KnownColumn> known;
  for (const Field& field : table.fields()) {
    const ColumnType type = field.is_text()                  ? ColumnType::category
                            : field.type == ColumnType::date ? ColumnType::date
                                                             : ColumnType::number;
    known.push_back({field.name, type, field.written});
  }
  return known;
}

void read_csv_in_two_looks(Bytes bytes) {
  const auto surveyed = [&](std::unique_ptr<Input> first, Request request) {
    request.threads = 1;
    TextInput text{.name = "data", .require_unchanged = [] {}};
    text.open = [&, opened = std::make_shared<std::unique_ptr<Input>>(std::move(first))] {
      if (*opened) return std::move(*opened);
      return std::make_unique<Input>(std::make_unique<MemorySource>(bytes, bytes.size() + 1), "data");
    };
    return read_texts({std::move(text)}, request);
  };
  read_in_pieces(bytes, surveyed);
  // Known types: no numbers are lost, and no others are found, wherever the blocks end.
  const FieldChooser choose = of_equal_rows;
  const auto input = [&] {
    return std::make_unique<Input>(std::make_unique<MemorySource>(bytes, bytes.size() + 1), "data");
  };
  Table whole;
  if (error_of([&] { whole = *surveyed(input(), Request{choose, {}})->next(kAllRows); })) return;
  const std::vector<KnownColumn> known = known_from(whole);
  std::string again;
  const auto error = error_of([&] {
    again = description(*read_known_text(input(), Request{.choose = choose, .known = &known})->next(kAllRows));
  });
  const std::string expected = description(whole);
  if (error.value_or(again) != expected)
    wrong("in two looks it is\n" + expected + "\nand in one it is\n" + error.value_or(again));
}

}  // namespace
}  // namespace strata::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace strata;
  const fuzz::Bytes bytes = fuzz::bytes_of(data, size);
  fuzz::read_csv_in_two_looks(bytes);
  fuzz::read_in_pieces(bytes, [](std::unique_ptr<internal::Input> input, internal::Request request) {
    static const std::vector<internal::KnownColumn> kPlain;  // plain numbers all
    request.known = &kPlain;
    return internal::read_known_text(std::move(input), request);
  });
  return 0;
}
