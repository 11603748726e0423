"""Makes steps with one fault each from the sentences of step.cpp themselves: a copy of its text for every fault, with the words
replaced that the fault names. A fault whose words step.cpp does not have (any more) ends this with an error.

usage: faulty_steps.py SOURCE-FOLDER OUTPUT.cpp
"""

import pathlib
import re
import sys

FORWARD = "k.linear_activation_forward(ws.g[l], p.W[l], p.b[l], ws.A[l - 1], ws.Z[l], ws.A[l]);"
BACKWARD = "k.linear_activation_backward(ws.g[l - 1], p.W[l], ws.dZ[l], ws.Z[l - 1], ws.A[l - 1], ws.dZ[l - 1], 1 / m,"
SLOPES = "sink.target(p.a_block(l - 1)));"
STAGE = "k.stage_backward(ws.stage, batch.X, ws.Z[0], ws.dZ[0], 1 / m, stage_targets(p, sink));"
GRADIENT = "k.linear_backward(ws.dZ[l], ws.A[l - 1], 1 / m, sink.target(p.W_block(l)), sink.target(p.b_block(l)));"
L2_OF = ".penalty = block.decays() ? penalty_ : 0, .theta = p_.view(block)"
KEPT = "KeepGradient<T> sink(p, lambda / m, gradient);"
KEPT_J = "return with_penalty(train_step(net, p, batch, ws, k, sink), p, m, lambda, k);"
DOWN = "for (int l = L; l >= 1; --l) {"
FLUSH = "const FlushDenormals flush;"


def inside(function, old, new):
    """Only in that function."""
    return (function, old, new)


def replaced(sentence, old, new):
    assert old in sentence, (old, sentence)
    return (None, sentence, sentence.replace(old, new))


