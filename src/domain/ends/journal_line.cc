#include "domain/ends/journal_line.h"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "platform/text/rfc3339.h"
#include "platform/text/ulid.h"

namespace latchkey::ends {
namespace {

namespace json = boost::json;

template <class Value, std::size_t size>
using Names = std::array<std::pair<Value, std::string_view>, size>;

constexpr Names<What, 9> kWhats{{{What::session, "session ended"},
                                 {What::browser, "browser signed out"},
                                 {What::everybody, "everybody signed out"},
                                 {What::locked, "account locked"},
                                 {What::unlocked, "account unlocked"},
                                 {What::deactivated, "account deactivated"},
                                 {What::erased, "account erased"},
                                 {What::reactivated, "account reactivated"},
                                 {What::password, "password replaced"}}};

constexpr Names<Ended, 2> kHows{{{Ended::softly, "softly"}, {Ended::for_good, "for good"}}};

// As docs/formats/sessions.md lists them.
constexpr Names<EndReason, 17> kReasons{
    {{EndReason::logout, "logout"},
     {EndReason::logout_all, "logout_all"},
     {EndReason::device_deleted, "device_deleted"},
     {EndReason::password_changed, "password_changed"},
     {EndReason::revoked, "revoked"},
     {EndReason::account_deactivated, "account_deactivated"},
     {EndReason::administrator, "administrator"},
     {EndReason::crowded_out, "crowded_out"},
     {EndReason::device_unused, "device_unused"},
     {EndReason::provider_signed_out, "provider_signed_out"},
     {EndReason::taken_over, "taken_over"},
     {EndReason::token_reuse, "token_reuse"},
     {EndReason::administrator_softly, "administrator_softly"},
     {EndReason::generations_spent, "generations_spent"},
     {EndReason::code_reuse, "code_reuse"},
     {EndReason::provider_signed_out_softly, "provider_signed_out_softly"},
     {EndReason::provider_session_old, "provider_session_old"}}};

template <class Value, std::size_t size>
std::string_view name_of(const Names<Value, size>& names, Value value) {
  const auto found = std::ranges::find(names, value, &std::pair<Value, std::string_view>::first);
  return found == names.end() ? "" : found->second;
}

template <class Value, std::size_t size>
std::optional<Value> named(const Names<Value, size>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name, &std::pair<Value, std::string_view>::second);
  return found == names.end() ? std::nullopt : std::optional(found->first);
}

std::string_view text_in(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : "";
}

}  // namespace

std::string format_line(const Line& line) {
  json::object object{{"at", text::format_rfc3339(line.at)}, {"what", name_of(kWhats, line.what)}};
  if (line.session) {
    object["session"] = text::format_id(*line.session);
    if (!line.device_id.empty()) object["device"] = line.device_id;
    object["how"] = name_of(kHows, line.how);
    object["reason"] = name_of(kReasons, line.why);
  }
  if (line.browser) object["browser"] = text::format_id(*line.browser);
  if (line.user) {
    object["user_id"] = text::format_id(*line.user);
    object["user"] = line.name;
  }
  return json::serialize(object);
}

std::optional<Line> parse_line(std::string_view text) {
  boost::system::error_code fault;
  const json::value value = json::parse(text, fault);
  if (fault || !value.is_object()) return std::nullopt;
  const json::object& object = value.get_object();
  const auto what = named(kWhats, text_in(object, "what"));
  const auto at = text::parse_rfc3339(text_in(object, "at"));
  if (!what || !at) return std::nullopt;
  Line line{.what = *what, .at = *at};
  line.user = text::parse_id<UserId>(text_in(object, "user_id"));
  line.name = text_in(object, "user");
  line.device_id = text_in(object, "device");
  line.session = text::parse_id<SessionId>(text_in(object, "session"));
  line.browser = text::parse_id<BrowserSessionId>(text_in(object, "browser"));
  if (*what == What::everybody) return line;
  if (!line.user) return std::nullopt;
  if (*what == What::browser && !line.browser) return std::nullopt;
  if (*what != What::session) return line;
  const auto how = named(kHows, text_in(object, "how"));
  const auto why = named(kReasons, text_in(object, "reason"));
  if (!line.session || !how || !why) return std::nullopt;
  line.how = *how;
  line.why = *why;
  return line;
}

}  // namespace latchkey::ends
