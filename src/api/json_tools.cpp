#include <cstdint>
#include <string_view>
#include <vector>

#include "api/json.hpp"

namespace strata::internal {
namespace {

void add_values(Json& json, std::string_view key, const std::vector<CountedValue>& values) {
  json.key(key).array();
  for (const CountedValue& each : values) json.object().text("value", each.text).whole("rows", each.count).end();
  json.end();
}

void add_field(Json& json, const FieldDescription& each) {
  const Field& field = each.field;
  json.object().text("name", field.name).text("type", name(field.type)).text("why", field.why);
  json.wholes("shape", field.shape).whole("rows", field.rows).whole("missing", field.missing);
  json.whole("wrong", each.wrong).whole("infinite", each.infinite);
  if (each.least && field.type == ColumnType::number) json.whole("zeros", each.zeros);
  if (field.width() == 1) json.whole("distinct", each.distinct).truth("distinct_is_exact", each.distinct_is_exact);
  if (each.least) json.number("least", *each.least).number("greatest", *each.greatest);
  if (!field.written.empty()) json.text("written", field.written);
  if (!each.levels.empty()) add_values(json, "levels", each.levels);
  if (!each.same_as.empty()) json.text("same_as", each.same_as);
  json.end();
}

void add_block(Json& json, const BlockCheck& block) {
  json.object().text("name", block.name).truth("passed", block.passed).whole("parameters", block.parameters);
  json.number("relative_error", block.relative_error).number("largest_error", block.largest_error);
  json.number("largest_gradient", block.largest_gradient).number("allowed_error", block.allowed_error);
  json.text("where", block.where).number("gradient", block.gradient).number("difference", block.difference);
  json.key("kinks").array();
  for (const KinkedParameter& kink : block.kinks) {
    json.object().text("where", kink.where).number("gradient", kink.gradient);
    json.number("difference", kink.difference).end();
  }
  json.end().end();
}

void add_matrix(Json& json, const TracedMatrix& matrix) {
  json.object().text("name", matrix.name).text("equation", matrix.equation);
  json.whole("rows", matrix.rows).whole("cols", matrix.cols);
  if (!matrix.meaning.empty()) add_columns(json, matrix.meaning);
  json.key("values").array();
  for (std::size_t i = 0; i < matrix.rows; ++i) {
    json.array();
    for (std::size_t j = 0; j < matrix.cols; ++j) json.number(matrix(i, j));
    json.end();
  }
  json.end().end();
}

}  // namespace

void add_members(Json& json, const Description& description) {
  json.text("data", description.source).whole("rows", description.rows).texts("notes", description.notes);
  json.key("columns").array();
  for (const FieldDescription& each : description.fields) add_field(json, each);
  json.end().whole("repeated_rows", description.repeated_rows);
  if (!description.target.empty()) {
    json.text("target", description.target).truth("target_is_guessed", description.target_is_guessed);
    add_values(json, "classes", description.classes);
    json.key("giveaways").array();
    for (const Giveaway& each : description.giveaways)
      json.object().text("name", each.name).text("how", each.how).end();
    json.end();
  }
  if (!description.weight_column.empty()) json.text("weight_column", description.weight_column);
  if (!description.group_column.empty()) json.text("group_column", description.group_column);
  json.texts("warnings", description.warnings);
}

void add_members(Json& json, const Conversion& made) {
  json.whole("rows", made.rows).whole("bytes", static_cast<std::int64_t>(made.bytes)).key("fields").array();
  for (const Field& field : made.fields)
    json.object()
        .text("name", field.name)
        .whole("numbers", field.width())
        .whole("texts", field.categories.size())
        .end();
  json.end();
}

void add_members(Json& json, const Trace& trace) {
  json.whole("examples", trace.examples).number("cost", trace.cost).key("layers").array();
  for (const TracedLayer& layer : trace.layers) {
    json.object().whole("layer", std::int64_t{layer.layer}).text("activation", layer.activation);
    json.key("matrices").array();
    for (const TracedMatrix& matrix : layer.matrices) add_matrix(json, matrix);
    json.end().end();
  }
  json.end();
  if (trace.mean) add_matrix(json.key("mean"), *trace.mean);
}

void add_members(Json& json, const GradientCheck& check) {
  json.truth("passed", check.passed).whole("examples", check.examples).number("epsilon", check.epsilon);
  json.key("blocks").array();
  for (const BlockCheck& block : check.blocks) add_block(json, block);
  json.end();
}

void add_members(Json& json, const Diagnosis& diagnosis) {
  json.text("version", diagnosis.version).text("compiler", diagnosis.compiler);
  json.text("processor", diagnosis.processor).text("instructions", diagnosis.instructions);
  json.whole("cpus", std::int64_t{diagnosis.cpus}).texts("kernels", diagnosis.kernels);
  json.texts("kernels_elsewhere", diagnosis.kernels_elsewhere);
  json.text("chosen_kernels", diagnosis.chosen_kernels).text("chosen_because", diagnosis.chosen_because);
  json.number("peak_flops", diagnosis.peak).truth("native_bf16", diagnosis.native_bf16).key("tests").array();
  for (const SelfTest& test : diagnosis.tests) {
    json.object().text("name", test.name).truth("passed", test.passed).text("found", test.found);
    json.text("advice", test.advice).end();
  }
  json.end();
}

}  // namespace strata::internal
