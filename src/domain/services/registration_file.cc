#include "domain/services/registration_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "domain/accounts/matrix_id.h"
#include "domain/token_prefixes.h"
#include "platform/text/fields.h"

namespace latchkey::services {
namespace {

namespace json = boost::json;
using Kind = text::FieldError::Kind;

constexpr std::size_t kMaxText = 1024;  // bytes
// As many random letters and digits are beyond guessing (95 bits); what generators of
// registrations write is longer.
constexpr std::size_t kMinToken = 16;

// token68 (RFC 9110 section 11.2): what "Authorization: Bearer" can carry.
bool is_token68(std::string_view token) {
  const auto end = token.find_last_not_of('=');
  if (end == token.npos) return false;
  return std::ranges::all_of(token.substr(0, end + 1), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~+/").contains(c);
  });
}

// Reads all it can, so that one look at the sentences is enough.
class Reader {
 public:
  Reader(const json::object& file, std::string_view server_name)
      : file_(file), server_name_(server_name) {}

  std::expected<Service, std::vector<std::string>> read() {
    Service service;
    service.id = text("id");
    service.server_name = server_name_;
    service.sender_localpart = sender();
    service.as_token = as_token();
    text("hs_token");
    check_url();
    service.users = users();
    if (!errors_.empty()) return std::unexpected(std::move(errors_));
    return service;
  }

 private:
  // What is wrong, if anything is; a reader of a field is asked once.
  bool note(const text::Fields& fields, std::string_view prefix = "") {
    if (fields.error()) errors_.push_back(std::string(prefix) + fields.error()->sentence);
    return fields.error().has_value();
  }

  void refuse(std::string_view field, std::string_view reason) {
    errors_.push_back(fmt::format("{}: {}", field, reason));
  }

  // A text that is there and not empty; empty in case of an error.
  std::string_view text(std::string_view name) {
    text::Fields fields(file_);
    const std::string_view value = fields.required_string(name, kMaxText);
    if (!note(fields) && value.empty()) refuse(name, "must not be empty");
    return value;
  }

  std::string sender() {
    const std::string_view localpart = text("sender_localpart");
    if (!localpart.empty() && !accounts::valid_localpart(localpart, server_name_)) {
      refuse("sender_localpart",
             fmt::format("'{}' is not the part of a Matrix ID before the colon: use a-z, 0-9 and "
                         "._=-/+",
                         localpart));
    }
    return std::string(localpart);
  }

  Secret as_token() {
    const std::string_view token = text("as_token");
    if (token.empty()) return {};
    for (const std::string_view prefix : kTokenPrefixes) {
      if (token.starts_with(prefix)) {
        refuse("as_token",
               fmt::format("must not begin with '{}', as Latchkey's own tokens do", prefix));
      }
    }
    if (token.size() < kMinToken) {
      refuse("as_token", fmt::format("is shorter than {} characters", kMinToken));
    }
    if (!is_token68(token)) {
      refuse("as_token", "may have letters, digits and -._~+/ only, and = at its end");
    }
    return Secret(token);
  }

  // Null for a service that wants no events; it is the homeserver's to call.
  void check_url() {
    text::Fields fields(file_);
    const json::value* url = file_.if_contains("url");
    if (url == nullptr || !url->is_null()) fields.required_string("url", kMaxText);
    note(fields);
  }

  std::vector<UserNamespace> users() {
    text::Fields fields(file_);
    const json::array* entries = fields.required_fields("namespaces").optional_array("users");
    note(fields);
    std::vector<UserNamespace> spaces;
    if (entries == nullptr) return spaces;
    for (std::size_t i = 0; i < entries->size(); ++i) {
      add_namespace(spaces, entries->at(i), fmt::format("namespaces.users[{}]", i));
    }
    return spaces;
  }

  void add_namespace(std::vector<UserNamespace>& spaces, const json::value& entry,
                     const std::string& path) {
    if (!entry.is_object()) return refuse(path, "expected an object");
    text::Fields fields(entry.get_object());
    const std::string_view regex = fields.required_string("regex", kMaxText);
    const bool exclusive = fields.required_bool("exclusive");
    if (note(fields, path + ".")) return;
    auto space = UserNamespace::compile(regex, exclusive);
    if (!space) return refuse(path + ".regex", space.error());
    spaces.push_back(std::move(*space));
  }

  const json::object& file_;
  const std::string_view server_name_;
  std::vector<std::string> errors_;
};

}  // namespace

std::expected<Service, std::vector<std::string>> read_registration(const json::object& file,
                                                                   std::string_view server_name) {
  return Reader(file, server_name).read();
}

}  // namespace latchkey::services