# (name, the checks that must turn red, what is replaced). A fault that mixes up two matrices acts only where their shapes agree,
# as it does in a real program that does not stop at once.
FAULTS = [
    ("none", [], []),
    ("X is fed to every layer", ["equations"],
     [replaced(FORWARD, "ws.A[l - 1]", "batch.X.rows == ws.A[l - 1].rows ? batch.X : In<T>(ws.A[l - 1])")]),
    ("the last hidden layer is not activated", ["equations", "step by hand"],
     [replaced(FORWARD, "ws.g[l]", "with(ws.g[l], l == L - 1 ? Activation::identity : ws.g[l].activation)")]),
    ("forward uses the activation of the layer below", ["equations", "gradients"],
     [replaced(FORWARD, "ws.g[l]", "with(ws.g[l], ws.g[l > 1 ? l - 1 : l].activation)")]),
    ("forward uses the bias of the layer below", ["equations", "gradients"],
     [replaced(FORWARD, "p.b[l]", "p.b[l > 1 && net.units(l) == net.units(l - 1) ? l - 1 : l]")]),
    ("predict gives logits", ["equations", "repetition"], [(None, "k.head_forward(net.head(), ws.Z[L], ws.A[L]);", ";")]),
    ("weights are forgotten", ["weights"], [(None, "batch.w)", "nullptr)")]),
    ("m counts the examples", ["weights"], [(None, "batch.weight()", "static_cast<double>(batch.m())")]),
    ("m counts the examples in L2's part of the gradient", ["weights"],
     [(None, KEPT, KEPT.replace("/ m", "/ static_cast<double>(batch.m())"))]),
    ("the cost is a sum", ["step by hand", "equations", "gradients"], [(None, "ws.loss / m", "ws.loss")]),
    ("the cost has no L2", ["step by hand", "gradients"], [(None, "if (lambda != 0)", "if (false)")]),
    ("the cost has no L2 of the last layer", ["step by hand", "gradients"], [(None, "l <= p.depth()", "l < p.depth()")]),
    ("the cost has lambda/m", ["step by hand", "gradients"], [(None, "J += lambda / (2 * m)", "J += lambda / m")]),
    ("the cost has lambda/2", ["step by hand", "gradients"], [(None, "J += lambda / (2 * m)", "J += lambda / 2")]),
    ("the cost is that of the step before", ["step by hand", "equations", "repetition"],
     [(None, "k.loss_head(", "const double before = ws.loss; k.loss_head("), (None, "ws.loss / m", "before / m")]),
    ("L2 on the biases too", ["equations", "gradients"],
     [(None, "k.sum_of_squares(p.W[l])", "(k.sum_of_squares(p.W[l]) + k.sum_of_squares(p.b[l]))")]),
    ("L2 on the biases too, in the gradient only", ["step by hand", "gradients"],
     [replaced(L2_OF, "block.decays() ? penalty_ : 0", "penalty_")]),
    ("L2 of the gradient", ["step by hand", "gradients"], [replaced(L2_OF, "p_.view(block)", "In<T>(gradient_.view(block))")]),
    ("dW has no L2", ["step by hand", "gradients"], [replaced(L2_OF, "block.decays() ? penalty_ : 0", "0")]),
    ("dW has lambda", ["step by hand", "gradients"], [replaced(KEPT, "lambda / m", "lambda")]),
    ("dW has lambda/(2m)", ["step by hand", "gradients"], [replaced(KEPT, "lambda / m", "lambda / (2 * m)")]),
    ("dW loses lambda W", ["step by hand", "gradients"], [replaced(KEPT, "lambda / m", "-lambda / m")]),
    ("a short batch is divided by the full one", ["batches", "trajectory"],
     [replaced(GRADIENT, "1 / m", "1 / largest_so_far(m)")]),
    ("1/n_x for 1/m", ["step by hand", "gradients"], [replaced(GRADIENT, "1 / m", "1.0 / net.inputs")]),
    ("1/(m-1) for 1/m", ["step by hand", "gradients"], [replaced(GRADIENT, "1 / m", "1 / (m > 1 ? m - 1 : m)")]),
    ("backward runs from 1 to L", ["step by hand", "gradients"], [(None, DOWN, "for (int l = 1; l <= L; ++l) {")]),
    ("the first layer is not trained", ["step by hand", "gradients", "repetition"], [replaced(DOWN, "l >= 1", "l >= 2")]),
    ("the gradient is added to the old one", ["repetition", "trajectory"],
     [(None, KEPT, "const Parameters<T> old = gradient; " + KEPT),
      (None, KEPT_J, KEPT_J.replace("return", "const double J =") + " add(old, gradient); return J;")]),
    ("A[l] where A[l-1] belongs", ["gradients", "equations"],
     [replaced(GRADIENT, "ws.A[l - 1]", "ws.A[l].rows == ws.A[l - 1].rows ? ws.A[l] : ws.A[l - 1]")]),
    ("X where A[l-1] belongs", ["gradients", "equations"],
     [replaced(GRADIENT, "ws.A[l - 1]", "batch.X.rows == ws.A[l - 1].rows ? batch.X : In<T>(ws.A[l - 1])")]),
    ("dZ[L] is fed to every layer", ["gradients", "equations"],
     [(None, DOWN, "const std::vector<T> kept(ws.dZ[L].data, ws.dZ[L].data + ws.dZ[L].size()); "
       "const In<T> dZ_L(kept.data(), ws.dZ[L].rows, ws.dZ[L].cols); " + DOWN),
      replaced(GRADIENT, "ws.dZ[l]", "dZ_L.rows == ws.dZ[l].rows ? dZ_L : In<T>(ws.dZ[l])")]),
    ("db is that of the layer above", ["gradients", "equations"],
     [(None, GRADIENT, GRADIENT + " if (l < L && net.units(l) == net.units(l + 1)) copy(sink.target(p.b_block(l + 1)).d, "
       "sink.target(p.b_block(l)).d);")]),
    ("dA[l-1] from the updated W[l]", ["step by hand", "gradients"],
     [(None, DOWN, DOWN + " Parameters<T> updated(p), d(p); k.linear_backward_params(ws.dZ[l], ws.A[l - 1], 1 / m, d.W[l], d.b[l]); "
       "k.add_scaled(-0.1, d.W[l], updated.W[l]);"), replaced(BACKWARD, "p.W[l]", "updated.W[l]")]),
    ("W of the layer below", ["gradients", "equations"],
     [replaced(BACKWARD, "p.W[l]", "p.W[l - 1].rows == p.W[l].rows && p.W[l - 1].cols == p.W[l].cols ? p.W[l - 1] : p.W[l]")]),
    ("g' is forgotten", ["step by hand", "gradients"],
     [(None, BACKWARD, "k.linear_backward_input(p.W[l], ws.dZ[l], ws.dZ[l - 1]);"), (None, SLOPES, "")]),
    ("the slopes have the gradient of a sum", ["gradients", "equations"], [replaced(BACKWARD, "1 / m", "1")]),
    ("the slopes are not trained", ["gradients", "equations"],
     [replaced(SLOPES, "sink.target(p.a_block(l - 1))", "GradientTarget<T>{.d = Parameters<T>(net).a[l - 1]}")]),
    ("the stage is not trained", ["gradients", "equations"], [(None, STAGE, ";")]),
    ("the stage has the gradient of a sum", ["gradients", "equations"], [replaced(STAGE, "1 / m", "1")]),
    ("the stage sees A[0] for Z[0] on the way back", ["gradients", "equations"], [replaced(STAGE, "ws.Z[0]", "ws.A[0]")]),
    ("the factors and the offsets of pieces change places", ["gradients", "equations"],
     [replaced(STAGE, "stage_targets(p, sink)", "[&] { auto to = stage_targets(p, sink); if (to.U.d.data) std::swap(to.U, to.c); return to; }()")]),
    ("the stage is left out", ["equations"], [(None, "k.stage_forward(ws.stage, batch.X, ws.Z[0], ws.A[0]);", ";")]),
    ("g' of the layer above", ["gradients", "equations"], [replaced(BACKWARD, "ws.g[l - 1]", "with(ws.g[l - 1], ws.g[l < L ? l : l - 1].activation)")]),
    ("g' at A[l]", ["gradients", "equations"],
     [replaced(BACKWARD, "ws.Z[l - 1], ws.A[l - 1]", "ws.Z[ws.A[l].rows == ws.A[l - 1].rows ? l : l - 1], "
               "ws.A[ws.A[l].rows == ws.A[l - 1].rows ? l : l - 1]")]),
    *[(f"denormals count in {function}", ["denormals"], [inside(function, FLUSH, "")])
      for function in ("forward", "predict", "cost", "train_step")],
    ("the caller's denormals are lost", ["denormals"], [(None, FLUSH, "const FlushForGood flush;")]),
    ("denormals come back to a caller without them", ["denormals"], [(None, FLUSH, "const FlushAndForget flush;")]),
]

