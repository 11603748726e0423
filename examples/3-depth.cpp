// The claim of the notes on depth: "there are functions that a small deep network computes and for which a shallow one
// needs exponentially more units". Here for parity (is the number of ones odd?) with weights set by hand, and with what
// the claim does not say.
//
// All three networks are those of the notes: (L−1) × [LINEAR → RELU] → LINEAR → SIGMOID, 1 where the probability is
// above 0.5.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <vector>

#include "strata/steps.hpp"

using strata::steps::Layer;
using strata::steps::Matrix;
using strata::steps::Parameters;

namespace {

constexpr int kMostBits = 12;

// A quantity as a sum of units of the layer below: Σ weight · unit.
struct Term {
  int unit;
  double weight;
};
using Sum = std::vector<Term>;

void add(Layer& layer, int unit, const Sum& sum) {
  for (const Term& term : sum) layer.W(unit, term.unit) += term.weight;
}

// The last layer: the logit is positive where the sum is 1 and negative where it is 0.
Layer decide(int units_below, const Sum& sum) {
  Layer layer{Matrix(1, units_below), Matrix(1, 1)};
  add(layer, 0, sum);
  layer.b(0, 0) = -0.5;
  return layer;
}

// A tree. Of two bits, a xor b = relu(a + b) − 2 relu(a + b − 1): 0 − 0, 1 − 0, 2 − 2. So every pair costs two units,
// and the sum of the two goes straight into the weights of the layer above. A bit without a partner is passed on:
// relu(a) = a.
Parameters deep_parity(int n) {
  Parameters network;
  std::vector<Sum> bits;
  for (int i = 0; i < n; ++i) bits.push_back({{i, 1}});
  int units_below = n;
  while (bits.size() > 1) {
    const int pairs = static_cast<int>(bits.size() / 2), single = static_cast<int>(bits.size() % 2);
    const int units = 2 * pairs + single;
    Layer layer{Matrix(units, units_below), Matrix(units, 1)};
    std::vector<Sum> next;
    for (int k = 0; k < pairs; ++k) {
      const auto left = static_cast<std::size_t>(2 * k);
      for (const int unit : {2 * k, 2 * k + 1}) {
        add(layer, unit, bits[left]);
        add(layer, unit, bits[left + 1]);
      }
      layer.b(2 * k + 1, 0) = -1;
      next.push_back({{2 * k, 1}, {2 * k + 1, -2}});
    }
    if (single == 1) {
      add(layer, units - 1, bits.back());
      next.push_back({{units - 1, 1}});
    }
    network.push_back(layer);
    bits = next;
    units_below = units;
  }
  network.push_back(decide(units_below, bits.front()));
  return network;
}

// One hidden layer of and-gates, one for each pattern with an odd number of ones; the output is their or. The gate of a
// pattern adds 1 for every one that is there, takes 1 for every one too many, and fires (with 1) only when nothing is
// missing.
Parameters pattern_parity(int n) {
  const int units = 1 << (n - 1);
  Layer gates{Matrix(units, n), Matrix(units, 1)};
  Sum any;
  int unit = 0;
  for (unsigned pattern = 0; pattern < 1U << n; ++pattern) {
    const int ones = std::popcount(pattern);
    if (ones % 2 == 0) continue;
    for (int i = 0; i < n; ++i) gates.W(unit, i) = (pattern >> i & 1) != 0 ? 1 : -1;
    gates.b(unit, 0) = 1 - ones;
    any.push_back({unit, 1});
    ++unit;
  }
  return {gates, decide(units, any)};
}

// One hidden layer of n units that only look at s, the number of ones: relu(s) − 2 relu(s−1) + 2 relu(s−2) − … goes up
// and down between 0 and 1, once for every kink.
Parameters zigzag_parity(int n) {
  Layer kinks{Matrix(n, n), Matrix(n, 1)};
  Sum zigzag;
  for (int k = 0; k < n; ++k) {
    for (int i = 0; i < n; ++i) kinks.W(k, i) = 1;
    kinks.b(k, 0) = -k;
    zigzag.push_back({k, k == 0 ? 1.0 : k % 2 == 1 ? -2.0 : 2.0});
  }
  return {kinks, decide(n, zigzag)};
}

struct Size {
  std::ptrdiff_t layers = 0, units = 0, parameters = 0, used = 0;  // units: hidden and output; used: not zero
};

Size size_of(const Parameters& network) {
  Size size;
  size.layers = static_cast<std::ptrdiff_t>(network.size());
  for (const auto& [W, b] : network) {
    size.units += W.rows();
    for (const Matrix* M : {&W, &b}) {
      const std::ptrdiff_t count = M->rows() * M->cols();
      size.parameters += count;
      size.used += count - std::count(M->data(), M->data() + count, 0.0);
    }
  }
  return size;
}

// All 2^n inputs, some at a time. Returns how many of them the network gets wrong.
int wrong_answers(const Parameters& network, int n) {
  constexpr int kBatch = 256;
  const int inputs = 1 << n;
  int wrong = 0;
  for (int begin = 0; begin < inputs; begin += kBatch) {
    const int m = std::min(kBatch, inputs - begin);
    Matrix X(n, m);
    for (int j = 0; j < m; ++j) {
      for (int i = 0; i < n; ++i) X(i, j) = (begin + j) >> i & 1;
    }
    const Matrix answer = strata::steps::predict(X, network);
    for (int j = 0; j < m; ++j) {
      if (answer(0, j) != std::popcount(static_cast<unsigned>(begin + j)) % 2) ++wrong;
    }
  }
  return wrong;
}

}  // namespace

