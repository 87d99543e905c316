#include "endpoints/edge/translation.h"

#include <algorithm>

#include "platform/http/percent.h"

namespace latchkey::edge {
namespace {

// The stable names and those that homeservers knew before.
constexpr std::string_view kIdentity[] = {"access_token", "user_id", "device_id",
                                          "org.matrix.msc3202.device_id",
                                          "org.matrix.msc4326.device_id"};

void append_field(std::string& query, std::string_view name, std::string_view value) {
  if (!query.empty()) query += '&';
  query.append(name).append("=").append(http::percent_encode(value));
}

}  // namespace

std::expected<std::string, Unclear> query_in_the_name_of(const sessions::Identity& who,
                                                         std::string_view server_name,
                                                         std::string_view query) {
  std::string result;
  // Some readers end a query at '#'.
  if (query.contains('#')) return std::unexpected(Unclear{});
  while (!query.empty()) {
    // Some readers end a field at ';' too.
    const auto end = std::min(query.find_first_of("&;"), query.size());
    const std::string_view field = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const auto name = http::percent_decode(field.substr(0, field.find('=')), http::Plus::space);
    if (!name) return std::unexpected(Unclear{});
    const bool identity = std::ranges::find(kIdentity, *name) != std::end(kIdentity);
    if (field.empty() || identity) continue;
    if (!result.empty()) result += '&';
    result += field;
  }
  append_field(result, "user_id",
               std::string("@").append(who.localpart).append(":").append(server_name));
  if (!who.device_id.empty()) append_field(result, "device_id", who.device_id);
  return result;
}

}  // namespace latchkey::edge
