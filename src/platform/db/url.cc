#include "platform/db/url.h"

#include <libpq-fe.h>

#include <charconv>
#include <cstdint>
#include <memory>
#include <ranges>

namespace latchkey::db {
namespace {

constexpr std::string_view kSqlite = "sqlite:";

bool of_postgresql(std::string_view url) {
  return url.starts_with("postgresql://") || url.starts_with("postgres://");
}

// Whether the ports, one for each host, are numbers of ports or left out.
bool has_ports(const PQconninfoOption* options) {
  for (; options->keyword != nullptr; ++options) {
    if (std::string_view(options->keyword) != "port" || options->val == nullptr) continue;
    for (const auto part : std::views::split(std::string_view(options->val), ',')) {
      const std::string_view port(part);
      std::uint16_t number = 0;
      const auto [at, fault] = std::from_chars(port.data(), port.data() + port.size(), number);
      const bool read = fault == std::errc{} && at == port.data() + port.size() && number != 0;
      if (!port.empty() && !read) return false;
    }
  }
  return true;
}

// What was probably meant by a URL of another form.
std::string instead_of(std::string_view url) {
  if (url.starts_with("sqlite://") && url.size() > 9) return "sqlite:" + std::string(url.substr(9));
  if (url.starts_with("sqlite:/") && url.size() > 8)
    return "sqlite:///" + std::string(url.substr(8));
  if (url.starts_with('/')) return "sqlite://" + std::string(url);
  if (url.ends_with(".db") && url.find(':') == url.npos) return "sqlite:" + std::string(url);
  return "sqlite:///var/lib/latchkey/latchkey.db";
}

}  // namespace

std::optional<std::string> sqlite_file_of(std::string_view url) {
  if (url.starts_with("sqlite:///")) {
    return url.size() > 10 ? std::optional("/" + std::string(url.substr(10))) : std::nullopt;
  }
  if (!url.starts_with(kSqlite) || url.starts_with("sqlite:/")) return std::nullopt;
  return url.size() > kSqlite.size() ? std::optional(std::string(url.substr(kSqlite.size())))
                                     : std::nullopt;
}

std::optional<std::string> problem_of_url(const std::string& url) {
  if (sqlite_file_of(url)) return std::nullopt;
  if (!of_postgresql(url)) {
    // Of a server with a password, under another name.
    const bool shown = url.find('@') == url.npos;
    return (shown ? "'" + url + "' is" : std::string("is")) +
           " neither sqlite: and a path nor a postgresql:// URL; try '" + instead_of(url) + "'";
  }
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(
      PQconninfoParse(url.c_str(), nullptr), &PQconninfoFree);
  // libpq looks at the ports only when it connects, and then shows what it took for one: part of a
  // password with a slash in it.
  if (parsed && has_ports(parsed.get())) return std::nullopt;
  return "is not a URL that PostgreSQL understands; what is special in its password has to be "
         "percent-encoded: %40 for @, %2F for /";
}

}  // namespace latchkey::db
