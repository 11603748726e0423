// The model file: safetensors for the numbers, a JSON text in its "__metadata__" for the rest. docs/formats.md
// describes it.
#include "model/model_file.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/checked.hpp"
#include "base/file.hpp"
#include "base/only_errors.hpp"
#include "base/text.hpp"
#include "model/metadata.hpp"
#include "strata/error.hpp"

namespace strata {
using namespace internal;
namespace {

constexpr int kFormatVersion = 6;  // the newest
constexpr const char* kFormatKey = "format";
constexpr const char* kVersionKey = "format_version";
constexpr const char* kModelKey = "strata";
constexpr const char* kChecksumKey = "crc32";
constexpr const char* kFormat = "strata";
constexpr const char* kCheckpoint = "strata checkpoint";  // in its place
constexpr const char* kStateKey = "training";

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorCode::format, message); }

std::size_t sum_of(std::span<const std::size_t> counts) {
  std::size_t sum = 0;
  for (const std::size_t count : counts) sum = checked_add(sum, count, "is damaged: the number of quantiles");
  return sum;
}

// The tensors of a model in the order in which Strata writes them. The 8-byte numbers come first, so that every number
// is aligned; the parameters follow as they lie in θ.
std::vector<TensorSpec> tensors_of(const Architecture& net, ScaleKind scaling, std::size_t quantiles,
                                   bool target_is_scaled, bool target_is_clamped, Precision precision,
                                   std::size_t networks) {
  std::vector<TensorSpec> tensors;
  const auto add = [&](const char* name, int size) {
    tensors.push_back({name, "F64", {static_cast<std::size_t>(size)}});
  };
  if (has_offsets(scaling)) add("scaling.offset", net.inputs), add("scaling.divisor", net.inputs);
  if (quantiles > 0) tensors.push_back({"scaling.quantiles", "F64", {quantiles}});
  if (target_is_scaled) add("target.offset", net.outputs), add("target.divisor", net.outputs);
  if (target_is_clamped) add("target.least", net.outputs), add("target.largest", net.outputs);
  if (networks > 1) tensors.push_back({"shares", "F64", {networks}});
  const char* dtype = precision == Precision::float64 ? "F64" : "F32";
  for (std::size_t i = 0; i < networks; ++i) {
    const std::string prefix = networks > 1 ? fmt::format("networks.{}.", i) : "";
    for (const ParameterBlock& block : blocks_of(net)) {
      // Our W[l] (n_l, n_{l−1}) is column-major: the bytes of a C-ordered array of shape (n_{l−1}, n_l).
      tensors.push_back({prefix + block.name(), dtype, {block.cols, block.rows}});
      if (block.is_vector()) tensors.back().shape = {block.rows};
    }
  }
  return tensors;
}

// Where the numbers of those tensors are in memory, in the same order, each in one piece or more.
template <class Data>
auto numbers_of(Data& data) {
  using Byte = std::conditional_t<std::is_const_v<Data>, const std::byte, std::byte>;
  std::vector<std::span<Byte>> numbers;
  const auto add = [&](auto* first, std::size_t count) {
    if (count > 0) numbers.push_back({reinterpret_cast<Byte*>(first), count * sizeof *first});
  };
  const auto add_pair = [&](auto& one, auto& other) {
    add(one.data(), one.size());
    add(other.data(), other.size());
  };
  add_pair(data.scaling.offset, data.scaling.divisor);
  for (auto& of_column : data.scaling.quantiles) add(of_column.data(), of_column.size());
  add_pair(data.target.offset, data.target.divisor);
  add_pair(data.target.least, data.target.largest);
  add(data.shares.data(), data.shares.size());
  std::visit(
      [&](auto& all) {
        for (auto& p : all)
          for (const ParameterBlock& block : p.blocks()) add(p.view(block).data, block.size());
      },
      data.networks);
  return numbers;
}

// What a checkpoint has beside its model, wherever it is.
struct StateView {
  std::string_view text;
  std::span<const SavedTensor> tensors;
};

std::string spec_text(const TensorSpec& spec) {
  return fmt::format("{} [{}]", spec.dtype, fmt::join(spec.shape, ", "));
}

