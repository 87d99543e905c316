#pragma once

#include <span>
#include <string>
#include <string_view>

namespace latchkey::texts {

// Whether each word of `query` is in one of the texts, however it is capitalised, be it as a part
// of a longer one. All texts have the words of an empty query.
bool has_words(std::string_view query, std::span<const std::string> texts);

}  // namespace latchkey::texts
