#include "platform/db/tx.h"

#include <map>

#include "platform/text/utf8.h"

namespace latchkey::db {

void Tx::run_before_commit() {
  // What these add in turn comes after them.
  while (!before_commit_.empty()) {
    std::multimap<std::string, std::function<void(Tx&)>> due;
    for (auto& [key, fn] : std::exchange(before_commit_, {})) due.emplace(key, std::move(fn));
    for (const auto& [key, fn] : due) fn(*this);
  }
}

void Tx::run_just_before_commit() {
  for (const auto& fn : std::exchange(just_before_commit_, {})) fn(*this);
}

namespace detail {

void wrong_column(const Value& value, const char* wanted) {
  const char* found = value.null                           ? "NULL"
                      : value.kind == Value::Kind::integer ? "an integer"
                                                           : "text";
  throw Error(std::string("a column holds ") + found + " where " + wanted + " was asked for");
}

void check_texts(std::span<const Value> args, std::string_view sql) {
  for (const Value& arg : args) {
    if (arg.text.contains('\0') || !text::valid_utf8(arg.text)) {
      throw Error("a parameter is not UTF-8 without NUL: " + std::string(sql));
    }
  }
}

void wrong_row_count(std::string_view sql, const char* found) {
  throw Error(std::string(found) + " from: " + std::string(sql));
}

}  // namespace detail
}  // namespace latchkey::db