int main() try {
  std::printf("Parity of n bits by three networks with weights set by hand, each tried on all 2^n inputs.\n");
  std::printf(
      "A unit is a hidden or output unit: one number that a layer computes. Inputs are not units. Parameters are the "
      "entries of\n"
      "all W[l] and b[l]; used are those that are not zero, as the tree connects each unit to four others at "
      "most.\n\n");
  std::printf(
      "           |  a tree of XOR units               |  a unit for each odd pattern  |  a zig-zag of ReLUs\n");
  std::printf(
      "  n    2^n | layers  units  parameters  (used)  | layers  units    parameters   | layers  units  parameters\n");
  int wrong = 0;
  for (int n = 1; n <= kMostBits; ++n) {
    const Parameters deep = deep_parity(n), patterns = pattern_parity(n), zigzag = zigzag_parity(n);
    for (const Parameters* network : {&deep, &patterns, &zigzag}) wrong += wrong_answers(*network, n);
    const Size a = size_of(deep), b = size_of(patterns), c = size_of(zigzag);
    std::printf(" %2d  %5d | %6td  %5td  %10td  (%4td)  | %6td  %5td    %10td   | %6td  %5td  %10td\n", n, 1 << n,
                a.layers, a.units, a.parameters, a.used, b.layers, b.units, b.parameters, c.layers, c.units,
                c.parameters);
  }
  if (wrong > 0) {
    std::printf("\n%d answers are wrong\n", wrong);
    return 1;
  }
  std::printf(R"(
Every answer of every network is right.

The tree has about 2n units in log2(n) + 1 layers (rounded up): two units for each of the n - 1 XORs, one for a bit without a
partner, one output.

The second network has a unit for each odd pattern, 2^(n-1) of them, and cannot do with fewer as long as its hidden units are
and-gates and its output an or-gate: an and-gate that leaves one input out fires for some odd pattern and also for the even
pattern that differs from it in that input; so every gate must look at all n inputs, and then it knows one pattern only.
This is what the claim of the notes says: one hidden layer of and/or units needs exponentially many.

The third network also has one hidden layer, and n units. It does not contradict the claim, because its units are no
and/or-gates. Parity depends on the inputs only through their sum s = 0 ... n, a single number, and a ReLU unit that is
given s adds a kink to a function of s wherever its bias says; n kinks make the zig-zag 0, 1, 0, 1, ... What an and-gate
cannot do is count: here every unit does, with outputs up to n and weights that take most of it back. So depth saves
exponentially against and/or gates; against units that may sum, parity alone shows no such gap.
)");
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "3-depth: %s\n", error.what());
  return 1;
}
