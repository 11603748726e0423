// strata demo: two data sets that ship with Strata, learned and judged in front of the reader.
#include "demo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "commands.hpp"
#include "curve_pictures.hpp"
#include "progress.hpp"
#include "strata/error.hpp"
#include "strata/trainer.hpp"

namespace strata::cli {
namespace {

namespace fs = std::filesystem;

using Settings = std::vector<std::pair<std::string_view, std::string_view>>;

/// What one part of the demo made: the model, and the rows it never saw.
struct Learned {
  HeldBack rows;
  Model model;
  Predictions predictions;  // of the rows held back
};

std::string dim(std::string_view text) { return out().paint(Style::dim, text); }

/// Trains and shows the cost fall.
Learned learn(const fs::path& file, const Settings& settings, const Arguments& arguments) {
  HeldBack rows = hold_back(read_table(file));
  Options options;
  options.threads = arguments.options.threads;
  for (const auto& [option, value] : settings) set_option(options, option, value);

  out().line(fmt::format("  {} rows to learn from; {} are held back and never seen in training", rows.train_rows.size(),
                         rows.test_rows.size()));
  std::vector<double> costs;
  Callbacks callbacks;
  ProgressBar bar(err(), true);
  callbacks.note = [](std::string_view text) {
    out().line(fmt::format("  {}", dim(wrapped(printable(text), out().width(), 2))));
  };
  callbacks.epoch = [&](const EpochReport& report) { costs.push_back(report.mean_cost); };
  callbacks.progress = [&](const Progress& progress) { bar.update(progress); };
  Fit fit = train(std::move(rows.train), options, callbacks);
  bar.clear();
  if (fit.ending == Ending::diverged) throw Error(ErrorCode::diverged, fit.explanation);

  const Architecture& net = fit.model.architecture();
  out().line(fmt::format("  network {} ({}), {} epochs in {}\n", describe_layers(net),
                         counted(net.parameter_count(), "parameter"), costs.size(), duration(fit.seconds)));
  out().line(fmt::format("  the cost, epoch by epoch: from {:.3f} to {:.3f}", costs.front(), costs.back()));
  out().write(picture_of(costs, out()));
  const Metrics test = fit.model.evaluate(rows.test, options.threads);
  const Metrics& seen = fit.model.record().train;
  out().line(fmt::format("\n  {}   {}/{} right ({})", out().paint(Style::bold, "held-back rows"), test.correct,
                         test.examples, out().paint(Style::good, percent(test.correct, test.examples))));
  out().line(fmt::format("  training rows    {}/{} right ({})\n", seen.correct, seen.examples,
                         percent(seen.correct, seen.examples)));
  Predictions predictions = fit.model.predict(rows.test, options.threads);
  return {std::move(rows), std::move(fit.model), std::move(predictions)};
}

/// The name of the class that a row of the target really has.
std::string truth_of(const Table& table, const Field& target, std::size_t row) {
  const double number = table.number(target, row);
  return target.is_text() ? target.categories[static_cast<std::size_t>(number)] : shortest(number);
}

/// Some rows held back: the first ones, with the first mistake among them if there is one.
std::vector<std::size_t> some_rows(const Learned& learned, const Field& target, std::size_t count) {
  std::vector<std::size_t> rows;
  std::size_t mistake = learned.predictions.examples;
  for (std::size_t i = 0; i < learned.predictions.examples && mistake == learned.predictions.examples; ++i)
    if (learned.predictions.classes[learned.predictions.label[i]] != truth_of(learned.rows.test, target, i))
      mistake = i;
  for (std::size_t i = 0; i < std::min(count, learned.predictions.examples); ++i) rows.push_back(i);
  if (!rows.empty() && mistake < learned.predictions.examples && mistake > rows.back()) rows.back() = mistake;
  return rows;
}

double certainty(const Predictions& predictions, std::size_t i) {
  return predictions.values[i * predictions.columns + predictions.label[i]];
}

void print_commands(const std::string& file, const std::string& model, const Settings& settings) {
  std::string train = fmt::format("strata train {} --validation 0.2", shell_word(file));
  for (const auto& [option, value] : settings) train += fmt::format(" --{} {}", option, value);
  out().line(fmt::format("  {}", dim("by hand (it holds back another fifth, and keeps the model):")));
  out().line(fmt::format("  {} --output {}", train, model));
  out().line(fmt::format("  strata predict {} {}\n", model, shell_word(file)));
}

void show_breast_cancer(const fs::path& folder, const Arguments& arguments) {
  const fs::path file = folder / "breast_cancer.csv";
  out().line(out().paint(Style::bold, "1  Is a tumour malignant or benign?") +
             "  569 patients, 30 measurements of cell nuclei each");
  const Settings settings = {{"target", "target"}, {"hidden-layers", "16,8"}, {"epochs", "40"}};
  const Learned learned = learn(file, settings, arguments);
  const Field& target = learned.rows.test.field("target");
  TextTable table({{"line", true}, {"predicted"}, {"certainty", true}, {"truth"}, {""}});
  for (const std::size_t i : some_rows(learned, target, 6)) {
    const std::string truth = truth_of(learned.rows.test, target, i);
    const std::string& label = learned.predictions.classes[learned.predictions.label[i]];
    table.add({std::to_string(learned.rows.test_rows[i] + 2), label,
               fmt::format("{:.1f} %", 100 * certainty(learned.predictions, i)), truth,
               label == truth ? out().paint(Style::good, "right") : out().paint(Style::bad, "wrong")});
  }
  out().write(table.text(out(), 4) + '\n');
  print_commands(file.string(), "cancer.strata", settings);
}

void show_digits(const fs::path& folder, const Arguments& arguments) {
  const fs::path file = folder / "digits.csv";
  out().line(out().paint(Style::bold, "2  Which digit is it?") + "  1,797 handwritten pictures of 8×8 pixels");
  const Settings settings = {{"target", "digit"}, {"hidden-layers", "64,32"}, {"epochs", "30"}};
  const Learned learned = learn(file, settings, arguments);
  const Table& test = learned.rows.test;
  const Field& target = test.field("digit");
  std::vector<const Field*> inputs;
  for (const InputField& input : learned.model.inputs()) inputs.push_back(&test.field(input.name));
  constexpr std::size_t kSide = 8;
  constexpr std::size_t kCell = 2 * kSide + 3;
  const std::size_t count = std::clamp<std::size_t>((std::min<std::size_t>(out().width(), 100) - 4) / kCell, 1, 4);
  std::vector<std::string> lines(kSide + 2, "    ");
  for (const std::size_t i : some_rows(learned, target, count)) {
    std::vector<double> pixels(inputs.size());
    test.read_row(inputs, i, pixels.data());
    const std::vector<std::string> drawn = picture(pixels, kSide, 16, out());
    for (std::size_t line = 0; line < drawn.size() && line < kSide; ++line) lines[line] += drawn[line] + "   ";
    const std::string truth = truth_of(test, target, i);
    const std::string& label = learned.predictions.classes[learned.predictions.label[i]];
    const std::string said = fmt::format("says {} ({:.0f} %)", label, 100 * certainty(learned.predictions, i));
    const std::string is = fmt::format("is {}", truth);
    lines[kSide] += said + std::string(kCell - std::min(kCell, said.size()), ' ');
    lines[kSide + 1] +=
        out().paint(label == truth ? Style::good : Style::bad, is) + std::string(kCell - is.size(), ' ');
  }
  for (std::string& line : lines) {
    line.erase(line.find_last_not_of(' ') + 1);
    out().line(line);
  }
  out().line("");
  print_commands(file.string(), "digits.strata", settings);
}

int run(const Arguments& arguments) {
  const fs::path folder = demo_data_folder();
  if (folder.empty())
    throw Error(
        ErrorCode::not_found,
        "the demo's data (breast_cancer.csv and digits.csv) is not found; set STRATA_DATA to the folder that has it");
  std::error_code failed;
  const fs::path near = fs::relative(folder, failed);  // shorter to read, where the reader stands near it
  const bool shorter = !failed && !near.empty() && near.string().size() < folder.string().size();
  show_breast_cancer(shorter ? near : folder, arguments);
  show_digits(shorter ? near : folder, arguments);
  out().line("Your own table: strata train YOUR.csv --target COLUMN      every option: strata train --help");
  return 0;
}

}  // namespace

Command demo_command() {
  return {"demo",
          "learn two small data sets that ship with Strata, and show it",
          {"strata demo"},
          "Trains on two data sets, holds a fifth of the rows back, and shows how the cost falls, how good the "
          "networks are on the rows they never saw, and some predictions beside the truth. It writes no file.",
          {},
          {"threads"},
          {},
          run};
}

}  // namespace strata::cli
