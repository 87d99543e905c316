#pragma once

#include <string>
#include <string_view>

namespace latchkey::accounts {

// A name as what it looks like to directories, which compare names without regard to case, to the
// width of letters and to spaces (RFC 4518 section 2): for limits, so that each spelling is not a
// few tries more. Not for telling who somebody is. What is no text stays as it is.
std::string folded_name(std::string_view name);

}  // namespace latchkey::accounts
