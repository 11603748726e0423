// Options, by name and text.
#include <algorithm>

#include "api/c_handles.hpp"
#include "strata/json.hpp"

using namespace strata;
using namespace strata::internal;

Options strata_options::options() const {
  Options options;
  if (!recipe.empty()) {
    apply_recipe(options, recipe, typed_options());
  } else {
    for (const auto& [name, value] : typed) set_option(options, name, value);
  }
  return options;
}

namespace {

// As the table of options has it: hidden_layers is hidden-layers.
std::string option_name(const char* name) {
  std::string text = required_text(name, "name");
  std::ranges::replace(text, '_', '-');
  return text;
}

}  // namespace

extern "C" {

strata_status strata_options_new(strata_options** options) {
  return answered(__func__, [&] {
    required(options, "options");
    give(options);
  });
}

strata_status strata_options_copy(const strata_options* options, strata_options** copy) {
  return answered(__func__, [&] {
    required(copy, "copy");
    give(copy, required(options, "options"));
  });
}

void strata_options_free(strata_options* options) { delete options; }

strata_status strata_options_set(strata_options* options, const char* name, const char* value) {
  return answered(__func__, [&] {
    auto& typed = required(options, "options").typed;
    std::pair<std::string, std::string> option(option_name(name), required_text(value, "value"));
    Options tried;  // what is wrong by itself is said here, what contradicts another option by who uses them
    set_option(tried, option.first, option.second);
    const auto before = std::ranges::find(typed, option.first, &std::pair<std::string, std::string>::first);
    if (before != typed.end()) {
      before->second.swap(option.second);
    } else {
      typed.push_back(std::move(option));
    }
  });
}

strata_status strata_options_set_recipe(strata_options* options, const char* recipe) {
  return answered(__func__, [&] {
    const std::string name = recipe == nullptr ? "" : recipe;
    Options tried;
    if (recipe != nullptr) apply_recipe(tried, name);
    required(options, "options").recipe = name;
  });
}

strata_status strata_options_get(const strata_options* options, const char* name, strata_bytes** value) {
  return answered(__func__, [&] {
    required(value, "value");
    const Options all = required(options, "options").options();
    const std::string wanted = option_name(name);
    const auto found = std::ranges::find(option_table(), wanted, &OptionSpec::name);
    if (found == option_table().end()) {
      Options none;
      set_option(none, wanted, "");  // names the nearest right one
    }
    give(value, found->show(all));
  });
}

strata_status strata_describe_options(strata_bytes** json) {
  return answered(__func__, [&] {
    required(json, "json");
    give(json, options_json());
  });
}

}  // extern "C"
