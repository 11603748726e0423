// Handles of the ABI for C that go by themselves, and what a call gives, for tests.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "strata/strata.h"

namespace strata::testing {

template <class T, void (*free)(T*)>
struct Free {
  void operator()(T* handle) const { free(handle); }
};
using OptionsHandle = std::unique_ptr<strata_options, Free<strata_options, strata_options_free>>;
using TableHandle = std::unique_ptr<strata_table, Free<strata_table, strata_table_free>>;
using ModelHandle = std::unique_ptr<strata_model, Free<strata_model, strata_model_free>>;
using FitHandle = std::unique_ptr<strata_fit, Free<strata_fit, strata_fit_free>>;
using PredictorHandle = std::unique_ptr<strata_predictor, Free<strata_predictor, strata_predictor_free>>;
using TraceHandle = std::unique_ptr<strata_trace, Free<strata_trace, strata_trace_free>>;

/// "4: strata_model_load: …": what the last error says.
inline std::string last_error() {
  const strata_error* error = strata_last_error();
  return std::to_string(error->status) + ": " + error->function + ": " + error->message;
}

/// The handle that a call gives in its last argument, which must succeed.
template <class Handle, class... Parameters, class... Arguments>
Handle made(strata_status (*call)(Parameters...), Arguments... arguments) {
  typename Handle::pointer handle = nullptr;
  EXPECT_EQ(call(arguments..., &handle), STRATA_OK) << last_error();
  return Handle(handle);
}

/// The text or bytes that a call gives so.
template <class... Parameters, class... Arguments>
std::string text_of(strata_status (*call)(Parameters...), Arguments... arguments) {
  strata_bytes* bytes = nullptr;
  EXPECT_EQ(call(arguments..., &bytes), STRATA_OK) << last_error();
  std::string text(strata_bytes_data(bytes), strata_bytes_size(bytes));
  strata_bytes_free(bytes);
  return text;
}

/// Points in the plane, and whether they are near the middle.
struct Points {
  std::vector<double> numbers;  // x, y, x, y, …
  std::vector<const char*> places;

  explicit Points(std::size_t count = 120) {
    for (std::size_t i = 0; i < count; ++i) {
      const double angle = 2.4 * static_cast<double>(i), radius = static_cast<double>(i % 20) / 10;
      numbers.insert(numbers.end(), {radius * std::cos(angle), radius * std::sin(angle)});
      places.push_back(radius < 1 ? "inside" : "outside");
    }
  }
  [[nodiscard]] std::size_t count() const { return places.size(); }
  [[nodiscard]] TableHandle table(const char* name = nullptr) const {
    TableHandle table = made<TableHandle>(strata_table_new, name);
    const char* const names[] = {"x", "y"};
    const strata_numbers matrix{numbers.data(), STRATA_F64, count(), nullptr, 0, 2 * sizeof(double), nullptr, nullptr};
    EXPECT_EQ(strata_table_add_columns(table.get(), names, 2, &matrix, sizeof(double)), STRATA_OK) << last_error();
    EXPECT_EQ(strata_table_add_texts(table.get(), "place", places.data(), count()), STRATA_OK) << last_error();
    return table;
  }
};

/// Options with these values.
inline OptionsHandle options_with(std::initializer_list<std::pair<const char*, const char*>> values,
                                  const char* recipe = "plain") {
  OptionsHandle options = made<OptionsHandle>(strata_options_new);
  EXPECT_EQ(strata_options_set_recipe(options.get(), recipe), STRATA_OK) << last_error();
  for (const auto& [name, value] : values)
    EXPECT_EQ(strata_options_set(options.get(), name, value), STRATA_OK) << last_error();
  return options;
}

}  // namespace strata::testing
