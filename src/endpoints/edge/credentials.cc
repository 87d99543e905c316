#include "endpoints/edge/credentials.h"

#include <algorithm>
#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <iterator>
#include <utility>

#include "domain/token_prefixes.h"
#include "platform/http/field.h"
#include "platform/http/form.h"
#include "platform/text/character_set.h"

namespace latchkey::edge {
namespace {

using Found = Credentials::Found;

// Caddy and Traefik say X-Forwarded-Uri; nginx is configured to say X-Original-URI.
constexpr std::string_view kUriHeaders[] = {"X-Forwarded-Uri", "X-Original-URI"};
constexpr std::string_view kScheme = "Bearer ";

const Credentials kAmbiguous{Found::ambiguous, {}};

// RFC 6750 section 2.1 without its equals signs, which no token of ours has.
constexpr text::CharacterSet kToken68{
    [](char c) { return http::is_alphanumeric(c) || std::string_view("-._~+/").contains(c); }};

// A service's token may have any visible characters; other bytes are read by each in another way.
// What begins like one of ours and goes on with what none has is no token of ours, and readers that
// stop at a comma, say, take one out of it.
bool plain(std::string_view token) {
  const bool ours = std::ranges::any_of(
      kTokenPrefixes, [&](std::string_view prefix) { return token.starts_with(prefix); });
  return !token.empty() && std::ranges::all_of(token, [ours](char c) {
    return ours ? kToken68.contains(c) : c > ' ' && c < '\x7f';
  });
}

// Homeservers differ in how they take other spellings of the scheme, so only the one that all
// read alike counts as a token; what merely resembles it is ambiguous.
Credentials from_header(const http::Request& request) {
  const std::size_t count = request.header_count("Authorization");
  if (count == 0) return {};
  if (count > 1) return kAmbiguous;
  const std::string_view value = request.header("Authorization");
  if (value.starts_with(kScheme) && plain(value.substr(kScheme.size()))) {
    return {Found::token, std::string(value.substr(kScheme.size()))};
  }
  return boost::algorithm::istarts_with(value, "bearer") ? kAmbiguous : Credentials{};
}

// A query that neither names the parameter nor encodes anything cannot hold a token.
bool could_hold_token(std::string_view query) {
  return query.contains('%') || query.contains("access_token");
}

Credentials from_query(std::string_view uri) {
  const auto question = uri.find('?');
  if (question == uri.npos) return {};
  const std::string_view query = uri.substr(question + 1);
  if (!could_hold_token(query)) return {};
  // Some readers end a field at ';' too, and some a query at '#': then they see other fields.
  if (query.find_first_of(";#") != query.npos) return kAmbiguous;
  const auto form = http::Form::parse(query);
  if (!form) return kAmbiguous;
  const auto token = form->only("access_token");
  if (!token) return kAmbiguous;
  if (!*token) return {};
  return {Found::token, std::string(**token)};
}

// The target that follows in the path of the question. Empty: the headers tell it.
std::string_view asked_below(const http::Request& request) {
  return request.target.starts_with(kAskedBelow) ? request.target : std::string_view{};
}

}  // namespace

std::optional<std::string_view> asked_uri(const http::Request& request) {
  if (const std::string_view below = asked_below(request); !below.empty()) {
    return below.substr(kAskedBelow.size() - 1);
  }
  for (const std::string_view name : kUriHeaders) {
    if (request.header_count(name) > 0) return request.header(name);
  }
  return std::nullopt;
}

Credentials read_credentials(const http::Request& request) {
  Credentials result = from_header(request);
  const auto add = [&](const Credentials& other) {
    if (other.found == Found::none) return;
    // Both headers may say the same; a header and a query never should.
    const bool same = result.found == Found::token && other.found == Found::token &&
                      result.token == other.token && request.header_count("Authorization") == 0;
    result = result.found == Found::none || same ? other : kAmbiguous;
  };
  for (const std::string_view name : kUriHeaders) {
    if (request.header_count(name) > 1) return kAmbiguous;
    add(from_query(request.header(name)));
  }
  add(from_query(asked_below(request)));
  return result;
}

std::string_view plain_token(const http::Request& request) {
  const auto may_hold_another = [](std::string_view uri) {
    const auto question = uri.find('?');
    return question != uri.npos && could_hold_token(uri.substr(question));
  };
  if (may_hold_another(asked_below(request))) return {};
  // Each header is looked at once: this is asked with every request of every client.
  const http::Header* authorization = nullptr;
  std::array<bool, std::size(kUriHeaders)> seen{};
  for (const http::Header& header : request.headers) {
    if (http::same_name(header.name, "Authorization")) {
      if (std::exchange(authorization, &header) != nullptr) return {};
      continue;
    }
    for (std::size_t i = 0; i < seen.size(); ++i) {
      if (!http::same_name(header.name, kUriHeaders[i])) continue;
      if (std::exchange(seen[i], true) || may_hold_another(header.value)) return {};
    }
  }
  if (authorization == nullptr) return {};
  const std::string_view value = authorization->value;
  if (!value.starts_with(kScheme) || !plain(value.substr(kScheme.size()))) return {};
  return value.substr(kScheme.size());
}

}  // namespace latchkey::edge
