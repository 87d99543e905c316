#include "platform/db/postgres_sql.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace latchkey::db {
namespace {

bool name_begins(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool name_goes_on(char c) { return name_begins(c) || (c >= '0' && c <= '9'); }

// The end of what begins at `i` and holds no parameters: a literal, a quoted name, a comment, a
// cast ("::"). `i` itself when nothing of that kind begins there.
std::size_t skip(std::string_view sql, std::size_t i) {
  const auto past = [&](std::string_view end, std::size_t from) {
    const std::size_t at = sql.find(end, from);
    return at == std::string_view::npos ? sql.size() : at + end.size();
  };
  const std::string_view rest = sql.substr(i);
  // A doubled quote reads as two literals in a row, which comes to the same.
  if (rest.starts_with('\'')) return past("'", i + 1);
  if (rest.starts_with('"')) return past("\"", i + 1);
  if (rest.starts_with("--")) return past("\n", i + 2);
  if (rest.starts_with("/*")) return past("*/", i + 2);
  if (rest.starts_with("::")) return i + 2;
  return i;
}

}  // namespace

PostgresSql number_parameters(std::string_view sql) {
  PostgresSql out;
  out.text.reserve(sql.size());
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < sql.size();) {
    if (const std::size_t end = skip(sql, i); end > i) {
      out.text += sql.substr(i, end - i);
      i = end;
      continue;
    }
    if (sql[i] != ':' || i + 1 == sql.size() || !name_begins(sql[i + 1])) {
      out.text += sql[i++];
      continue;
    }
    std::size_t end = i + 1;
    while (end < sql.size() && name_goes_on(sql[end])) ++end;
    const std::string_view name = sql.substr(i + 1, end - i - 1);
    auto known = std::ranges::find(names, name);
    if (known == names.end()) known = names.insert(known, name);
    out.text += '$' + std::to_string(known - names.begin() + 1);
    i = end;
  }
  out.parameters = static_cast<int>(names.size());
  return out;
}

}  // namespace latchkey::db
