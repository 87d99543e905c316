#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string_view>

namespace latchkey::config {

// What a plain scalar, one without quotes, means by YAML's core schema (YAML 1.2.2 section
// 10.3.2): null, true, 12, 0o14, 0xC, 1.2e1, else a string; so "no", "1_000" and "12:30" are
// strings, unlike in YAML 1.1. Absent for a number that JSON has not: .inf, .nan, or beyond the
// range of its type.
std::optional<boost::json::value> read_plain_scalar(std::string_view text);

// What it means to readers of YAML 1.1, of which PyYAML is the one that homeservers use: also yes,
// on and their opposites, 0b11, 017, 1_000; but 1e3 is a string. A number beyond JSON's is any
// number: of such files only texts and truth values are read. So are 12:30 and dates, which are
// something else there: they remain strings.
boost::json::value read_yaml11_scalar(std::string_view text);

}  // namespace latchkey::config
