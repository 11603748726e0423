// A model file that says how its training goes on: a checkpoint. docs/formats.md describes it.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file_reader.hpp"
#include "model/safetensors.hpp"
#include "strata/model.hpp"

namespace strata::internal {

struct SavedTensor {
  TensorSpec spec;
  std::vector<std::byte> bytes;
};
/// What a checkpoint has beside the model as trained so far: a text, and tensors whose names begin with kStatePrefix.
struct SavedState {
  std::string text;
  std::vector<SavedTensor> tensors;
};
inline constexpr std::string_view kStatePrefix = "training.";

/// Replaces the file by both or leaves it as it was; `previous`: as for replace_file. Errors: as Model::save.
void save_checkpoint(const Model& model, std::string_view text, std::span<const SavedTensor> tensors,
                     const std::filesystem::path& file, const std::filesystem::path& previous = {});
/// Errors: as Model::load; format, where the file is a model and nothing more.
[[nodiscard]] std::pair<Model, SavedState> load_checkpoint(FileReader& file);

}  // namespace strata::internal
