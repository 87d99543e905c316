#include "domain/federation/newcomer.h"

#include <utility>

#include "domain/accounts/matrix_id.h"
#include "domain/signin/provider_word.h"
#include "platform/text/json.h"
#include "platform/text/utf8.h"

namespace latchkey::federation {
namespace {

constexpr std::size_t kLongestHint = 8 * 1024;  // bytes; an ID token has one or two thousand

std::string rendered(const providers::ClaimsTemplate& made, const providers::Person& person) {
  std::string text = made.render(person.claims).value_or("");
  return text::valid_utf8(text) ? text : "";
}

std::string usable_localpart(const providers::Provider& provider, const providers::Person& person,
                             std::string_view server_name) {
  std::string name = accounts::new_localpart_meant(rendered(provider.templates.localpart, person));
  return accounts::valid_localpart(name, server_name) ? name : "";
}

}  // namespace

Newcomer newcomer_of(const providers::Provider& provider, const providers::Person& person,
                     std::string_view server_name) {
  Newcomer newcomer{.subject = person.subject,
                    .localpart = usable_localpart(provider, person, server_name),
                    .display_name = signin::display_name_of(provider, person),
                    .email = signin::email_of(provider, person),
                    .session = person.session.name,
                    .hint = {},
                    .once = person.once,
                    .administrator = providers::says_administrator(provider.options, person)};
  if (provider.options.sign_out_there != providers::SignOutThere::never &&
      person.session.hint.reveal().size() <= kLongestHint) {
    newcomer.hint = person.session.hint;
  }
  return newcomer;
}

boost::json::object json_of(const Newcomer& newcomer) {
  boost::json::object kept{
      {"subject", newcomer.subject},           {"localpart", newcomer.localpart},
      {"display_name", newcomer.display_name}, {"email", newcomer.email},
      {"session", newcomer.session},           {"hint", newcomer.hint.reveal()}};
  if (newcomer.administrator) kept["administrator"] = *newcomer.administrator;
  return kept;
}

std::optional<Newcomer> newcomer_in(const boost::json::object& kept) {
  const auto text = [&kept](std::string_view name) {
    return std::string(text::text_of(kept, name));
  };
  Newcomer newcomer{.subject = text("subject"),
                    .localpart = text("localpart"),
                    .display_name = text("display_name"),
                    .email = text("email"),
                    .session = text("session"),
                    .hint = Secret(text("hint"))};
  if (newcomer.subject.empty()) return std::nullopt;
  const auto* administrator = kept.if_contains("administrator");
  if (administrator != nullptr && administrator->is_bool()) {
    newcomer.administrator = administrator->get_bool();
  }
  return newcomer;
}

}  // namespace latchkey::federation
