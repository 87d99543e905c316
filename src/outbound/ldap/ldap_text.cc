#include "outbound/ldap/ldap_text.h"

#include <ldap.h>

#include <algorithm>
#include <array>
#include <memory>

namespace latchkey::outbound::ldap {
namespace {

constexpr std::string_view kLetters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

// A piece of a pattern: text, or the name between {{ and }}.
struct Piece {
  std::string_view text;
  bool placeholder = false;
};

std::vector<Piece> pieces_of(std::string_view pattern) {
  std::vector<Piece> pieces;
  std::size_t begin = 0;
  for (std::size_t open = pattern.find("{{"); open != std::string_view::npos;
       open = pattern.find("{{", open)) {
    const std::size_t close = pattern.find("}}", open);
    if (close == std::string_view::npos) break;
    std::string_view name = pattern.substr(open + 2, close - open - 2);
    name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
    name = name.substr(0, name.find_last_not_of(' ') + 1);
    if (name.empty() || name.find_first_not_of(kLetters) != std::string_view::npos) {
      open += 2;
      continue;
    }
    pieces.push_back({pattern.substr(begin, open - begin)});
    pieces.push_back({name, true});
    begin = open = close + 2;
  }
  pieces.push_back({pattern.substr(begin)});
  return pieces;
}

std::string escaped_filter_value(std::string_view value) {
  berval in{.bv_len = value.size(), .bv_val = const_cast<char*>(value.data())};
  berval out{};
  if (value.empty() || ldap_bv2escaped_filter_value(&in, &out) != 0) return {};
  std::string text(out.bv_val, out.bv_len);
  if (out.bv_val != in.bv_val) ber_memfree(out.bv_val);
  return text;
}

// As the value of a name with one part, whose escaping does not depend on where it stands.
std::string escaped_dn_value(std::string_view value) {
  char name[] = "x";
  LDAPAVA part{};
  part.la_attr = {.bv_len = 1, .bv_val = name};
  part.la_value = {.bv_len = value.size(), .bv_val = const_cast<char*>(value.data())};
  part.la_flags = LDAP_AVA_STRING;
  std::array<LDAPAVA*, 2> parts{&part, nullptr};
  std::array<LDAPRDN, 2> names{parts.data(), nullptr};
  char* text = nullptr;
  if (value.empty() || ldap_dn2str(names.data(), &text, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS) {
    return {};
  }
  const std::unique_ptr<char, decltype(&ldap_memfree)> owned(text, &ldap_memfree);
  return std::string(text).substr(2);  // without "x="
}

// libldap has no call that only reads a filter: it is given a search on a connection that leads
// nowhere, which it reads the filter for before it connects.
bool reads_as_filter(const std::string& filter) {
  LDAP* nowhere = nullptr;
  if (ldap_initialize(&nowhere, "ldapi://%2Fdev%2Fnull") != LDAP_SUCCESS) return false;
  int id = 0;
  const int code = ldap_search_ext(nowhere, "", LDAP_SCOPE_BASE, filter.c_str(), nullptr, 0,
                                   nullptr, nullptr, nullptr, 0, &id);
  ldap_unbind_ext(nowhere, nullptr, nullptr);
  return code != LDAP_FILTER_ERROR;
}

using Dn = std::unique_ptr<LDAPRDN, decltype(&ldap_dnfree)>;

Dn read_dn(const std::string& text) {
  LDAPDN dn = nullptr;
  if (ldap_str2dn(text.c_str(), &dn, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS) dn = nullptr;
  return {dn, &ldap_dnfree};
}

// What the component that `before` ends in compares with; absent: `before` ends in no value.
std::optional<char> comparison_before(std::string_view before) {
  const std::size_t open = before.rfind('(');
  if (open == std::string_view::npos) return std::nullopt;
  const std::string_view component = before.substr(open + 1);
  const std::size_t equals = component.find('=');
  if (equals == std::string_view::npos || equals == 0 || component.contains(')')) {
    return std::nullopt;
  }
  return component[equals - 1];
}

}  // namespace

std::optional<std::string> fill_filter(std::string_view pattern, const ValueOf& value_of) {
  std::string filter;
  for (const Piece& piece : pieces_of(pattern)) {
    if (!piece.placeholder) {
      filter += piece.text;
      continue;
    }
    const auto value = value_of(piece.text);
    if (!value) return std::nullopt;
    filter += escaped_filter_value(*value);
  }
  return filter;
}

std::string equality(std::string_view attribute, std::string_view value) {
  return std::string("(").append(attribute).append("=").append(escaped_filter_value(value)) + ")";
}

std::string any_of(const std::vector<std::string>& filters) {
  std::string all = "(|";
  for (const std::string& filter : filters) all += filter;
  return all + ")";
}

std::string both(std::string_view one, std::string_view other) {
  return std::string("(&").append(one).append(other) + ")";
}

std::optional<std::string> for_any_value(std::string_view pattern) {
  std::string filter;
  for (const Piece& piece : pieces_of(pattern)) {
    if (!piece.placeholder) {
      const bool twice = filter.ends_with('*') && piece.text.starts_with('*');
      filter += piece.text.substr(twice ? 1 : 0);
      continue;
    }
    const auto comparison = comparison_before(filter);
    if (!comparison || std::string_view(":~<>").find(*comparison) != std::string_view::npos) {
      return std::nullopt;
    }
    if (!filter.ends_with('*')) filter += '*';
  }
  return filter;
}

std::string fill_dn(std::string_view pattern, std::string_view user) {
  std::string dn;
  const std::string value = escaped_dn_value(user);
  for (const Piece& piece : pieces_of(pattern)) dn += piece.placeholder ? value : piece.text;
  return dn;
}

std::optional<std::string> problem_of_filter(std::string_view pattern) {
  std::string filter;
  for (const Piece& piece : pieces_of(pattern)) {
    if (!piece.placeholder) {
      filter += piece.text;
    } else if (!comparison_before(filter)) {
      return "{{ " + std::string(piece.text) + " }} has to stand for a value, behind a '='";
    } else {
      filter += 'x';
    }
  }
  if (filter.contains("{{")) return "behind '{{' there has to be a name and '}}'";
  if (!filter.starts_with('(') || !reads_as_filter(filter)) {
    return "'" + std::string(pattern) + "' is not a filter, try '(uid={{ user }})'";
  }
  return std::nullopt;
}

std::optional<std::string> problem_of_dn(std::string_view dn) {
  if (dn.empty() || !read_dn(std::string(dn))) {
    return "'" + std::string(dn) + "' is not the name of an entry, try 'dc=example,dc=org'";
  }
  return std::nullopt;
}

std::optional<std::string> problem_of_dn_template(std::string_view pattern) {
  const std::vector<std::string> names = placeholders(pattern);
  if (names.empty() || std::ranges::any_of(names, [](const auto& n) { return n != "user"; })) {
    return "it has to hold {{ user }}, and nothing else between {{ and }}";
  }
  // Whether each stands for a value shows when it is a name like no other.
  constexpr std::string_view mark = "QxQ";
  const std::string filled = fill_dn(pattern, mark);
  const Dn dn = read_dn(filled);
  std::size_t values = 0;
  if (dn) {
    for (LDAPRDN* rdn = dn.get(); *rdn != nullptr; ++rdn) {
      for (LDAPAVA** part = *rdn; *part != nullptr; ++part) {
        const berval& value = (*part)->la_value;
        const std::string_view text(value.bv_val, value.bv_len);
        for (std::size_t at = text.find(mark); at != std::string_view::npos;
             at = text.find(mark, at + mark.size())) {
          ++values;
        }
      }
    }
  }
  if (values != names.size() || filled.contains("{{")) {
    return "'" + std::string(pattern) +
           "' is not the name of an entry, try 'uid={{ user }},ou=people,dc=example,dc=org'";
  }
  return std::nullopt;
}

std::vector<std::string> placeholders(std::string_view pattern) {
  std::vector<std::string> names;
  for (const Piece& piece : pieces_of(pattern)) {
    if (piece.placeholder) names.emplace_back(piece.text);
  }
  return names;
}

bool same_attribute(std::string_view one, std::string_view other) {
  const auto lower = [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  };
  return std::ranges::equal(one, other, {}, lower, lower);
}

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text += digits[value >> 4U];
    text += digits[value & 15U];
  }
  return text;
}

std::optional<std::string> from_hex(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  constexpr std::string_view known = "0123456789abcdef";
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const std::size_t high = known.find(digits[i]);
    const std::size_t low = known.find(digits[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

}  // namespace latchkey::outbound::ldap
