#include "domain/services/registration_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "domain/accounts/matrix_id.h"
#include "domain/token_prefixes.h"
#include "platform/text/fields.h"
#include "platform/text/ip_range.h"

namespace latchkey::services {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxText = 16 * std::size_t{1024};  // bytes
// As many random letters and digits are beyond guessing (95 bits); what generators of
// registrations write is longer.
constexpr std::size_t kShortToken = 16;

// What "Authorization: Bearer" can carry (bearer_token() of platform/http).
bool is_visible(std::string_view token) {
  return std::ranges::all_of(token, [](char c) { return c > ' ' && c <= '~'; });
}

// Reads all it can, so that one look at the sentences is enough.
class Reader {
 public:
  Reader(const json::object& file, std::string_view server_name)
      : file_(file), server_name_(server_name) {}

  std::expected<Registration, std::vector<std::string>> read() {
    Registration read;
    Service& service = read.service;
    service.id = text(file_, "id");
    service.server_name = server_name_;
    service.sender_localpart = sender();
    service.as_token = as_token();
    service.users = users();
    service.addresses = addresses();
    look_at_the_rest();
    if (!errors_.empty()) return std::unexpected(std::move(errors_));
    read.warnings = std::move(warnings_);
    return read;
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
  void warn(std::string_view field, std::string_view reason) {
    warnings_.push_back(fmt::format("{}: {}", field, reason));
  }

  // A text that is there, without the line break that a block scalar ("|", ">") leaves at its end;
  // empty in case of an error.
  std::string_view line(const json::object& object, std::string_view name,
                        const std::string& path) {
    const std::string field = path + std::string(name);
    const json::value* const found = object.if_contains(name);
    if (found != nullptr && (found->is_number() || found->is_bool())) {
      refuse(field, "is a number, true or false for readers of YAML: put the text in quotes");
      return {};
    }
    text::Fields fields(object);
    const std::string_view value = fields.required_string(name, kMaxText);
    if (note(fields, path)) return {};
    const auto end = value.find_last_not_of("\r\n") + 1;
    if (end < value.size()) {
      warn(field,
           "ends with a line break, which is left out here; other readers keep it: write '>-'");
    }
    return value.substr(0, end);
  }

  // The same, and not empty.
  std::string_view text(const json::object& object, std::string_view name) {
    const std::size_t before = errors_.size();
    const std::string_view value = line(object, name, "");
    if (value.empty() && errors_.size() == before) refuse(name, "must not be empty");
    return value;
  }

  // Bridges make random ones, with capitals.
  std::string sender() {
    const std::string_view localpart = text(file_, "sender_localpart");
    if (localpart.empty()) return {};
    if (localpart.starts_with('@') ||
        !accounts::valid_historical_localpart(localpart, server_name_)) {
      refuse("sender_localpart",
             fmt::format("'{}' is not the part of a Matrix ID before the colon, without the @",
                         localpart));
    }
    return std::string(localpart);
  }

  Secret as_token() {
    const std::string_view token = text(file_, "as_token");
    if (token.empty()) return {};
    for (const std::string_view prefix : kTokenPrefixes) {
      if (token.starts_with(prefix)) {
        refuse("as_token",
               fmt::format("must not begin with '{}', as Latchkey's own tokens do", prefix));
      }
    }
    if (!is_visible(token)) {
      refuse("as_token", "may have letters, digits and signs of ASCII only, and no spaces");
    }
    if (token.size() < kShortToken) {
      warn("as_token", fmt::format("is shorter than {} characters; whoever guesses it can be every "
                                   "user of the service",
                                   kShortToken));
    }
    return Secret(token);
  }

  // The homeserver's, which refuses the file without them.
  void look_at_the_rest() {
    const json::value* const hs_token = file_.if_contains("hs_token");
    if (hs_token == nullptr || !hs_token->is_string() || hs_token->get_string().empty()) {
      warn("hs_token", "is no text; homeservers want one");
    }
    const json::value* const url = file_.if_contains("url");
    if (url == nullptr || !(url->is_null() || url->is_string())) {
      warn("url", "is neither a text nor null; homeservers want one of the two");
    }
  }

  // Synapse's: from where the token is good. One that cannot be read is no reason to take it from
  // everywhere.
  std::vector<text::IpRange> addresses() {
    constexpr std::string_view kName = "ip_range_whitelist";
    const json::value* const found = file_.if_contains(kName);
    if (found == nullptr || found->is_null()) return {};
    const json::array* const entries = found->if_array();
    if (entries == nullptr) {
      refuse(kName, "expected a list");
      return {};
    }
    std::vector<text::IpRange> ranges;
    for (const json::value& entry : *entries) {
      const json::string* const written = entry.if_string();
      const auto range =
          written != nullptr ? text::IpRange::parse(std::string_view(*written)) : std::nullopt;
      if (range) {
        ranges.push_back(*range);
      } else {
        refuse(fmt::format("{}[{}]", kName, &entry - entries->data()),
               "is not an address, or a network such as 10.0.0.0/8");
      }
    }
    return ranges;
  }

  std::vector<UserNamespace> users() {
    std::vector<UserNamespace> spaces;
    const json::value* const given = file_.if_contains("namespaces");
    if (given == nullptr || given->is_null()) {
      warn("namespaces", "is missing; the service has its own user only, and homeservers want it");
      return spaces;
    }
    text::Fields fields(file_);
    const json::object* const namespaces = fields.required_object("namespaces");
    if (note(fields)) return spaces;
    const json::value* const users = namespaces->if_contains("users");
    if (users == nullptr || users->is_null()) return spaces;
    const json::array* const entries = users->if_array();
    if (entries == nullptr) {
      refuse("namespaces.users", "expected a list");
      return spaces;
    }
    for (std::size_t i = 0; i < entries->size(); ++i) {
      add_namespace(spaces, entries->at(i), fmt::format("namespaces.users[{}]", i));
    }
    return spaces;
  }

  void add_namespace(std::vector<UserNamespace>& spaces, const json::value& entry,
                     const std::string& path) {
    if (!entry.is_object()) return refuse(path, "expected an object");
    text::Fields fields(entry.get_object());
    const bool exclusive = fields.required_bool("exclusive");
    const std::size_t before = errors_.size();
    const std::string_view regex = line(entry.get_object(), "regex", path + ".");
    if (errors_.size() > before || note(fields, path + ".")) return;
    auto space = UserNamespace::compile(regex, exclusive);
    if (!space) return refuse(path + ".regex", space.error());
    spaces.push_back(std::move(*space));
  }

  const json::object& file_;
  const std::string_view server_name_;
  std::vector<std::string> errors_;
  std::vector<std::string> warnings_;
};

}  // namespace

std::expected<Registration, std::vector<std::string>> read_registration(
    const json::object& file, std::string_view server_name) {
  return Reader(file, server_name).read();
}

}  // namespace latchkey::services
