#pragma once

#include <optional>
#include <string>
#include <string_view>

// What open() of database.h takes, seen before anything is opened.
namespace latchkey::db {

// What is wrong with a database's URL and what to write instead, as the end of a sentence; absent:
// nothing. Never shows the URL of a server: a password may be in it.
std::optional<std::string> problem_of_url(const std::string& url);

// The file of a SQLite URL; absent for any other.
std::optional<std::string> sqlite_file_of(std::string_view url);

}  // namespace latchkey::db
