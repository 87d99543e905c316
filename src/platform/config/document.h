#pragma once

#include <boost/json/object.hpp>
#include <cstddef>
#include <expected>
#include <string>

// YAML files from outside that are not our configuration (registration files of application
// services, documents to agree to), read strictly into JSON: maps become objects, lists arrays,
// plain scalars what YAML 1.2's core schema says, quoted ones strings.
namespace latchkey::config {

// Of a file, and of what it holds once its aliases are written out (a byte for each value, and
// each scalar's own). Nothing that people write by hand comes near it.
inline constexpr std::size_t kMaxDocument = std::size_t{1} << 20;  // bytes
inline constexpr std::size_t kMaxDocumentDepth = 32;               // the object itself is 1

// What a file is held against.
enum class Dialect {
  strict,  // as above, and nothing twice
  // As readers of YAML 1.1 take it (read_yaml11_scalar()): files that other programs write and read
  // too, and of which we need a few fields. Merge keys ("<<") are followed, of a name that is there
  // twice the last counts, as in PyYAML; a tag of another program's makes null, a name that is no
  // scalar nothing.
  yaml11,
};

// What is wrong comes as a sentence without the file's name: "cannot be read: there is no such
// file", "line 7: 'id' is there twice". It never shows a value. Refused are also: anything but one
// map with names that are scalars, tags other than the core schema's own of a string, map or list,
// bad UTF-8, numbers that JSON has not.
std::expected<boost::json::object, std::string> read_document(const std::string& path,
                                                              Dialect dialect = Dialect::strict);

// The same of a text.
std::expected<boost::json::object, std::string> parse_document(const std::string& yaml,
                                                               Dialect dialect = Dialect::strict);

}  // namespace latchkey::config
