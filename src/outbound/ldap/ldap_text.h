#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Filters (RFC 4515) and names of entries (RFC 4514) into which values of others are put. What is
// put in is always a value, whatever it is made of: libldap escapes it.
namespace latchkey::outbound::ldap {

// The value of a placeholder, `{{ user }}`; absent: there is none, and so no filter either.
using ValueOf = std::function<std::optional<std::string>(std::string_view name)>;

std::optional<std::string> fill_filter(std::string_view pattern, const ValueOf& value_of);
std::string equality(std::string_view attribute, std::string_view value);
std::string any_of(const std::vector<std::string>& filters);
std::string both(std::string_view one, std::string_view other);

// What every entry matches that the pattern finds for some name; absent where "any value" cannot be
// said in its place, as of `{{ user }}` in (uid:caseExactMatch:={{ user }}).
std::optional<std::string> for_any_value(std::string_view pattern);

// With `user` as the value of each placeholder.
std::string fill_dn(std::string_view pattern, std::string_view user);

// What is wrong with it; absent: nothing. A placeholder has to stand for a value.
std::optional<std::string> problem_of_filter(std::string_view pattern);
std::optional<std::string> problem_of_dn(std::string_view dn);
std::optional<std::string> problem_of_dn_template(std::string_view pattern);
// The names between {{ and }}, in their order.
std::vector<std::string> placeholders(std::string_view pattern);

// Names of attributes are compared without regard to case; they are ASCII.
bool same_attribute(std::string_view one, std::string_view other);

// Bytes that are no text.
std::string to_hex(std::string_view bytes);
std::optional<std::string> from_hex(std::string_view digits);

}  // namespace latchkey::outbound::ldap
