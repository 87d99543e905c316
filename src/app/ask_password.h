#pragma once

#include <expected>
#include <string>

namespace latchkey::app {

// Whether a person types on standard input.
bool person_at_standard_input();

// Asks the person there for a password, without showing it. Empty: they typed none. A signal that
// ends the program leaves the terminal as it was.
std::string ask_password(const std::string& prompt);

// Asks the person there for a new password, twice. Empty: they typed none, which is asked for once.
// The error is a sentence.
std::expected<std::string, std::string> ask_new_password(const std::string& prompt);

// The password that --password-stdin promises: one line of standard input. The error is a sentence.
std::expected<std::string, std::string> read_password();

}  // namespace latchkey::app
