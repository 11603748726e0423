#include "commands.hpp"

namespace strata::cli {

std::vector<Command> all_commands() {
  return {describe_command(), train_command(),           evaluate_command(), predict_command(), inspect_command(),
          trace_command(),    check_gradients_command(), convert_command(),  demo_command(),    doctor_command()};
}

}  // namespace strata::cli
