#include "config/names.hpp"

#include <fmt/format.h>

#include <array>

#include "base/only_errors.hpp"
#include "base/other_names.hpp"
#include "base/text.hpp"
#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

constexpr Named<Activation> kActivations[] = {{"identity", Activation::identity},
                                              {"sigmoid", Activation::sigmoid},
                                              {"tanh", Activation::tanh},
                                              {"relu", Activation::relu},
                                              {"leaky-relu", Activation::leaky_relu},
                                              {"elu", Activation::elu},
                                              {"selu", Activation::selu},
                                              {"gelu", Activation::gelu},
                                              {"silu", Activation::silu},
                                              {"mish", Activation::mish},
                                              {"softplus", Activation::softplus},
                                              {"swish", Activation::silu}};
constexpr Named<Loss> kLosses[] = {{"binary-cross-entropy", Loss::binary_cross_entropy},
                                   {"categorical-cross-entropy", Loss::categorical_cross_entropy},
                                   {"squared-error", Loss::squared_error},
                                   {"absolute-error", Loss::absolute_error},
                                   {"huber", Loss::huber},
                                   {"quantile", Loss::quantile},
                                   {"pinball", Loss::quantile}};
constexpr Named<Head> kHeads[] = {{"sigmoid", Head::sigmoid}, {"softmax", Head::softmax}, {"identity", Head::identity}};
constexpr Named<RowEmbedding::Kind> kRowEmbeddings[] = {{"none", RowEmbedding::Kind::none},
                                                        {"periodic", RowEmbedding::Kind::periodic},
                                                        {"levels", RowEmbedding::Kind::levels},
                                                        {"piecewise", RowEmbedding::Kind::piecewise}};
constexpr Named<Task> kTasks[] = {
    {"auto", Task::automatic}, {"binary", Task::binary}, {"classes", Task::classes}, {"regression", Task::regression}};
constexpr Named<OptimizerKind> kOptimizers[] = {{"gradient-descent", OptimizerKind::gradient_descent},
                                                {"momentum", OptimizerKind::momentum},
                                                {"adam", OptimizerKind::adam},
                                                {"adamw", OptimizerKind::adamw},
                                                {"nesterov", OptimizerKind::nesterov},
                                                {"sgd", OptimizerKind::gradient_descent}};
constexpr Named<Schedule::Kind> kSchedules[] = {
    {"constant", Schedule::Kind::constant}, {"step", Schedule::Kind::step},
    {"cosine", Schedule::Kind::cosine},     {"one-cycle", Schedule::Kind::one_cycle},
    {"coslog4", Schedule::Kind::coslog4},   {"flat-cosine", Schedule::Kind::flat_cosine}};
constexpr Named<RandomStream> kStreams[] = {{"strata", RandomStream::strata}, {"numpy", RandomStream::numpy}};
constexpr Named<Precision> kPrecisions[] = {
    {"float32", Precision::float32}, {"float64", Precision::float64}, {"bf16", Precision::bf16}};
constexpr Named<ScaleKind> kScales[] = {
    {"auto", ScaleKind::automatic},    {"auto-quantile", ScaleKind::automatic_quantile},
    {"standard", ScaleKind::standard}, {"1/255", ScaleKind::divide_255},
    {"robust", ScaleKind::robust},     {"quantile", ScaleKind::quantile},
    {"none", ScaleKind::none}};
constexpr Named<NumericEmbedding> kEmbeddings[] = {
    {"none", NumericEmbedding::none}, {"pbld", NumericEmbedding::pbld}, {"piecewise", NumericEmbedding::piecewise}};
constexpr Named<Parametrization> kParametrizations[] = {{"standard", Parametrization::standard},
                                                        {"ntp", Parametrization::ntp}};
constexpr Named<LastBatch> kLastBatches[] = {{"keep", LastBatch::keep}, {"drop", LastBatch::drop}};
constexpr Named<Select> kSelects[] = {{"none", Select::none}, {"greedy", Select::greedy}};
constexpr Named<Calibrate> kCalibrates[] = {{"none", Calibrate::none}, {"temperature", Calibrate::temperature}};
constexpr Named<Impute> kImputes[] = {{"mean", Impute::mean}, {"median", Impute::median}};
constexpr Named<MissingTarget> kMissingTargets[] = {{"error", MissingTarget::error}, {"drop", MissingTarget::drop}};
constexpr Named<Header> kHeaders[] = {{"auto", Header::automatic}, {"yes", Header::yes}, {"no", Header::no}};
constexpr Named<DecimalSign> kDecimals[] = {{"auto", DecimalSign::automatic},
                                            {"point", DecimalSign::point},
                                            {"comma", DecimalSign::comma},
                                            {".", DecimalSign::point},
                                            {",", DecimalSign::comma}};
constexpr Named<Transpose> kTransposes[] = {
    {"auto", Transpose::automatic}, {"yes", Transpose::yes}, {"no", Transpose::no}};
constexpr Named<DateOrder> kDateOrders[] = {
    {"auto", DateOrder::automatic}, {"dmy", DateOrder::dmy}, {"mdy", DateOrder::mdy}, {"ymd", DateOrder::ymd}};
