#include "strata/architecture.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "base/checked.hpp"
#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "strata/error.hpp"

namespace strata {
namespace {

constexpr std::array kActivations = {
    Activation::identity,   Activation::sigmoid, Activation::tanh,     Activation::relu,
    Activation::leaky_relu, Activation::elu,     Activation::selu,     Activation::gelu,
    Activation::silu,       Activation::mish,    Activation::softplus,
};
constexpr std::array kLosses = {Loss::binary_cross_entropy, Loss::categorical_cross_entropy, Loss::squared_error};

template <class Enum, std::size_t N>
Enum from_name(const std::array<Enum, N>& all, std::string_view wanted, const char* what) {
  std::vector<std::string> names;
  for (const Enum each : all) {
    if (name(each) == wanted) return each;
    names.emplace_back(name(each));
  }
  throw Error(ErrorCode::usage, fmt::format("'{}' is not {}{}\nthere are: {}", printable(wanted), what,
                                            suggestion(wanted, names), joined(names, names.size())));
}

}  // namespace

Head head_of(Loss loss) noexcept {
  switch (loss) {
    case Loss::binary_cross_entropy:
      return Head::sigmoid;
    case Loss::categorical_cross_entropy:
      return Head::softmax;
    case Loss::squared_error:
      break;
  }
  return Head::identity;
}

std::string_view name(Activation activation) noexcept {
  switch (activation) {
    case Activation::identity:
      return "identity";
    case Activation::sigmoid:
      return "sigmoid";
    case Activation::tanh:
      return "tanh";
    case Activation::relu:
      return "relu";
    case Activation::leaky_relu:
      return "leaky-relu";
    case Activation::elu:
      return "elu";
    case Activation::selu:
      return "selu";
    case Activation::gelu:
      return "gelu";
    case Activation::silu:
      return "silu";
    case Activation::mish:
      return "mish";
    case Activation::softplus:
      return "softplus";
  }
  return "?";
}

std::string_view name(Loss loss) noexcept {
  switch (loss) {
    case Loss::binary_cross_entropy:
      return "binary-cross-entropy";
    case Loss::categorical_cross_entropy:
      return "categorical-cross-entropy";
    case Loss::squared_error:
      return "squared-error";
  }
  return "?";
}

std::string_view name(Head head) noexcept {
  switch (head) {
    case Head::sigmoid:
      return "sigmoid";
    case Head::softmax:
      return "softmax";
    case Head::identity:
      return "identity";
  }
  return "?";
}

std::span<const Activation> all_activations() noexcept { return kActivations; }

Activation activation_from_name(std::string_view name) {
  return only_errors("for a name", [&] { return from_name(kActivations, name, "an activation"); });
}

Loss loss_from_name(std::string_view name) {
  return only_errors("for a name", [&] { return from_name(kLosses, name, "a loss"); });
}

std::size_t Architecture::parameter_count() const try {
  std::size_t count = 0;
  for (int l = 1; l <= depth(); ++l) {
    const auto n = static_cast<std::size_t>(units(l)), n_prev = static_cast<std::size_t>(units(l - 1));
    count = checked_add(
        count, checked_add(checked_multiply(n, n_prev, "the size of the network"), n, "the size of the network"),
        "the size of the network");
  }
  return count;
} catch (...) {
  throw_as_error("for a message");
}

void Architecture::validate() const try {
  for (int l = 0; l <= depth(); ++l) {
    if (units(l) < 1) {
      throw Error(ErrorCode::shape, l == 0 ? fmt::format("the network has {} inputs; it needs at least one", inputs)
                                           : fmt::format("layer {} has {} units; it needs at least one", l, units(l)));
    }
  }
  if (head() == Head::softmax && outputs < 2) {
    throw Error(ErrorCode::shape,
                "softmax chooses among outputs, so it needs at least two; for a yes/no question use "
                "binary-cross-entropy");
  }
  static_cast<void>(parameter_count());
} catch (...) {
  throw_as_error("for a message");
}

}  // namespace strata