// Over the metadata text, then the numbers in the order of tensors_of; then a state, if there is one: its text, and
// each of its tensors with what it is.
template <class Byte>
std::string checksum(std::string_view metadata, const std::vector<std::span<Byte>>& numbers, const StateView* state) {
  const auto update = [](uLong crc, const void* data, std::size_t size) {
    return crc32_z(crc, static_cast<const Bytef*>(data), size);
  };
  uLong crc = update(crc32_z(0, nullptr, 0), metadata.data(), metadata.size());
  for (const auto& bytes : numbers) crc = update(crc, bytes.data(), bytes.size());
  if (state != nullptr) {
    crc = update(crc, state->text.data(), state->text.size());
    for (const auto& [spec, bytes] : state->tensors) {
      const std::string what = spec.name + spec_text(spec);
      crc = update(update(crc, what.data(), what.size()), bytes.data(), bytes.size());
    }
  }
  return fmt::format("{:08x}", crc);
}

// Says where the first number is that is not finite; nothing when all are.
std::string first_not_finite(const Model::Data& data) {
  const auto search = [](const auto& all) -> std::string {
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (const ParameterBlock& block : all[i].blocks()) {
        for (std::size_t x = 0; x < block.size(); ++x) {
          const auto value = all[i].theta()[block.offset + x];
          if (!std::isfinite(value))
            return fmt::format("{}{} is {}", all.size() == 1 ? "" : fmt::format("network {}: ", i), block.element(x),
                               shortest(value));
        }
      }
    }
    return "";
  };
  return std::visit(search, data.networks);
}

// The version of the format.
int require_our_format(const SafetensorsHeader& header) {
  const std::string* format = header.metadata(kFormatKey);
  const std::string* version = header.metadata(kVersionKey);
  if (format == nullptr || (*format != kFormat && *format != kCheckpoint) || version == nullptr) {
    fail("is a safetensors file of another program: it holds no Strata model");
  }
  const bool digits = !version->empty() && version->size() < 10 &&
                      std::all_of(version->begin(), version->end(), [](char c) { return c >= '0' && c <= '9'; });
  const int number = digits ? std::stoi(*version) : 0;
  if (number < 1)
    fail(fmt::format("is damaged: its format version is {}", json_string(printable(version->substr(0, 40)))));
  if (number > kFormatVersion) {
    fail(fmt::format("was written by a newer Strata (format {}; this program reads up to {}): update Strata", number,
                     kFormatVersion));
  }
  return number;
}

const std::string& required_metadata(const SafetensorsHeader& header, const char* key) {
  const std::string* text = header.metadata(key);
  if (text == nullptr) fail(fmt::format("is damaged: its metadata has no \"{}\"", key));
  return *text;
}

// Takes what belongs to a state out of the stored tensors.
std::vector<StoredTensor> taken_state(std::vector<StoredTensor>& stored) {
  const auto is_of_state = [](const StoredTensor& tensor) { return tensor.spec.name.starts_with(kStatePrefix); };
  std::vector<StoredTensor> of_state;
  std::ranges::copy_if(stored, std::back_inserter(of_state), is_of_state);
  std::erase_if(stored, is_of_state);
  return of_state;
}

SavedState read_state(FileReader& file, const std::string& text, const std::vector<StoredTensor>& stored) {
  SavedState state{.text = text, .tensors = {}};
  for (const StoredTensor& tensor : stored) {
    state.tensors.push_back({tensor.spec, std::vector<std::byte>(tensor.spec.bytes())});
    read_at(file, tensor.begin, state.tensors.back().bytes);
  }
  return state;
}

// The stored tensors in the order of `expected`. Other programs may have sorted them by name, so any order is right.
std::vector<StoredTensor> arranged(std::vector<StoredTensor> stored, const std::vector<TensorSpec>& expected) {
  const auto by_name = [](const StoredTensor& a, const StoredTensor& b) { return a.spec.name < b.spec.name; };
  std::sort(stored.begin(), stored.end(), by_name);
  std::vector<StoredTensor> found;
  for (const TensorSpec& spec : expected) {
    const auto place = std::lower_bound(stored.begin(), stored.end(), StoredTensor{spec, 0}, by_name);
    if (place == stored.end() || place->spec.name != spec.name)
      fail(fmt::format("is damaged: the tensor '{}' is missing", spec.name));
    if (place->spec != spec) {
      fail(fmt::format("is damaged: the tensor '{}' is {}; the architecture says {}", spec.name, spec_text(place->spec),
                       spec_text(spec)));
    }
    found.push_back(*place);
  }
  for (const StoredTensor& tensor : stored) {
    const bool known =
        std::any_of(expected.begin(), expected.end(), [&](const TensorSpec& s) { return s.name == tensor.spec.name; });
    if (!known) fail(fmt::format("is damaged: no model has a tensor '{}'", printable(tensor.spec.name)));
  }
  return found;
}

