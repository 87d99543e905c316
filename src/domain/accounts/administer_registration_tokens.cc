// What an administrator does to registration tokens.

#include <fmt/format.h>

#include <algorithm>

#include "domain/accounts/administration.h"
#include "platform/text/ulid.h"
#include "platform/text/utf8.h"

namespace latchkey::accounts {
namespace {

constexpr std::size_t kLongestName = 100;  // characters

std::string described(RegistrationTokenId id) {
  return "registration token " + text::format_id(id);
}

bool valid_name(std::string_view name) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  return text::valid_utf8(name) && text::utf8_length(name) <= kLongestName &&
         std::ranges::none_of(name, control);
}

std::optional<std::string> refuse(const Administration::NewToken& wanted) {
  if (wanted.text && !valid_registration_token(*wanted.text)) {
    return "a registration token has 1 to 64 characters of A-Z, a-z, 0-9 and ._~-";
  }
  if (!valid_name(wanted.name)) {
    return fmt::format("a name has at most {} characters, on one line", kLongestName);
  }
  if (wanted.uses_allowed && *wanted.uses_allowed < 1) return "it must allow one use at least";
  if (wanted.lifetime && *wanted.lifetime <= Duration{0}) return "it would be expired at once";
  return std::nullopt;
}

}  // namespace

Administration::Result<Administration::CreatedToken> Administration::create_registration_token(
    const Operator& by, const NewToken& wanted) {
  if (const auto refusal = refuse(wanted)) return fail(*refusal);
  return ground_.db.write_now([&](db::Tx& tx) -> Result<CreatedToken> {
    const Time now = ground_.clock.now();
    RegistrationToken token{
        .name = wanted.name, .uses_allowed = wanted.uses_allowed, .created_at = now};
    if (wanted.lifetime) token.expires_at = now + *wanted.lifetime;
    std::string text;
    do {
      text = wanted.text.value_or(make_registration_token());
      if (registration_token_taken(tx, text)) return fail("there is such a token already");
      token.id = ground_.ids.next<RegistrationTokenId>(now);
    } while (!insert_registration_token(tx, token, text));
    note(tx, by, "registration-token create", described(token.id), wanted.name);
    return CreatedToken{token.id, text};
  });
}

std::vector<Administration::ListedToken> Administration::list_registration_tokens() {
  const Time now = ground_.clock.now();
  std::vector<ListedToken> list;
  for (auto& token : ground_.db.read_now(
           [now](db::Tx& tx) { return accounts::list_registration_tokens(tx, now); })) {
    const TokenState state = state_of(token, now);
    list.push_back({std::move(token), state});
  }
  return list;
}

Administration::Result<> Administration::revoke_registration_token(const Operator& by,
                                                                   RegistrationTokenId id) {
  return ground_.db.write_now([&](db::Tx& tx) -> Result<> {
    const Time now = ground_.clock.now();
    const auto token = find_registration_token(tx, id, now);
    if (!token) return fail("there is no such registration token");
    if (!accounts::revoke_registration_token(tx, id, now)) {
      return fail("the token is revoked already");
    }
    note(tx, by, "registration-token revoke", described(id), token->name);
    return {};
  });
}

}  // namespace latchkey::accounts
