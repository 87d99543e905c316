#pragma once

#include <boost/json/object.hpp>
#include <string>

namespace latchkey::text {

// The object with its keys in order and no white space, at every depth: two texts of one object
// become the same bytes (Matrix spec appendices, "Canonical JSON"; numbers as they were read).
std::string canonical_json(const boost::json::object& object);

}  // namespace latchkey::text
