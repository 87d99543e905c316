#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// What CAS servers write: XML, of which nothing is read but elements, their texts and attributes. A
// document type, and so every entity, is refused; nothing is fetched; size and depth are bounded.
namespace latchkey::outbound::cas {

// CAS Protocol 3.0 section 2.5.2 and appendix A.
struct Success {
  std::string user;
  std::vector<std::pair<std::string, std::string>> attributes;  // in their order, may repeat

  // The first of that name; absent: there is none.
  std::optional<std::string_view> first(std::string_view name) const;
};
struct Refusal {
  std::string code;  // "INVALID_TICKET"
  std::string sentence;
};
using Answer = std::variant<Success, Refusal>;

// What is wrong with it, as an error.
std::expected<Answer, std::string> read_answer(std::string_view xml);

// CAS Protocol 3.0 section 2.3.3 (single logout): a SAML 2.0 LogoutRequest, unsigned.
struct LogoutRequest {
  std::string id;
  std::string session_index;  // the service ticket
};
std::expected<LogoutRequest, std::string> read_logout_request(std::string_view xml);

}  // namespace latchkey::outbound::cas
