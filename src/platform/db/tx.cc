#include "platform/db/tx.h"

namespace latchkey::db::detail {

void wrong_column(const Value& value, const char* wanted) {
  const char* found = value.kind == Value::Kind::null      ? "NULL"
                      : value.kind == Value::Kind::integer ? "an integer"
                                                           : "text";
  throw Error(std::string("a column holds ") + found + " where " + wanted + " was asked for");
}

void wrong_row_count(std::string_view sql, const char* found) {
  throw Error(std::string(found) + " from: " + std::string(sql));
}

}  // namespace latchkey::db::detail
