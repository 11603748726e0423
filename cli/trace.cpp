// strata trace: every matrix of the equations for an example, or for the batch.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "commands.hpp"
#include "strata/error.hpp"
#include "strata/json.hpp"
#include "strata/tools.hpp"

namespace strata::cli {
namespace {

constexpr std::size_t kMostShown = 8;  // rows or columns; of more, the first and the last three
constexpr std::size_t kEdge = 3;
constexpr std::size_t kGap = static_cast<std::size_t>(-1);

std::vector<std::size_t> shown_of(std::size_t count) {
  std::vector<std::size_t> shown;
  for (std::size_t i = 0; i < count; ++i) {
    if (count <= kMostShown || i < kEdge || i >= count - kEdge)
      shown.push_back(i);
    else if (shown.back() != kGap)
      shown.push_back(kGap);
  }
  return shown;
}

/// As NumPy prints: all of a small matrix, the corners of a large one; and what the rows are, where that is known.
std::string numbers_of(const TracedMatrix& matrix) {
  const std::vector<std::size_t> rows = shown_of(matrix.rows), cols = shown_of(matrix.cols);
  std::vector<std::vector<std::string>> cells;
  std::vector<std::size_t> widths(cols.size(), 0);
  for (const std::size_t i : rows) {
    std::vector<std::string> line;
    for (std::size_t c = 0; c < cols.size(); ++c) {  // + 0.0: a negative zero is a zero to a reader
      line.push_back(i == kGap || cols[c] == kGap ? "…" : fmt::format("{: .6g}", matrix(i, cols[c]) + 0.0));
      widths[c] = std::max(widths[c], display_width(line.back()));
    }
    cells.push_back(std::move(line));
  }
  std::string text;
  for (std::size_t r = 0; r < cells.size(); ++r) {
    const auto& line = cells[r];
    text += "    ";
    for (std::size_t c = 0; c < line.size(); ++c)
      text += std::string(widths[c] - display_width(line[c]) + (c == 0 ? 0 : 2), ' ') + line[c];
    if (rows[r] < matrix.meaning.size()) {
      const EncodedColumn& row = matrix.meaning[rows[r]];
      text += "  " + out().paint(Style::dim, printable(row.name + ": " + row.equation));
    }
    text += '\n';
  }
  return text;
}

bool is_backward(const TracedMatrix& matrix) { return matrix.name.starts_with('d'); }

bool is_shortened(const TracedMatrix& matrix) { return matrix.rows > kMostShown || matrix.cols > kMostShown; }

std::string text_of(const TracedMatrix& matrix) {
  return fmt::format("  {}  {}\n{}", out().paint(Style::accent, matrix.equation),
                     out().paint(Style::dim, fmt::format("({}, {})", matrix.rows, matrix.cols)), numbers_of(matrix));
}

/// The order of the notes: forward from the input to the last layer, the cost, backward from the last layer to the
/// first.
void print_text(const Trace& trace, const Arguments& arguments) {
  std::string text;
  bool shortened = false;
  const auto add_layer = [&](const TracedLayer& layer, bool backward) {
    std::string matrices;
    for (const TracedMatrix& matrix : layer.matrices) {
      if (is_backward(matrix) != backward) continue;
      matrices += text_of(matrix);
      shortened = shortened || is_shortened(matrix);
    }
    if (matrices.empty()) return;
    const std::string title = layer.layer == 0 ? (backward ? "input, backward" : "input")
                                               : fmt::format("layer {}, {}, {}", layer.layer, layer.activation,
                                                             backward ? "backward" : "forward");
    text += fmt::format("{}\n{}\n", out().paint(Style::bold, title), matrices);
  };
  for (const TracedLayer& layer : trace.layers) add_layer(layer, false);
  text += fmt::format("{}  {}\n\n", out().paint(Style::bold, "cost"), shortest(trace.cost));
  for (auto layer = trace.layers.rbegin(); layer != trace.layers.rend(); ++layer) add_layer(*layer, true);
  if (trace.mean) {
    text += fmt::format("{}\n{}\n", out().paint(Style::bold, "the model"), text_of(*trace.mean));
    shortened = shortened || is_shortened(*trace.mean);
  }
  out().write(text);
  if (shortened && !arguments.has("npy"))
    say("large matrices are shortened (…); --json and --npy DIR give every number");
}

void write_arrays(const Trace& trace, const std::filesystem::path& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed)
    throw Error(ErrorCode::io, fmt::format("cannot make the folder {}: {}", folder.string(), failed.message()));
  std::size_t files = 0;
  const auto write = [&](const TracedMatrix& matrix) {
    std::vector<double> c_order;  // the last index runs fastest, as NumPy expects
    c_order.reserve(matrix.values.size());
    for (std::size_t i = 0; i < matrix.rows; ++i)
      for (std::size_t j = 0; j < matrix.cols; ++j) c_order.push_back(matrix(i, j));
    const std::size_t shape[] = {matrix.rows, matrix.cols};
    write_npy(folder / (matrix.file + ".npy"), shape, c_order);
    ++files;
  };
  for (const TracedLayer& layer : trace.layers) std::ranges::for_each(layer.matrices, write);
  if (trace.mean) write(*trace.mean);
  say(fmt::format("{} in {}", counted(files, "matrix file"), folder.string()));
}

int run(const Arguments& arguments) {
  std::optional<std::size_t> example;
  if (arguments.has("example")) example = arguments.whole("example", 0, 0);
  std::optional<int> layer;
  if (arguments.has("layer"))
    layer = static_cast<int>(std::min<std::size_t>(arguments.whole("layer", 0, 0), 1'000'000));
  const Model model = Model::load(arguments.operands[0]);
  const std::size_t network = network_of(arguments, model);
  const Table table = read_data(model, arguments.operands[1], arguments, true);
  const Trace trace = strata::trace(model, table, example, layer, network);
  say_which_network(arguments, model);
  if (arguments.has("npy")) write_arrays(trace, arguments.value("npy"));
  if (arguments.has("json"))
    out().line(to_json(trace));
  else if (!arguments.has("npy"))
    print_text(trace, arguments);
  return 0;
}

}  // namespace

Command trace_command() {
  return {
      "trace",
      "show every quantity of the equations for an example or a batch",
      {"strata trace iris.strata iris.csv --example 0", "strata trace iris.strata iris.csv --layer 2 --npy matrices"},
      "Runs forward and backward with the model's weights and prints Z, A, dA, dZ, dW, db layer by layer, each with "
      "its shape and its equation. Without --example: the whole file as one batch, in which each example counts 1. Of "
      "a "
      "model of several networks it shows one, and at the end the mean of all, which the model says.",
      {{"MODEL", "A file that 'strata train' wrote."},
       {"DATA", "The inputs and the target, in any format that 'strata train' reads."}},
      with_reading_of_model({kInputsOfModel, kTargetOfModel}),
      {{"example", 0, "I", "This example only; the first is 0."},
       {"layer", 0, "L", "This layer only: 0 is the input, the first hidden layer is 1."},
       kNetworkFlag,
       {"npy", 0, "DIR",
        "Write each matrix to DIR as a NumPy file: Z1.npy, dW2.npy, ... Learned slopes are slopes1.npy, dslopes1.npy, "
        "...; "
        "what a stage in front of the layers learns has no number: F.npy, phi.npy, U.npy, V.npy, c.npy, E.npy, s.npy, "
        "dF.npy, ...; X.npy and Y.npy have none either. The mean of several networks is mean.npy."},
       kJsonFlag,
       kQuietFlag},
      run};
}

}  // namespace strata::cli
