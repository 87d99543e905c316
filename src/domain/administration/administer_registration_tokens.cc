// What operators do to registration tokens.

#include <algorithm>

#include "domain/administration/administration.h"
#include "platform/text/ulid.h"
#include "platform/text/utf8.h"

namespace latchkey::administration {
namespace {

std::string described(RegistrationTokenId id) {
  return "registration token " + text::format_id(id);
}

bool valid_name(std::string_view name) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return text::valid_utf8(name) && text::utf8_length(name) <= kLongestTokenName &&
         std::ranges::none_of(name, control);
}

std::optional<AdminRefused::Why> refuse_token(const Administration::NewToken& wanted) {
  using enum AdminRefused::Why;
  if (wanted.text && !accounts::valid_registration_token(*wanted.text)) return not_a_token;
  if (!valid_name(wanted.name)) return not_a_token_name;
  if (wanted.uses_allowed && *wanted.uses_allowed < 1) return token_without_use;
  if (wanted.lifetime && *wanted.lifetime <= Duration{0}) return token_expired_at_once;
  return std::nullopt;
}

}  // namespace

Task<Administration::Result<Administration::CreatedToken>>
Administration::create_registration_token(Operator by, NewToken wanted) {
  if (const auto why = refuse_token(wanted)) co_return refuse(*why);
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<CreatedToken> {
    const Time now = ground_.clock.now();
    accounts::RegistrationToken token{
        .name = wanted.name, .uses_allowed = wanted.uses_allowed, .created_at = now};
    if (wanted.lifetime) token.expires_at = now + *wanted.lifetime;
    std::string text;
    do {
      text = wanted.text.value_or(accounts::make_registration_token());
      if (accounts::registration_token_taken(tx, text)) return refuse(Why::token_exists);
      token.id = ground_.ids.next<RegistrationTokenId>(now);
    } while (!accounts::insert_registration_token(tx, token, text));
    note(tx, by, "registration-token create", described(token.id), wanted.name);
    return CreatedToken{token.id, text};
  });
}

Task<std::vector<Administration::ListedToken>> Administration::list_registration_tokens() {
  const Time now = ground_.clock.now();
  auto tokens = co_await ground_.db.read(
      [now](db::Tx& tx) { return accounts::list_registration_tokens(tx, now); });
  std::vector<ListedToken> list;
  for (auto& token : tokens) {
    const accounts::TokenState state = accounts::state_of(token, now);
    list.push_back({std::move(token), state});
  }
  co_return list;
}

Task<Administration::Result<>> Administration::revoke_registration_token(Operator by,
                                                                         RegistrationTokenId id) {
  co_return co_await ground_.db.write([&](db::Tx& tx) -> Result<> {
    const Time now = ground_.clock.now();
    const auto token = accounts::find_registration_token(tx, id, now);
    if (!token) return refuse(Why::no_such_token);
    if (!accounts::revoke_registration_token(tx, id, now)) return refuse(Why::already_revoked);
    note(tx, by, "registration-token revoke", described(id), token->name);
    return {};
  });
}

}  // namespace latchkey::administration
