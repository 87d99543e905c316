#pragma once

#include <string>
#include <string_view>

// Texts that strangers choose and people read: names of apps and devices, user agents.
namespace latchkey::text {

// Text as it may be shown: without what is no UTF-8, what nobody sees and without what turns the
// direction of what stands around it. Joiners and variation selectors stay, which letters and emoji
// are made of. Empty when nothing can be seen in it.
std::string shown(std::string_view text);

// Of a whole sentence or page part that may hold our own isolates (U+2066 to U+2069) and direction
// marks: those stay, unless an isolate is closed that was not opened, or the reverse.
std::string shown_sentence(std::string_view text);

// Whether it has control characters, or some that turn the direction of writing: what is refused
// rather than mended.
bool has_controls(std::string_view text);

}  // namespace latchkey::text
