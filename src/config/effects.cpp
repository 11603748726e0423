#include "config/effects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "base/text.hpp"
#include "config/blocks.hpp"
#include "config/names.hpp"
#include "config/option_values.hpp"
#include "strata/error.hpp"

namespace strata::internal {
namespace {

using Text = std::string_view;

// When it is known that an option does nothing, and whether that is refused.
enum class Judged { at_once, once_decided, with_a_warning };

struct Effect {
  Text option;
  Judged judged;
  std::string (*why_none)(const Options&);  // behind the option and its value; empty: it has one
};

template <class Kind>
std::string of_choice(Text choice, Kind chosen, std::initializer_list<Kind> fit) {
  if (std::ranges::find(fit, chosen) != fit.end()) return {};
  std::string names;
  for (const Kind kind : fit) names += (names.empty() ? "" : " or ") + spelled(choice, name(kind));
  return fmt::format("is for {}, and the {} here is {}; leave it out, or choose the {}", names, choice, name(chosen),
                     choice);
}

std::string of_momentum(const Options& o) {
  return of_choice("optimizer", o.optimizer, {OptimizerKind::momentum, OptimizerKind::nesterov});
}
std::string of_adam(const Options& o) {
  return of_choice("optimizer", o.optimizer, {OptimizerKind::adam, OptimizerKind::adamw});
}
std::string of_loss(const Options& o, std::initializer_list<Loss> fit) {
  return o.loss ? of_choice("loss", *o.loss, fit) : std::string();
}
std::string unless(bool works, std::string why_none) { return works ? std::string() : std::move(why_none); }

// What holds of any data: how words are read, what stands for a missing cell, how many levels a category has, is asked
// for in case they have some.
constexpr Effect kEffects[] = {
    {"momentum", Judged::at_once, of_momentum},
    {"beta1", Judged::at_once, of_adam},
    {"beta2", Judged::at_once, of_adam},
    {"epsilon", Judged::at_once, of_adam},
    {"time-column", Judged::at_once,
     [](const Options& o) -> std::string {
       if (o.folds != Folds())
         return fmt::format("is about the rows that are last, and the rows of {} are drawn; leave one of them out",
                            spelled("folds", to_text(o.folds)));
       return unless(
           !o.validation.empty() && validation_part(o.validation).value_or(ValidationPart()).is_last,
           fmt::format("says which rows are the last ones, and {} that these are held back; give both of them",
                       spelled("validation", "last:0.2")));
     }},
    {"tol-epochs", Judged::at_once,
     [](const Options& o) {
       return unless(o.tol.has_value(), fmt::format("says how long {} waits; give it too", spelled("tol")));
     }},
    {"huber-delta", Judged::once_decided, [](const Options& o) { return of_loss(o, {Loss::huber}); }},
    {"quantile", Judged::once_decided, [](const Options& o) { return of_loss(o, {Loss::quantile}); }},
    {"last-batch", Judged::at_once,
     [](const Options& o) { return unless(o.batch_size != 0, "has no effect: every update uses all rows"); }},
    {"label-smoothing", Judged::once_decided,
     [](const Options& o) { return of_loss(o, {Loss::binary_cross_entropy, Loss::categorical_cross_entropy}); }},
    {"decay-schedule", Judged::once_decided,
     [](const Options& o) {
       return unless(o.effective_weight_decay() != PerKind(),
                     fmt::format("has no effect: there is no {}", spelled("weight-decay")));
     }},
    {"dropout-schedule", Judged::once_decided,
     [](const Options& o) {
       return unless(std::ranges::any_of(o.dropout, [](double rate) { return rate > 0; }),
                     fmt::format("has no effect: there is no {}", spelled("dropout")));
     }},
    {"scale-target", Judged::with_a_warning,
     [](const Options& o) {
       return unless(
           o.task == Task::regression || !o.scale_target.value_or(false),
           fmt::format("has no effect: the task is {}, and only numbers to predict are scaled", name(o.task)));
     }},
    {"clamp-target", Judged::with_a_warning,
     [](const Options& o) {
       return unless(
           o.task == Task::regression || o.task == Task::automatic,
           fmt::format("has no effect: the task is {}, and only numbers to predict have a range", name(o.task)));
     }},
    {"group-column", Judged::with_a_warning,
     [](const Options& o) {
       if (o.folds != Folds()) return std::string();
       const bool holds_back = o.validation.empty() ? o.patience.value_or(0) > 0  // and then a fifth
                                                    : validation_part(o.validation).has_value();
       return unless(holds_back,
                     "keeps no rows together, for none of these are held back; it is no input all the same");
     }},
    {"activation", Judged::with_a_warning,
     [](const Options& o) {
       const bool has_none = o.hidden_layers && o.hidden_layers->empty();
       return unless(!has_none || o.activation == std::vector{Activation::relu},  // which auto is then
                     "has no effect: there is no hidden layer");
     }},
    {"random", Judged::with_a_warning,
     [](const Options& o) {
       const Initializer::Kind kind = o.initializer.kind;
       const bool own = kind == Initializer::Kind::data;
       const bool draws = !own && kind != Initializer::Kind::zeros && kind != Initializer::Kind::arrays;
       return unless(draws, fmt::format("has no effect: {} draws {}", spelled("initializer", to_text(o.initializer)),
                                        own ? "from the stream of strata alone" : "no numbers"));
     }},
};

// Of those that are set.
template <class Use>
void for_each_without(const Options& options, const Use& use) {
  for (const OptionSpec& option : option_table()) {
    const auto effect = std::ranges::find(kEffects, option.name, &Effect::option);
    if (effect == std::end(kEffects)) continue;
    const std::string value = option.show(options);
    if (value != option.standard) use(*effect, value);
  }
}

}  // namespace

void require_effect(const Options& options) {
  for_each_without(options, [&](const Effect& effect, const std::string& value) {
    if (effect.judged != Judged::at_once) return;
    const std::string why = effect.why_none(options);
    if (!why.empty()) throw Error(ErrorCode::usage, fmt::format("{} {}", spelled(effect.option, value), why));
  });
}

bool has_effect(std::string_view option, const Options& options) {
  bool has = true;
  for_each_without(options, [&](const Effect& effect, const std::string& /*value*/) {
    if (effect.option == option) has = effect.why_none(options).empty();
  });
  return has;
}

std::vector<WithoutEffect> without_effect(const Options& decided) {
  std::vector<WithoutEffect> all;
  for_each_without(decided, [&](const Effect& effect, const std::string& value) {
    const std::string why = effect.why_none(decided);
    if (why.empty()) return;
    std::string text = fmt::format("{} {}", spelled(effect.option, value), why);
    if (effect.judged != Judged::with_a_warning) throw Error(ErrorCode::usage, text);
    all.push_back({effect.option, std::move(text)});
  });
  return all;
}

std::vector<WithoutEffect> without_effect(const Options& decided, const Architecture& net) {
  std::vector<WithoutEffect> all = without_effect(decided);
  const std::vector<ParameterBlock> blocks = blocks_of(net);
  const auto add = [&](Text option, const std::string& why) {
    const auto row = std::ranges::find(option_table(), option, &OptionSpec::name);
    all.push_back({row->name, fmt::format("{} has no effect{}", spelled(option, row->show(decided)), why)});
  };
  const auto add_kinds = [&](Text option, const PerKind& numbers, const PerKind& usual) {
    if (const std::vector<std::string> kinds = kinds_without(blocks, numbers, usual); !kinds.empty())
      add(option, fmt::format(" on {}: the network learns none", joined(kinds)));
  };
  if (decided.numeric_embedding != NumericEmbedding::none && !embeds_numbers(net))
    add("numeric-embedding", ": no input is a number of a table (arrays, and columns of 0 and 1, stay as they are)");
  add_kinds("rate-factor", decided.rate_factor, Options().rate_factor);
  add_kinds("weight-decay", decided.effective_weight_decay(), PerKind());
  std::erase_if(all, [&](const WithoutEffect& each) {
    return std::ranges::find(decided.inherited, each.option) != decided.inherited.end();
  });
  return all;
}

bool embeds_numbers(const Architecture& net) {
  return std::ranges::any_of(net.stage.rows, [](const RowEmbedding& row) {
    return row.kind == RowEmbedding::Kind::periodic || row.kind == RowEmbedding::Kind::piecewise;
  });
}

}  // namespace strata::internal
