#include "domain/clients/redirect_uri.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ranges>

namespace latchkey::clients {
namespace {

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

// What RFC 3986 lets stand in any part; escapes are whole.
bool only_uri_characters(std::string_view text) {
  constexpr std::string_view kMarks = "-._~:/?#[]@!$&'()*+,;=";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
      i += 2;
    } else if (!is_alpha(c) && !is_digit(c) && kMarks.find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

bool valid_port(std::string_view text) {
  unsigned number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  return fault == std::errc{} && end == text.data() + text.size() && number >= 1 &&
         number <= 65535 && text.size() <= 5;
}

// Takes the authority, without its "//", apart.
bool parse_authority(std::string_view text, Uri& uri) {
  if (const auto at = text.rfind('@'); at != text.npos) {
    uri.userinfo = text.substr(0, at);
    text.remove_prefix(at + 1);
  }
  std::size_t end = 0;
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == text.npos) return false;
    ++end;
  } else {
    end = std::min(text.find(':'), text.size());
  }
  uri.host = lower(text.substr(0, end));
  text.remove_prefix(end);
  if (text.empty()) return true;
  if (text.front() != ':' || !valid_port(text.substr(1))) return false;
  uri.port = text.substr(1);
  return true;
}

constexpr std::array<std::string_view, 3> kLoopback = {"localhost", "127.0.0.1", "[::1]"};

// example.com -> com.example
std::string reversed(std::string_view host) {
  std::string result;
  while (!host.empty()) {
    const auto dot = host.rfind('.');
    const std::string_view label = dot == host.npos ? host : host.substr(dot + 1);
    if (!result.empty()) result += '.';
    result += label;
    host = dot == host.npos ? std::string_view{} : host.substr(0, dot);
  }
  return result;
}

// One that is written otherwise would be compared, shown and matched otherwise here and there.
bool is_in_lower_case(std::string_view text, const Uri& uri) {
  constexpr std::string_view kSlashes = "://";
  return text.starts_with(uri.scheme) &&
         (!uri.has_authority ||
          text.substr(uri.scheme.size() + kSlashes.size()).starts_with(uri.host));
}

// What holds for every redirect URI.
std::optional<std::string> general_problem(std::string_view text, const std::optional<Uri>& uri) {
  if (!uri) return "is not an absolute URI";
  if (uri->has_fragment) return "has a fragment";
  if (uri->userinfo) return "has a user name in it";
  if (!is_in_lower_case(text, *uri)) return "must have its scheme and host in lower case";
  return std::nullopt;
}

bool has_plain_host(const Uri& uri) {
  return uri.host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.:[]") ==
         std::string::npos;
}

std::optional<std::string> web_problem(const Uri& uri, std::string_view client_host, Hosts hosts) {
  if (!is_web_uri(uri, hosts)) return "must be https, of a host that has a domain name";
  if (within_host(uri.host, client_host)) return std::nullopt;
  return fmt::format("must be on {}, the host of client_uri, or on a subdomain of it", client_host);
}

std::optional<std::string> loopback_problem(const Uri& uri) {
  if (!is_loopback(uri.host)) {
    return "is http, which only localhost, 127.0.0.1 and [::1] may be: use https";
  }
  return std::nullopt;
}

std::optional<std::string> private_use_problem(const Uri& uri, std::string_view client_host) {
  if (!is_domain_name(client_host)) {
    return "has a scheme of its own, which needs a client_uri on a host with a domain name";
  }
  const std::string base = reversed(client_host);
  const bool fits = uri.scheme == base || uri.scheme.starts_with(base + ".");
  if (!fits) {
    return fmt::format(
        "must have the scheme {0} or one that begins with {0}., for client_uri is "
        "on {1}",
        base, client_host);
  }
  if (uri.has_authority) return "must have one slash or none after the scheme";
  return std::nullopt;
}

// How many labels a name has; 0: it is none. Browsers take a name that ends in a number for an IPv4
// address, 0x7f too.
std::size_t labels_of(std::string_view host) {
  if (host.size() > 253) return 0;
  std::size_t labels = 0;
  std::string_view last;
  for (const auto part : std::views::split(host, '.')) {
    const std::string_view label(part.begin(), part.end());
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') {
      return 0;
    }
    const auto fits = [](char c) { return is_alpha(c) || is_digit(c) || c == '-'; };
    if (!std::ranges::all_of(label, fits)) return 0;
    last = label;
    ++labels;
  }
  return labels == 0 || is_digit(last.front()) ? 0 : labels;
}

// The bytes of an address that is written as inet_ntop() writes it; absent: anything else.
template <std::size_t size>
std::optional<std::array<unsigned char, size>> address_of(int family, const std::string& text) {
  std::array<unsigned char, size> bytes{};
  std::array<char, INET6_ADDRSTRLEN> usual{};
  if (inet_pton(family, text.c_str(), bytes.data()) != 1) return std::nullopt;
  if (inet_ntop(family, bytes.data(), usual.data(), usual.size()) == nullptr) return std::nullopt;
  return text == usual.data() ? std::optional(bytes) : std::nullopt;
}

