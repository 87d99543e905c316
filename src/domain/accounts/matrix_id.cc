#include "domain/accounts/matrix_id.h"

#include <algorithm>

#include "platform/text/utf8.h"

namespace latchkey::accounts {
namespace {

constexpr std::size_t kLongestId = 255;

bool lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool fits(std::string_view localpart, std::string_view server_name) {
  return !localpart.empty() && localpart.size() + server_name.size() + 2 <= kLongestId;
}

// "alice" of "alice" and "@alice:server"; absent for another server's.
std::optional<std::string_view> own_part(std::string_view user, std::string_view server_name) {
  if (!user.starts_with('@')) return user;
  const auto colon = user.find(':');
  if (colon == user.npos || user.substr(colon + 1) != server_name) return std::nullopt;
  return user.substr(1, colon - 1);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), lower);
  return result;
}

}  // namespace

bool valid_localpart(std::string_view localpart, std::string_view server_name) {
  const auto allowed = [](char c) {
    return lower_or_digit(c) || std::string_view("._=-/+").contains(c);
  };
  return fits(localpart, server_name) && std::ranges::all_of(localpart, allowed);
}

bool valid_historical_localpart(std::string_view localpart, std::string_view server_name) {
  const auto allowed = [](char c) { return c > ' ' && c <= '~' && c != ':'; };
  return fits(localpart, server_name) && std::ranges::all_of(localpart, allowed);
}

std::string matrix_id(std::string_view localpart, std::string_view server_name) {
  std::string id;
  id.reserve(localpart.size() + server_name.size() + 2);
  return id.append("@").append(localpart).append(":").append(server_name);
}

std::optional<std::string> exact_localpart(std::string_view user, std::string_view server_name) {
  const auto localpart = own_part(user, server_name);
  if (!localpart || !valid_historical_localpart(*localpart, server_name)) return std::nullopt;
  return std::string(*localpart);
}

std::optional<std::string> localpart_meant(std::string_view user, std::string_view server_name) {
  const auto typed = own_part(user, server_name);
  if (!typed) return std::nullopt;
  std::string localpart = lower_case(*typed);
  if (!valid_localpart(localpart, server_name)) return std::nullopt;
  return localpart;
}

std::string new_localpart_meant(std::string_view typed) { return lower_case(text::trimmed(typed)); }

bool valid_server_name(std::string_view name) {
  const auto allowed = [](char c) {
    return lower_or_digit(lower(c)) || std::string_view(".-:[]").contains(c);
  };
  return !name.empty() && name.size() <= 230 && std::ranges::all_of(name, allowed);
}

std::string_view host_of_server_name(std::string_view name) {
  const auto colon = name.rfind(':');
  return colon == name.npos || name.ends_with(']') ? name : name.substr(0, colon);
}

}  // namespace latchkey::accounts