constexpr Named<BadCells> kBadCells[] = {{"error", BadCells::error}, {"missing", BadCells::missing}};
constexpr Named<BadRows> kBadRows[] = {{"error", BadRows::error}, {"skip", BadRows::skip}};
constexpr Named<Metric> kMetrics[] = {{"loss", Metric::loss},
                                      {"accuracy", Metric::accuracy},
                                      {"balanced-accuracy", Metric::balanced_accuracy},
                                      {"f1", Metric::f1},
                                      {"mcc", Metric::mcc},
                                      {"roc-auc", Metric::roc_auc},
                                      {"pr-auc", Metric::pr_auc},
                                      {"log-loss", Metric::log_loss},
                                      {"brier", Metric::brier},
                                      {"rmse", Metric::rmse},
                                      {"mae", Metric::mae},
                                      {"r2", Metric::r2},
                                      {"mape", Metric::mape},
                                      {"pinball", Metric::pinball},
                                      {"auc", Metric::roc_auc},
                                      {"average-precision", Metric::pr_auc}};
constexpr Named<Initializer::Kind> kInitializers[] = {
    {"lecun", Initializer::Kind::lecun},   {"he", Initializer::Kind::he},       {"glorot", Initializer::Kind::glorot},
    {"normal", Initializer::Kind::normal}, {"zeros", Initializer::Kind::zeros}, {"data", Initializer::Kind::data},
    {"xavier", Initializer::Kind::glorot}};

constexpr auto kAllActivations = [] {
  std::array<Activation, std::size(kActivations) - 1> all{};  // swish is none of its own
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = kActivations[i].kind;
  return all;
}();

template <class Kind>
Kind from_name(std::string_view wanted, const char* what) {
  if (const std::optional<Kind> kind = kind_named<Kind>(wanted)) return *kind;
  const std::vector<std::string> names = own_names<Kind>();
  throw Error(ErrorCode::usage, fmt::format("'{}' is not {}{}\nthere are: {}", printable(wanted), what,
                                            suggestion_of_name(wanted, names), joined(names, names.size())));
}

}  // namespace

// NOLINTBEGIN(bugprone-macro-parentheses): a type
#define STRATA_NAMES(Kind, table)                                    \
  template <>                                                        \
  std::span<const Named<Kind>> internal::names_of<Kind>() noexcept { \
    return table;                                                    \
  }
// NOLINTEND(bugprone-macro-parentheses)
STRATA_NAMES(Activation, kActivations)
STRATA_NAMES(Loss, kLosses)
STRATA_NAMES(Head, kHeads)
STRATA_NAMES(RowEmbedding::Kind, kRowEmbeddings)
STRATA_NAMES(Task, kTasks)
STRATA_NAMES(OptimizerKind, kOptimizers)
STRATA_NAMES(Schedule::Kind, kSchedules)
STRATA_NAMES(RandomStream, kStreams)
STRATA_NAMES(Precision, kPrecisions)
STRATA_NAMES(ScaleKind, kScales)
STRATA_NAMES(NumericEmbedding, kEmbeddings)
STRATA_NAMES(Parametrization, kParametrizations)
STRATA_NAMES(LastBatch, kLastBatches)
STRATA_NAMES(Select, kSelects)
STRATA_NAMES(Calibrate, kCalibrates)
STRATA_NAMES(Impute, kImputes)
STRATA_NAMES(MissingTarget, kMissingTargets)
STRATA_NAMES(Header, kHeaders)
STRATA_NAMES(DecimalSign, kDecimals)
STRATA_NAMES(DateOrder, kDateOrders)
STRATA_NAMES(Transpose, kTransposes)
STRATA_NAMES(BadCells, kBadCells)
STRATA_NAMES(BadRows, kBadRows)
STRATA_NAMES(Metric, kMetrics)
STRATA_NAMES(Initializer::Kind, kInitializers)
#undef STRATA_NAMES

std::string_view name(Activation activation) noexcept { return name_in_table(activation); }
std::string_view name(Loss loss) noexcept { return name_in_table(loss); }
std::string_view name(Head head) noexcept { return name_in_table(head); }
std::string_view name(RowEmbedding::Kind kind) noexcept { return name_in_table(kind); }
std::string_view name(Task task) noexcept { return name_in_table(task); }
std::string_view name(OptimizerKind kind) noexcept { return name_in_table(kind); }
std::string_view name(RandomStream stream) noexcept { return name_in_table(stream); }
std::string_view name(Precision precision) noexcept { return name_in_table(precision); }
std::string_view name(ScaleKind kind) noexcept { return name_in_table(kind); }
std::string_view name(NumericEmbedding embedding) noexcept { return name_in_table(embedding); }
std::string_view name(Parametrization parametrization) noexcept { return name_in_table(parametrization); }
std::string_view name(LastBatch last) noexcept { return name_in_table(last); }
std::string_view name(Select select) noexcept { return name_in_table(select); }
std::string_view name(Calibrate calibrate) noexcept { return name_in_table(calibrate); }
std::string_view name(Impute impute) noexcept { return name_in_table(impute); }
std::string_view name(MissingTarget missing) noexcept { return name_in_table(missing); }
std::string_view name(Header header) noexcept { return name_in_table(header); }
std::string_view name(DecimalSign sign) noexcept { return name_in_table(sign); }
std::string_view name(Transpose transpose) noexcept { return name_in_table(transpose); }
std::string_view name(DateOrder order) noexcept { return name_in_table(order); }
std::string_view name(BadCells bad) noexcept { return name_in_table(bad); }
std::string_view name(BadRows bad) noexcept { return name_in_table(bad); }
std::string_view name(Metric metric) noexcept { return name_in_table(metric); }

std::span<const Activation> all_activations() noexcept { return kAllActivations; }

Activation activation_from_name(std::string_view name) {
  return only_errors("for a name", [&] { return from_name<Activation>(name, "an activation"); });
}

Loss loss_from_name(std::string_view name) {
  return only_errors("for a name", [&] { return from_name<Loss>(name, "a loss"); });
}

void spell_options(OptionSpelling how) noexcept { spell_with(how); }

}  // namespace strata