bool is_private_ipv4(const std::string& text) {
  const auto address = address_of<4>(AF_INET, text);
  if (!address) return false;
  const unsigned first = (*address)[0];
  const unsigned second = (*address)[1];
  return first == 10 || (first == 172 && second >= 16 && second < 32) ||
         (first == 192 && second == 168) || (first == 169 && second == 254);
}

// Unique local and link-local ones.
bool is_private_ipv6(std::string_view host) {
  if (!host.starts_with('[') || !host.ends_with(']')) return false;
  const auto address = address_of<16>(AF_INET6, std::string(host.substr(1, host.size() - 2)));
  if (!address) return false;
  const unsigned first = (*address)[0];
  return (first & 0xFEU) == 0xFC || (first == 0xFE && ((*address)[1] & 0xC0U) == 0x80);
}

// http://localhost:1234/path -> http://localhost/path; absent for what is not on a loopback
// address. As written: what a client spells otherwise is another URI.
std::optional<std::string> without_loopback_port(std::string_view text) {
  const auto uri = Uri::parse(text);
  if (!uri || uri->userinfo || uri->has_fragment || !is_loopback(uri->host)) return std::nullopt;
  const std::string origin = "http://" + uri->host;
  if (!text.starts_with(origin)) return std::nullopt;
  return origin + std::string(uri->rest);
}

}  // namespace

std::optional<Uri> Uri::parse(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == text.npos || colon == 0 || !is_alpha(text.front()) || !only_uri_characters(text)) {
    return std::nullopt;
  }
  const std::string_view scheme = text.substr(0, colon);
  const auto fits = [](char c) {
    return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  };
  if (!std::ranges::all_of(scheme, fits)) return std::nullopt;
  Uri uri;
  uri.scheme = lower(scheme);
  text.remove_prefix(colon + 1);
  if (const auto hash = text.find('#'); hash != text.npos) {
    uri.has_fragment = true;
    text = text.substr(0, hash);
  }
  if (text.starts_with("//")) {
    uri.has_authority = true;
    text.remove_prefix(2);
    const std::size_t end = std::min(text.find_first_of("/?"), text.size());
    if (!parse_authority(text.substr(0, end), uri)) return std::nullopt;
    text.remove_prefix(end);
  }
  if (text.find_first_of("[]") != text.npos) return std::nullopt;
  uri.rest = text;
  return uri;
}

bool is_domain_name(std::string_view host) { return labels_of(host) >= 2; }

bool is_loopback(std::string_view host) {
  return std::ranges::find(kLoopback, host) != kLoopback.end();
}

bool is_local_host(std::string_view host) {
  return is_loopback(host) || labels_of(host) == 1 || is_private_ipv4(std::string(host)) ||
         is_private_ipv6(host);
}

bool is_web_uri(const Uri& uri, Hosts hosts) {
  if (!uri.has_authority || uri.userinfo) return false;
  if (uri.scheme == "https" && is_domain_name(uri.host)) return true;
  return hosts == Hosts::local_too && (uri.scheme == "https" || uri.scheme == "http") &&
         is_local_host(uri.host);
}

bool within_host(std::string_view host, std::string_view base) {
  if (base.empty()) return false;
  if (host == base) return true;
  return is_domain_name(base) && host.ends_with(base) && host[host.size() - base.size() - 1] == '.';
}

std::string kept_redirect_uri(std::string_view text, ApplicationType type) {
  auto kept = type == ApplicationType::native ? without_loopback_port(text) : std::nullopt;
  return kept ? *std::move(kept) : std::string(text);
}

std::optional<std::string> redirect_uri_problem(std::string_view text, ApplicationType type,
                                                std::string_view client_host, Hosts hosts) {
  const auto uri = Uri::parse(text);
  if (auto problem = general_problem(text, uri)) return problem;
  if (uri->scheme == "https") return web_problem(*uri, client_host, hosts);
  const bool is_local = uri->scheme == "http" && is_web_uri(*uri, hosts);
  if (is_local && within_host(uri->host, client_host)) return std::nullopt;
  if (type == ApplicationType::web) {
    return "must be https, for this is a web client; others say application_type native";
  }
  if (uri->scheme == "http") return loopback_problem(*uri);
  return private_use_problem(*uri, client_host);
}

std::optional<std::string> configured_redirect_uri_problem(std::string_view text) {
  const auto uri = Uri::parse(text);
  if (auto problem = general_problem(text, uri)) return problem;
  const bool is_http = uri->scheme == "http" || uri->scheme == "https";
  if (is_http && (!uri->has_authority || uri->host.empty())) return "has no host";
  if (is_http && !has_plain_host(*uri)) return "has a host that is no domain name";
  if (uri->scheme == "http" && !is_loopback(uri->host)) {
    return "is http, which only localhost, 127.0.0.1 and [::1] may be: use https";
  }
  if (!is_http && uri->scheme.find('.') == std::string::npos) {
    return "has a scheme that is neither https nor a domain name in reverse, like com.example.app";
  }
  return std::nullopt;
}

bool same_redirect_uri(std::string_view registered, std::string_view asked, ApplicationType type) {
  if (registered == asked) return true;
  if (type != ApplicationType::native) return false;
  const auto wanted = without_loopback_port(registered);
  return wanted && wanted == without_loopback_port(asked);
}

}  // namespace latchkey::clients
