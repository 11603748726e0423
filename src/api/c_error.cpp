// The last error of a thread, and what belongs to the library as a whole.
#include <new>

#include "api/c_handles.hpp"
#include "strata/json.hpp"
#include "strata/version.hpp"

namespace strata::internal {
namespace {

struct LastError {
  std::string text;
  strata_error error{STRATA_OK, "", ""};
};
thread_local LastError last_error;

strata_status keep(strata_status status, const char* function, const char* message) noexcept {
  last_error.error = {status, "there is not enough memory for what the message says", function};
  try {
    last_error.text = message;
    last_error.error.message = last_error.text.c_str();
  } catch (const std::bad_alloc&) {
    return status;
  }
  return status;
}

strata_status status_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::usage: return STRATA_USAGE;
    case ErrorCode::not_found: return STRATA_NOT_FOUND;
    case ErrorCode::io: return STRATA_IO;
    case ErrorCode::format: return STRATA_FORMAT;
    case ErrorCode::shape: return STRATA_SHAPE;
    case ErrorCode::value: return STRATA_VALUE;
    case ErrorCode::unsupported: return STRATA_UNSUPPORTED;
    case ErrorCode::diverged: return STRATA_DIVERGED;
    case ErrorCode::memory: return STRATA_MEMORY;
    case ErrorCode::internal: break;
  }
  return STRATA_INTERNAL;
}

}  // namespace

strata_status remember(const char* function) {
  try {
    throw;
  } catch (const StoppedByCaller&) {
    return keep(STRATA_STOPPED, function, "a function of the caller's ended the call");
  } catch (const Error& error) {
    return keep(status_of(error.code()), function, error.what());
  } catch (const std::bad_alloc&) {
    return keep(STRATA_MEMORY, function, "there is not enough memory");
  } catch (const std::exception& error) {
    return keep(STRATA_INTERNAL, function, error.what());
  } catch (...) {
    return keep(STRATA_INTERNAL, function, "a function of the caller's threw what is no error of C++");
  }
}

std::vector<std::string> texts_of(const char* const* texts, std::size_t count, std::string_view what) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back(required_text((&required(texts, what))[i], std::string(what) + '[' + std::to_string(i) + ']'));
  return all;
}

}  // namespace strata::internal

using namespace strata;
using namespace strata::internal;

namespace {

// As a keyword argument: a number as it is, all else in quotes.
std::string python_spelling(std::string_view option, std::string_view value) {
  std::string text(option);
  for (char& c : text)
    if (c == '-') c = '_';
  if (value.empty()) return text;
  const bool is_number = value.find_first_not_of("0123456789.") == std::string_view::npos && value != ".";
  if (is_number) return text.append("=").append(value);
  text += "='";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text += '\'';
}

}  // namespace

extern "C" {

const strata_error* strata_last_error() { return &last_error.error; }

const char* strata_bytes_data(const strata_bytes* bytes) { return bytes == nullptr ? "" : bytes->text.c_str(); }
size_t strata_bytes_size(const strata_bytes* bytes) { return bytes == nullptr ? 0 : bytes->text.size(); }
void strata_bytes_free(strata_bytes* bytes) { delete bytes; }

const char* strata_version() { return STRATA_VERSION; }
int strata_abi_version() { return STRATA_ABI_VERSION; }

strata_status strata_diagnose(strata_bytes** json) {
  return answered(__func__, [&] {
    required(json, "json");
    give(json, to_json(diagnose()));
  });
}

strata_status strata_spell_options(int spelling) {
  return answered(__func__, [&] {
    if (spelling != STRATA_SPELL_COMMAND_LINE && spelling != STRATA_SPELL_PYTHON)
      throw Error(ErrorCode::usage, "spelling: expected STRATA_SPELL_COMMAND_LINE or STRATA_SPELL_PYTHON, found " +
                                        std::to_string(spelling));
    spell_options(spelling == STRATA_SPELL_PYTHON ? python_spelling : nullptr);
  });
}

}  // extern "C"
