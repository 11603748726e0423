// A model put together by hand around a Case, and a table of its examples.
#pragma once

#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/model_data.hpp"
#include "network_for_tests.hpp"
#include "strata/data.hpp"

namespace strata::testing {
using namespace internal;

/// Inputs "x0", "x1", …; targets "y" (classes no, yes or a, b, c) or "y0", "y1" (numbers). X of the case is what the
/// network sees: the table holds 2x + 3, and the model's scaling takes that back, exactly.
template <class T>
Model model_of(const Case& c, double l2 = 0) {
  auto data = std::make_unique<Model::Data>();
  data->architecture = c.net;
  for (int i = 0; i < c.net.inputs; ++i) data->inputs.push_back({"x" + std::to_string(i), {}});
  switch (c.net.head()) {
    case Head::sigmoid: data->target = {{"y"}, Task::binary, {"no", "yes"}, {}, {}}; break;
    case Head::softmax: data->target = {{"y"}, Task::classes, {"a", "b", "c"}, {}, {}}; break;
    case Head::identity: data->target = {{"y0", "y1"}, Task::regression, {}, {}, {}}; break;
  }
  const auto n_x = static_cast<std::size_t>(c.net.inputs);
  data->scaling = {ScaleKind::standard, std::vector<double>(n_x, 3.0), std::vector<double>(n_x, 2.0)};
  data->record.train.task = data->target.task;
  data->record.l2 = l2;
  Parameters<T> p(c.net);
  for (std::size_t i = 0; i < p.theta().size(); ++i) p.theta()[i] = static_cast<T>(c.p.theta()[i]);
  data->networks = Networks<T>{std::move(p)};
  return Model(std::move(data));
}

/// The same of several networks, whose weights shrink from one to the next.
template <class T>
Model several_of(const Case& c, const std::vector<double>& shares) {
  Model model = model_of<T>(c);
  Networks<T>& all = std::get<Networks<T>>(model.data().networks);
  while (all.size() < shares.size()) {
    Parameters<T>& p = all.emplace_back(Parameters<T>(all.front()));
    for (T& number : p.theta()) number *= static_cast<T>(1 - 0.25 * static_cast<double>(all.size() - 1));
  }
  model.data().shares = shares;
  return model;
}

/// Rounded so that the scaling above is exact in both precisions.
inline void round_inputs(Case& c) {
  for (double& x : c.X) x = std::round(x * 64) / 64;
}

inline Table inputs_of(const Case& c) {
  Table table;
  const auto m = static_cast<std::size_t>(c.m), n_x = static_cast<std::size_t>(c.net.inputs);
  for (std::size_t i = 0; i < n_x; ++i) {
    std::vector<double> values(m);
    for (std::size_t j = 0; j < m; ++j) values[j] = 2 * c.X[i + j * n_x] + 3;
    table.add_numbers("x" + std::to_string(i), {}, values);
  }
  return table;
}

inline Table table_of(const Case& c) {
  Table table = inputs_of(c);
  const auto m = static_cast<std::size_t>(c.m), n_y = static_cast<std::size_t>(c.net.outputs);
  std::vector<std::string> labels(m);
  for (std::size_t j = 0; j < m; ++j) {
    const double* y = c.Y.data() + j * n_y;
    if (c.net.loss == Loss::binary_cross_entropy) labels[j] = y[0] == 1 ? "yes" : "no";
    if (c.net.loss == Loss::categorical_cross_entropy) labels[j] = y[0] == 1 ? "a" : y[1] == 1 ? "b" : "c";
  }
  if (c.net.loss != Loss::squared_error) {
    table.add_text("y", labels);
    return table;
  }
  for (std::size_t i = 0; i < n_y; ++i) {
    std::vector<double> values(m);
    for (std::size_t j = 0; j < m; ++j) values[j] = c.Y[i + j * n_y];
    table.add_numbers("y" + std::to_string(i), {}, values);
  }
  return table;
}

}  // namespace strata::testing