// Called when it is known that the file has as many numbers as this makes room for.
void make_room(ModelMetadata& metadata) {
  Model::Data& data = *metadata.data;
  if (has_offsets(data.scaling.kind)) {
    data.scaling.offset.resize(static_cast<std::size_t>(data.architecture.inputs));
    data.scaling.divisor = data.scaling.offset;
  }
  for (const std::size_t count : metadata.quantiles) data.scaling.quantiles.emplace_back(count);
  if (metadata.target_is_scaled) {
    data.target.offset.resize(static_cast<std::size_t>(data.architecture.outputs));
    data.target.divisor = data.target.offset;
  }
  if (metadata.target_is_clamped) {
    data.target.least.resize(static_cast<std::size_t>(data.architecture.outputs));
    data.target.largest = data.target.least;
  }
  if (metadata.networks > 1) data.shares.resize(metadata.networks);
  const auto make = [&]<class T>(T) {
    data.networks = Networks<T>(metadata.networks, Parameters<T>(data.architecture));
  };
  metadata.precision == Precision::float64 ? make(double()) : make(float());
}

// `state`: of a checkpoint; of a model nothing.
std::unique_ptr<Model::Data> read_model(FileReader& file, std::optional<SavedState>& state) {
  const SafetensorsHeader header(file);
  const int version = require_our_format(header);
  const std::string& text = required_metadata(header, kModelKey);
  const std::string& expected_checksum = required_metadata(header, kChecksumKey);
  ModelMetadata metadata = read_metadata(text, version);
  if (const std::size_t stored = header.tensors().size();
      metadata.networks > stored / blocks_of(metadata.data->architecture).size())
    fail(fmt::format("is damaged: {} tensors are too few for its {} networks", stored, metadata.networks));
  const std::vector<TensorSpec> expected =
      tensors_of(metadata.data->architecture, metadata.data->scaling.kind, sum_of(metadata.quantiles),
                 metadata.target_is_scaled, metadata.target_is_clamped, metadata.precision, metadata.networks);
  std::vector<StoredTensor> all = header.tensors();
  if (*header.metadata(kFormatKey) == kCheckpoint)
    state = read_state(file, required_metadata(header, kStateKey), taken_state(all));
  const std::vector<StoredTensor> stored = arranged(std::move(all), expected);

  make_room(metadata);
  const auto numbers = numbers_of(*metadata.data);
  auto piece = numbers.begin();
  for (const StoredTensor& tensor : stored) {
    for (std::size_t read = 0, bytes = tensor.spec.bytes(); read < bytes; read += (piece++)->size())
      read_at(file, tensor.begin + read, *piece);
  }
  const StateView view = state ? StateView{state->text, state->tensors} : StateView{};
  const std::string found_checksum = checksum(text, numbers, state ? &view : nullptr);
  if (found_checksum != expected_checksum) {
    fail(fmt::format("is damaged: its checksum is {}, and it should be {}; was it changed after it was written?",
                     found_checksum, printable(expected_checksum)));
  }
  require_consistent(*metadata.data);
  if (const std::string where = first_not_finite(*metadata.data); !where.empty()) fail("is damaged: " + where);
  return std::move(metadata.data);
}

// The messages name the file, where there is one.
Model read_named_model(FileReader& file, std::optional<SavedState>& state) {
  const std::string name = file.path().empty() ? "" : file.quoted_name() + " ";
  try {
    return Model(read_model(file, state));
  } catch (const Error& error) {
    if (error.code() != ErrorCode::format) throw;
    throw Error(ErrorCode::format, (name.empty() ? "the model " : name) + error.what());
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::memory, fmt::format("no memory for the model {}({} bytes)", name, file.size()));
  }
}

