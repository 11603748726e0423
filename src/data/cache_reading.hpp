// What is said of reading a text, to a cache of it, whose cells were read when it was made.
#pragma once

#include <string>
#include <vector>

#include "data/formats.hpp"
#include "strata/data.hpp"

namespace strata::internal {

/// Takes day and month for what they are where `reading` says so. Error(usage): the dates are held the other way round.
void set_date_order(const std::string& source, Field& field, const ReadingOptions& reading);

/// Error(usage): an option that would have to read the cells anew.
void require_obeyed(const std::string& source, const std::vector<Field>& fields, const Request& request);

/// Error(usage): one of the words that the user takes for missing is a word of this field, or a number that it holds.
void require_none_missing(const Table& table, const Field& field, const std::vector<std::string>& words);

}  // namespace strata::internal
