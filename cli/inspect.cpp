// strata inspect: what is in a model file.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "api/summary.hpp"
#include "commands.hpp"
#include "curve_pictures.hpp"
#include "strata/json.hpp"

namespace strata::cli {
namespace {

std::string text_of(const StageColumn& column, const InputStage& stage) {
  const std::string rows = column.units == 1 ? std::to_string(column.first)
                                             : fmt::format("{} … {}", column.first, column.first + column.units - 1);
  const std::string s = stage.scales ? "s * " : "";
  switch (column.row.kind) {
    case RowEmbedding::Kind::none: break;
    case RowEmbedding::Kind::periodic:
      return fmt::format("{}: {}(x, Vᵀ cos(2π f x + φ) + c), {} f", rows, s, stage.frequencies);
    case RowEmbedding::Kind::levels: return fmt::format("{}: {}one of {} columns of E", rows, s, column.row.levels);
    case RowEmbedding::Kind::piecewise:
      if (column.row.bins() == 0) return fmt::format("{}: {}(u x + c)", rows, s);
      return fmt::format("{}: {}(u x + V e(x) + c), {}", rows, s,
                         counted(static_cast<std::uint64_t>(column.row.bins()), "piece"));
  }
  return fmt::format("{}: {}x", rows, s);
}

std::string describe_loss(const Model& model) {
  const Architecture& net = model.architecture();
  std::string text(name(net.loss));
  if (net.loss == Loss::quantile) text += fmt::format(", q {}", shortest(net.loss_parameters.quantile));
  if (net.loss_parameters.smoothing != 0)
    text += fmt::format(", label smoothing {}", shortest(net.loss_parameters.smoothing));
  if (net.loss != Loss::huber) return text;
  std::vector<std::string> deltas;
  for (const double delta : deltas_of(model)) deltas.push_back(brief(delta));
  return text + fmt::format(", delta {} in the units of the target{}", joined(deltas, 6), deltas.size() > 1 ? "s" : "");
}

/// How many folds a training was to have, as its options say; 0: they do not.
std::size_t folds_asked(const TrainingRecord& record) {
  Options options;
  for (const auto& [name, value] : record.options)
    if (name == "folds") set_option(options, name, value);
  return static_cast<std::size_t>(options.folds.parts) * static_cast<std::size_t>(options.folds.repeats);
}

/// Of several networks, or of one that is left of several: "8, of 8 folds; each counts 1/8", "3, of 3 of 8 folds".
std::string describe_networks(const Model& model) {
  const std::vector<NetworkRecord>& records = model.record().networks;
  const std::vector<double> shares = model.shares();
  std::string text = std::to_string(shares.size());
  if (!records.empty() && records.front().fold > 0) {
    std::size_t folds = 1;
    for (std::size_t i = 1; i < records.size(); ++i) folds += records[i].fold != records[i - 1].fold;
    const std::size_t asked = folds_asked(model.record());
    text += asked > folds ? fmt::format(", of {} of {} folds", folds, asked)
                          : fmt::format(", of {}", counted(folds, "fold"));
  } else if (!records.empty() && shares.size() > 1) {
    text += ", trained on the same rows";
  }
  if (shares.size() > 1 && std::ranges::count(shares, shares.front()) == std::ssize(shares))
    text += fmt::format("; each counts 1/{}", shares.size());
  if (model.temperature() != 1)
    text += fmt::format("; the temperature of their mean is {}", brief(model.temperature()));
  return text;
}

/// A line for each network; what is alike in all is no column.
void print_networks(const Model& model) {
  constexpr std::size_t kMost = 40;
  const std::vector<NetworkRecord>& records = model.record().networks;
  const std::vector<double> shares = model.shares();
  const auto any = [&](const auto& of_record) { return std::ranges::any_of(records, of_record); };
  struct Column {
    TextTable::Column head;
    std::function<std::string(std::size_t)> text;
  };
  std::vector<Column> columns{{{"network", true}, [](std::size_t i) { return std::to_string(i + 1); }}};
  const auto add = [&](const char* name, auto member) {
    columns.push_back({{name, true}, [&records, member](std::size_t i) { return std::to_string(records[i].*member); }});
  };
  if (any([](const NetworkRecord& each) { return each.fold > 0; })) add("fold", &NetworkRecord::fold);
  if (any([](const NetworkRecord& each) { return each.member > 1; })) add("member", &NetworkRecord::member);
  if (!records.empty()) {
    const bool best = any([](const NetworkRecord& each) { return each.epochs_tried > 0; });
    add("seed", &NetworkRecord::seed);
    add(best ? "best epoch" : "epochs", &NetworkRecord::epochs);
    if (best) add("of", &NetworkRecord::epochs_tried);
  }
  if (any([&](const NetworkRecord& each) { return each.ended != model.record().ended; }))
    columns.push_back({{"ended"}, [&records](std::size_t i) { return records[i].ended; }});
  if (std::ranges::count(shares, shares.front()) != std::ssize(shares))
    columns.push_back({{"share", true}, [&shares](std::size_t i) { return brief(shares[i]); }});
  if (columns.size() == 1) return;  // nothing is said of them
  std::vector<TextTable::Column> heads;
  for (const Column& column : columns) heads.push_back(column.head);
  TextTable table(heads);
  for (std::size_t i = 0; i < shares.size() && i < kMost; ++i) {
    std::vector<std::string> line;
    for (const Column& column : columns) line.push_back(column.text(i));
    table.add(line);
  }
  out().write('\n' + table.text(out()));
  if (shares.size() > kMost) out().line(fmt::format("  … ({} more: --json)", shares.size() - kMost));
  out().line("");
}

/// What the network sees: the first columns of X, how they come from the data, and what the stage makes of them.
void print_columns(const Model& model) {
  constexpr std::size_t kMost = 40;
  const std::vector<EncodedColumn> columns = encoded_columns(model.features());
  const InputStage& stage = model.architecture().stage;
  std::vector<TextTable::Column> head{{"X", true}, {"column"}, {"from the data"}};
  if (!stage.empty()) head.push_back({"rows of A[0]"});
  TextTable table(head);
  const std::vector<StageColumn> of_stage = stage_columns(model.architecture());
  for (std::size_t j = 0; j < columns.size() && j < kMost; ++j) {
    std::vector<std::string> line{std::to_string(j + 1), printable(columns[j].name), printable(columns[j].equation)};
    if (!stage.empty()) line.push_back(text_of(of_stage[j], stage));
    table.add(line);
  }
  if (columns.size() > kMost) table.add({"", fmt::format("… ({} more: --json)", columns.size() - kMost)});
  out().write(table.text(out()) + '\n');
}

void print_text(const Model& model, const std::string& file) {
  const Architecture& net = model.architecture();
  const TrainingRecord& record = model.record();
  const std::size_t indent = record.out_of_fold ? 12 : 11;
  const auto item = [indent](std::string_view what, std::string_view text) {
    const std::size_t width = std::max<std::size_t>(out().width(), 60);
    out().line(fmt::format("{}{}", out().paint(Style::bold, fmt::format("{:<{}}", what, indent)),
                           wrapped(printable(text), width, indent)));
  };
  const std::string layers = counted(static_cast<std::uint64_t>(net.depth()), "layer"),
                    parameters = counted(net.parameter_count(), "parameter");
  item("model", model.networks() == 1 ? fmt::format("{}: {}, {}, {}", file, layers, parameters, name(model.precision()))
                                      : fmt::format("{}: {} networks of {} and {} each, {}", file, model.networks(),
                                                    layers, parameters, name(model.precision())));
  item("inputs", describe_inputs(model.features(), model.architecture()));
  item("scaling", describe_scaling(model.scaling()));
  item("target", describe_target(model.target()));
  item("loss", describe_loss(model));

  TextTable table({{"layer", true}, {"units", true}, {"activation"}, {"W"}, {"b"}, {"parameters", true}});
  if (net.stage.empty()) {
    table.add({"0", with_commas(static_cast<std::uint64_t>(net.units(0))), "(the input)"});
  } else {
    table.add({"0", with_commas(static_cast<std::uint64_t>(net.units(0))), "(the stage)", "", "",
               with_commas(parameters_of_stage(net))});
  }
  for (int l = 1; l <= net.depth(); ++l)
    table.add({std::to_string(l), with_commas(static_cast<std::uint64_t>(net.units(l))),
               std::string(activation_of(net, l)) + (learns_slopes(net, l) ? ", slopes" : ""),
               fmt::format("({}, {})", net.units(l), net.units(l - 1)), fmt::format("({}, 1)", net.units(l)),
               with_commas(parameters_of(net, l))});
  table.add({"", "", "", "", "total", with_commas(net.parameter_count())});
  out().write('\n' + table.text(out()) + '\n');
  if (has_columns(model.features()) || !net.stage.empty()) print_columns(model);

  std::string rows = fmt::format("{}, {}", record.data, counted(record.rows, "row"));
  if (record.dropped > 0) rows += fmt::format(" ({} without the target left out)", with_commas(record.dropped));
  if (record.weight_0 > 0) rows += fmt::format(" ({} of weight 0 left out)", with_commas(record.weight_0));
  if (record.bad_rows > 0) rows += fmt::format(", {} left out as faulty", counted(record.bad_rows, "line"));
  if (record.bad_cells > 0) rows += fmt::format(", {} taken as missing", counted(record.bad_cells, "wrong cell"));
  item("trained on", rows);
  for (auto each = record.before.rbegin(); each != record.before.rend(); ++each)
    item("before on", fmt::format("{}, {}: {}, {}", each->data, counted(each->rows, "row"),
                                  counted(static_cast<std::uint64_t>(each->iterations), "iteration"),
                                  counted(static_cast<std::uint64_t>(each->epochs), "epoch")));
  // The inputs and the target stand above; what was not given has nothing to say.
  std::string options;
  for (const auto& [option, value] : record.options)
    if (!value.empty() && option != "inputs" && option != "target")
      options += fmt::format("{}--{} {}", options.empty() ? "" : " ", option, value);
  item("with", options);
  if (record.epochs_tried > 0) {
    item("ended",
         fmt::format("{} after {}", record.ended, counted(static_cast<std::uint64_t>(record.epochs_tried), "epoch")));
    const auto shared = [&](const NetworkRecord& each) { return each.epochs == record.epochs; };
    if (std::ranges::all_of(record.networks, shared)) item("best epoch", describe_best(record));
  } else {
    item("ended", fmt::format("{} after {}, {}", record.ended,
                              counted(static_cast<std::uint64_t>(record.iterations), "iteration"),
                              counted(static_cast<std::uint64_t>(record.epochs), "epoch")));
  }
  if (record.planned > 0) {
    const bool is_bag = !record.networks.empty() && record.networks.back().fold > 0;
    item("checkpoint", fmt::format("{}{} of {} updates are done; 'strata train DATA --resume {}' goes on",
                                   is_bag ? fmt::format("fold {}: ", record.networks.back().fold) : "",
                                   with_commas(static_cast<std::uint64_t>(record.reached)),
                                   with_commas(static_cast<std::uint64_t>(record.planned)), shell_word(file)));
  } else {
    item("cost", brief(record.cost));
    item("train", describe(record.train));
  }
  if (record.validation) item("validation", describe(*record.validation));
  if (record.out_of_fold) item("out of fold", describe_out_of_fold(model));
  if (has_networks(model)) {
    item("networks", describe_networks(model));
    print_networks(model);
  }
  item("made by", fmt::format("strata {}", record.version));
}

void print_curves(const Model& model, const std::string& file, bool json) {
  const TrainingRecord& record = model.record();
  if (json) return out().line(to_json(record.curves));
  const std::string picture =
      picture_of(record.curves, kLossOfBatches, record.epochs_tried > 0 ? record.epochs : 0, out());
  if (!picture.empty()) return out().write(picture);
  out().line(record.curves.epochs.empty()
                 ? fmt::format("{} has no curves: they are kept where rows are held back (--validation) or figures are "
                               "asked for (--metrics)",
                               printable(file))
                 : fmt::format("{} has {}, which make no picture (--json prints them)", printable(file),
                               counted(record.curves.epochs.size(), "point")));
}

int run(const Arguments& arguments) {
  const std::string& file = arguments.operands.front();
  const Model model = Model::load(file);
  if (arguments.has("curves"))
    print_curves(model, input_name(file), arguments.has("json"));
  else if (arguments.has("json"))
    out().line(to_json(model));
  else
    print_text(model, input_name(file));
  return 0;
}

}  // namespace

Command inspect_command() {
  return {"inspect",
          "show what is in a model: layers, shapes, how it was trained",
          {"strata inspect iris.strata"},
          "Prints the layers with their shapes and parameter counts, the inputs, the scaling, the classes, what the "
          "model was trained on and how, its final figures, and of several networks each.",
          {{"MODEL", "A file that 'strata train' wrote."}},
          {},
          {{"curves", 0, "",
            "Draw how the training went: its cost and what was measured after each epoch; with --json the numbers."},
           kJsonFlag},
          run};
}

}  // namespace strata::cli