// What cannot be read again is not written.
void require_readable(const Model& model, const std::string& text, const std::string& name) {
  const auto refuse = [&](ErrorCode code, const std::string& why) {
    throw Error(code, fmt::format("cannot write {}: {}", name, why));
  };
  try {
    require_consistent(model.data());
    const ModelMetadata again = read_metadata(text, format_version_of(model.data()));
    if (again.data->inputs != model.inputs() || again.data->target.names != model.target().names ||
        again.data->target.classes != model.target().classes) {
      refuse(ErrorCode::unsupported, "a name of an input, a level, a target or a class is not UTF-8");
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::format) throw;
    refuse(ErrorCode::internal, fmt::format("the model {}", error.what()));
  }
  if (const std::string where = first_not_finite(model.data()); !where.empty()) {
    refuse(ErrorCode::value, fmt::format("{}; a model whose weights are not finite is of no use", where));
  }
}

// All that is written to `name`, piece after piece: the header, which is put into `header`, the model's own numbers,
// and those of the state, if there is one.
std::vector<std::span<const std::byte>> pieces_of(const Model& model, const StateView* state, const std::string& name,
                                                  std::string& header) {
  const Model::Data& data = model.data();
  const std::string text = write_metadata(data, model.precision());
  require_readable(model, text, name);
  auto pieces = numbers_of(data);
  std::size_t quantiles = 0;
  for (const auto& of_column : data.scaling.quantiles) quantiles += of_column.size();
  SafetensorsMetadata metadata{{kFormatKey, state == nullptr ? kFormat : kCheckpoint},
                               {kVersionKey, std::to_string(format_version_of(data))},
                               {kModelKey, text},
                               {kChecksumKey, checksum(text, pieces, state)}};
  std::vector<TensorSpec> tensors =
      tensors_of(data.architecture, data.scaling.kind, quantiles, !data.target.offset.empty(),
                 !data.target.least.empty(), model.precision(), data.network_count());
  if (state != nullptr) {
    metadata.emplace_back(kStateKey, std::string(state->text));
    for (const auto& [spec, bytes] : state->tensors) {
      tensors.push_back(spec);
      pieces.emplace_back(bytes);
    }
  }
  header = safetensors_header(metadata, tensors);
  pieces.insert(pieces.begin(), std::as_bytes(std::span(header)));
  return pieces;
}

void save_with(const Model& model, const StateView* state, const std::filesystem::path& file,
               const std::filesystem::path& previous = {}) {
  std::string header;
  const auto pieces = pieces_of(model, state, in_quotes(file.native()), header);
  replace_file(file, [&](const Sink& sink) { std::ranges::for_each(pieces, sink); }, previous);
}

}  // namespace

void internal::save_checkpoint(const Model& model, std::string_view text, std::span<const SavedTensor> tensors,
                               const std::filesystem::path& file, const std::filesystem::path& previous) {
  const StateView state{text, tensors};
  save_with(model, &state, file, previous);
}

std::pair<Model, SavedState> internal::load_checkpoint(FileReader& file) {
  std::optional<SavedState> state;
  Model model = read_named_model(file, state);
  if (!state)
    throw Error(ErrorCode::format, fmt::format("{} is a model and no checkpoint: it does not say how its training goes "
                                               "on (checkpoints are what 'strata train --checkpoint' writes)",
                                               file.quoted_name()));
  return {std::move(model), std::move(*state)};
}

void Model::save(const std::filesystem::path& file) const try { save_with(*this, nullptr, file); } catch (...) {
  throw_as_error("to write this model");
}

std::vector<std::byte> Model::to_bytes() const try {
  std::string header;
  std::vector<std::byte> bytes;
  std::size_t size = 0;
  const auto pieces = pieces_of(*this, nullptr, "the model", header);
  for (const auto& piece : pieces) size += piece.size();
  bytes.reserve(size);
  for (const auto& piece : pieces) bytes.insert(bytes.end(), piece.begin(), piece.end());
  return bytes;
} catch (...) {
  throw_as_error("to write this model");
}

Model Model::load(const std::filesystem::path& file) try {
  FileReader reader(file);
  std::optional<SavedState> unused;
  return read_named_model(reader, unused);
} catch (...) {
  throw_as_error("to read this model");
}

Model Model::from_bytes(std::span<const std::byte> bytes) try {
  FileReader reader(bytes);
  std::optional<SavedState> unused;
  return read_named_model(reader, unused);
} catch (...) {
  throw_as_error("to read this model");
}

}  // namespace strata
