// Filters and names of entries that are made of what somebody typed: whatever it is, it stays one
// value of the filter or name that was configured, and is read from there as it was typed.
#include <ldap.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "outbound/ldap/ldap_text.h"
#include "platform/text/shown.h"
#include "platform/text/utf8.h"

namespace {

namespace written = latchkey::outbound::ldap;

void require(bool holds) {
  if (!holds) std::abort();
}

// RFC 4515 section 3: what a value of a filter means; absent: it is none.
std::optional<std::string> read_value(std::string_view escaped) {
  std::string value;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (std::string_view("()*").contains(escaped[i]) || escaped[i] == '\0') return std::nullopt;
    if (escaped[i] != '\\') {
      value += escaped[i];
      continue;
    }
    if (i + 2 >= escaped.size()) return std::nullopt;
    const std::string digits(escaped.substr(i + 1, 2));
    char* end = nullptr;
    value += static_cast<char>(std::strtol(digits.c_str(), &end, 16));
    if (end != digits.c_str() + 2) return std::nullopt;
    i += 2;
  }
  return value;
}

void check_filter(const std::string& value) {
  constexpr std::string_view before = "(&(objectClass=person)(uid=";
  constexpr std::string_view after = "))";
  const auto filter = written::fill_filter(std::string(before) + "{{ user }}" + std::string(after),
                                           [&](std::string_view) { return std::optional(value); });
  require(filter && filter->starts_with(before) && filter->ends_with(after));
  const std::string_view put_in = std::string_view(*filter).substr(
      before.size(), filter->size() - before.size() - after.size());
  require(read_value(put_in) == value);
  require(written::equality("uid", value) == "(uid=" + std::string(put_in) + ")");
}

void check_dn(const std::string& value) {
  const std::string text = written::fill_dn("uid=a-{{ user }}+cn=b,dc=org", value);
  LDAPDN dn = nullptr;
  require(ldap_str2dn(text.c_str(), &dn, LDAP_DN_FORMAT_LDAPV3) == LDAP_SUCCESS);
  require(dn != nullptr && dn[0] != nullptr && dn[1] != nullptr && dn[2] == nullptr);
  require(dn[0][0] != nullptr && dn[0][1] != nullptr && dn[0][2] == nullptr);
  const berval& read = dn[0][0]->la_value;
  require(std::string(read.bv_val, read.bv_len) == "a-" + value);
  ldap_dnfree(dn);
}

// What is typed into the configuration is refused with a sentence or can be used.
void check_patterns(const std::string& pattern) {
  if (!written::problem_of_filter(pattern)) {
    const auto filter = written::fill_filter(
        pattern, [](std::string_view) { return std::optional<std::string>("*)(uid=x"); });
    require(filter && !written::problem_of_filter(*filter));
  }
  if (!written::problem_of_dn_template(pattern)) {
    require(!written::problem_of_dn(written::fill_dn(pattern, "x,dc=y")));
  }
  (void)written::for_any_value(pattern);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (size <= 255) {
    check_filter(text);
    // The others are no names of people.
    if (!text.empty() && latchkey::text::valid_utf8(text) && !latchkey::text::has_controls(text)) {
      check_dn(text);
    }
  }
  if (text.find('\0') == std::string::npos) check_patterns(text);
  const auto bytes = written::from_hex(text);
  require(!bytes || written::to_hex(*bytes) == text);
  return 0;
}
