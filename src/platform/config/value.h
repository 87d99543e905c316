#pragma once

#include <optional>
#include <string>

#include "platform/config/option.h"

// One option's value as text. Not for users of platform/config.
namespace latchkey::config {

// Reads a scalar of the file into the value. What is wrong with it, as the end of a sentence
// ("'5 parsecs' is not a duration, try '5m'"), or nullopt. Not for lists. What it proposes is
// what was probably meant, else the default, and within the range.
std::optional<std::string> read_scalar(const Value& value, const std::string& text,
                                       const std::optional<Range>& range = {});

// The value as YAML on one line; a secret shows as empty.
std::string show_yaml(const Value& value);
std::string show_yaml(const std::vector<std::string>& list);

// Whether there is something to show: neither an empty text or list nor a secret.
bool has_content(const Value& value);

// "a duration", "one of auto, text, json".
std::string type_name(const Value& value);

// "1KiB to 16MiB"; empty without bounds.
std::string show_range(const Option& option);

// What is wrong when the value is outside its bounds, or nullopt. "never" is within all.
std::optional<std::string> check_range(const Option& option);

}  // namespace latchkey::config
