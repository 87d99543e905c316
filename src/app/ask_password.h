#pragma once

#include <expected>
#include <string>

namespace latchkey::app {

// Whether a person types on standard input.
bool person_at_standard_input();

// Asks the person there for a new password, twice, without showing it. Empty: they typed none,
// which is asked for once. The error is a sentence. A signal that ends the program leaves the
// terminal as it was.
std::expected<std::string, std::string> ask_new_password(const std::string& prompt);

}  // namespace latchkey::app
