#pragma once

#include <optional>
#include <string>
#include <string_view>

// Third-party identifiers (spec appendices, "3PID Types"): other names by which people sign in.
namespace latchkey::accounts {

// In canonical form: two that mean the same compare equal.
struct Threepid {
  std::string medium;   // "email" or "msisdn"
  std::string address;  // case-folded; or the digits of E.164, without "+"

  bool operator==(const Threepid&) const = default;
};

// Absent when the medium is another or the address cannot be one. An msisdn may be written with
// "+", spaces and the like, but must begin with the country's calling code.
std::optional<Threepid> canonical_threepid(std::string_view medium, std::string_view address);

// A number as it is dialled in `country` (ISO 3166-1 alpha-2), as m.id.phone has it, or in
// international form with "+".
std::optional<Threepid> canonical_phone(std::string_view country, std::string_view number);

}  // namespace latchkey::accounts
