#include "api/json.hpp"
#include "base/only_errors.hpp"
#include "strata/options.hpp"

namespace strata {
using namespace internal;

std::string options_json() {
  return only_errors("for the options", [] {
    Json json;
    json.object().key("options").array();
    for (const OptionSpec& option : option_table()) {
      json.object().text("name", option.name).text("value", option.value).text("group", option.group);
      json.text("default", option.standard).text("range", option.range).text("help", option.help).end();
    }
    json.end().key("recipes").array();
    for (const Recipe& recipe : all_recipes()) {
      json.object().text("name", recipe.name).text("help", recipe.help).key("settings").object();
      for (const auto& [option, value] : recipe.settings) json.text(option, value);
      json.end().end();
    }
    return json.end().end().str();
  });
}

}  // namespace strata