HEAD = '''// Made by tests/faults/faulty_steps.py from src/network/step.cpp and step.hpp.
#pragma GCC diagnostic ignored "-Wunused-variable"  // where a fault leaves out a use
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "faults/faulty_steps.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <vector>

#include "base/denormals.hpp"
#include "base/processor.hpp"
#include "network/step.hpp"

namespace strata::testing {
namespace {

template <class T> using In = View<const T>;

// The layer with another g: what it has besides is of its own size.
template <class T> Pointwise<T> with(Pointwise<T> layer, Activation g) {
  layer.activation = g;
  return layer;
}

double largest_so_far(double m) {
  static double largest = 0;
  return largest = std::max(largest, m);
}
template <class T> void add(const Parameters<T>& old, Parameters<T>& gradient) {
  for (std::size_t i = 0; i < old.theta().size(); ++i) gradient.theta()[i] += old.theta()[i];
}
template <class T> void copy(View<T> from, View<T> to) { std::copy_n(from.data, from.rows, to.data); }

// Denormal numbers count as zero while these live; and afterwards too, or never mind what they did before.
class FlushForGood {
 public:
  ~FlushForGood() {
    const unsigned long inside = float_mode();
    flush_.reset();
    set_float_mode(inside);
  }
 private:
  std::optional<FlushDenormals> flush_{std::in_place};
};
const unsigned long usual_mode = float_mode();
class FlushAndForget {
 public:
  ~FlushAndForget() {
    flush_.reset();
    set_float_mode(usual_mode);
  }
 private:
  std::optional<FlushDenormals> flush_{std::in_place};
};

'''


def without_comments(text):
    return re.sub(r"\s+", " ", re.sub(r"//[^\n]*", "", text)).strip()


def sentences(root):
    """The functions of step.cpp and the sink of step.hpp, in one line."""
    header = (root / "src/network/step.hpp").read_text()
    source = (root / "src/network/step.cpp").read_text()
    sink = header[header.index("/// The sink that leaves"):header.rindex("}  // namespace strata::internal")]
    own = source[source.index("namespace strata::internal {") + len("namespace strata::internal {"):source.index("#define STRATA_STEP")]
    # The sink's class, then step.cpp, then what step.hpp has inline.
    inline = sink.index("/// forward, loss, backward")
    return without_comments(sink[:inline]) + " " + without_comments(own) + " " + without_comments(sink[inline:])


def function_at(text, name):
    """Where the body of a function is."""
    begin = re.search(rf"\b{name}\([^)]*\) \{{", text).end()
    depth, end = 1, begin
    while depth > 0:
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        end += 1
    return begin, end


def planted(text, name, changes):
    for function, old, new in changes:
        begin, end = function_at(text, function) if function else (0, len(text))
        if old not in text[begin:end]:
            raise SystemExit(f"faulty_steps.py: for the fault '{name}', step.cpp does not have: {old}")
        text = text[:begin] + text[begin:end].replace(old, new) + text[end:]
    return text


def main(root, output):
    text = sentences(pathlib.Path(root))
    parts = [HEAD]
    for number, (name, _, changes) in enumerate(FAULTS):
        changed = planted(text, name, changes)
        if changes and changed == text:
            raise SystemExit(f"faulty_steps.py: the fault '{name}' changes nothing")
        # Names of their own, so that no call finds the right function of the library.
        for own in ("forward", "predict", "with_penalty", "cost", "train_step", "KeepGradient"):
            changed = re.sub(rf"(?<![\w.>]){own}\b", f"{own}_{number}", changed)
        parts.append(f"// {name}\n" + re.sub(r"([;{}]) ", r"\1\n", changed) + "\n")
    faults = ",\n".join(f'      {{"{name}", {{{", ".join(chr(34) + check + chr(34) for check in checks)}}}}}'
                        for name, checks, _ in FAULTS)
    subjects = "\n".join(
        f'  if (fault == "{name}")\n    return {{kernels, static_cast<StepType*>(train_step_{n}<double>), cost_{n}<double>, '
        f"predict_{n}<double>, forward_{n}<double>}};" for n, (name, _, _) in enumerate(FAULTS))
    parts.append(f'''}}  // namespace

const std::vector<StepFault>& step_faults() {{
  static const std::vector<StepFault> all = {{
{faults}}};
  return all;
}}

Subject faulty_step(const std::string& fault, const Kernels<double>& kernels) {{
{subjects}
  throw std::invalid_argument("there is no fault " + fault);
}}

}}  // namespace strata::testing
''')
    pathlib.Path(output).write_text("".join(parts))


if __name__ == "__main__":
    main(*sys.argv[1:])
