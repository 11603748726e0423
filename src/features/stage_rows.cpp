#include "features/stage_rows.hpp"

#include <algorithm>
#include <cstddef>

namespace strata::internal {

std::vector<RowEmbedding> stage_rows_of(const Features& features, bool numbers) {
  using Kind = RowEmbedding::Kind;
  std::vector<RowEmbedding> rows;
  for (const InputField& input : features.inputs) {
    const bool is_number = input.type == ColumnType::number || input.type == ColumnType::date;
    const std::size_t first = rows.size(), missing = input.missing && is_number ? 1 : 0;
    rows.resize(first + encoded_width(input));
    if (input.embedded) rows[first] = {Kind::levels, static_cast<int>(input.levels.size() + 1)};
    if (!numbers || !is_number || !input.shape.empty()) continue;
    for (std::size_t j = first; j + missing < rows.size(); ++j) rows[j].kind = Kind::periodic;
  }
  if (std::ranges::all_of(rows, [](const RowEmbedding& row) { return row.kind == Kind::none; })) rows.clear();
  return rows;
}

}  // namespace strata::internal
