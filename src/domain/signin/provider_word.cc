#include "domain/signin/provider_word.h"

#include "domain/accounts/account_changes.h"
#include "domain/accounts/audit.h"
#include "domain/accounts/matrix_id.h"
#include "domain/accounts/threepid_rows.h"
#include "domain/providers/link_rows.h"
#include "domain/providers/told_email_rows.h"
#include "platform/crypto/kept_hash.h"
#include "platform/text/shown.h"
#include "platform/text/utf8.h"

namespace latchkey::signin {
namespace {

constexpr std::size_t kLongestName = 255;  // bytes
constexpr std::string_view kEmail = "email";

// Of this person's, so that whoever reads the database cannot try addresses for all of them at
// once.
std::string told_hash(const Signer& signer, std::string_view address) {
  std::string text = signer.provider.options.id;
  text.append("\n").append(signer.subject).append("\n").append(address);
  return crypto::kept_hash(text);
}

bool has_threepid(db::Tx& tx, UserId account, const accounts::Threepid& threepid) {
  const auto owner = accounts::find_user_by_threepid(tx, threepid);
  return owner && owner->account.id == account;
}

}  // namespace

// Whatever else it holds, such as NUL, which no database keeps, is nothing that others should see.
std::string display_name_of(const providers::Provider& provider, const providers::Person& person) {
  const std::string made = provider.templates.display_name.render(person.claims).value_or("");
  const std::string name = text::shown(made);
  return std::string(text::truncate_utf8(name, kLongestName));
}

std::string email_of(const providers::Provider& provider, const providers::Person& person) {
  if (!provider.options.email_verified && !providers::is_true(person.claims, "email_verified")) {
    return {};
  }
  const std::string made = provider.templates.email.render(person.claims).value_or("");
  if (!text::valid_utf8(made)) return {};
  const auto email = accounts::canonical_threepid(kEmail, made);
  return email ? email->address : "";
}

void take_over_email(db::Tx& tx, const Ground& ground, const Signer& signer, UserId account) {
  if (signer.email.empty()) return;
  const std::string& id = signer.provider.options.id;
  const std::string hash = told_hash(signer, signer.email);
  const std::string before = providers::find_told_email(tx, id, signer.subject);
  if (hash == before) return;
  const accounts::Threepid email{std::string(kEmail), std::string(signer.email)};
  if (!accounts::add_threepid(tx, ground.events, account, email, ground.clock.now()) &&
      !has_threepid(tx, account, email)) {
    return;
  }
  for (const auto& [threepid, added_at] : accounts::list_threepids(tx, account)) {
    if (threepid.medium == kEmail && told_hash(signer, threepid.address) == before) {
      accounts::remove_threepid(tx, ground.events, account, threepid);
    }
  }
  providers::note_told_email(tx, id, signer.subject, hash);
}

void set_administrator(db::Tx& tx, const Ground& ground, std::string_view server_name,
                       const Signer& signer, accounts::Account& account) {
  if (!signer.administrator || account.admin == *signer.administrator) return;
  const accounts::Account before = account;
  account.admin = *signer.administrator;
  accounts::change_state(tx, ground.events, before, account);
  accounts::audit::note(tx, ground.ids, ground.clock.now(),
                        {"provider " + signer.provider.options.id, std::string(signer.address)},
                        "user admin", accounts::matrix_id(account.localpart, server_name),
                        account.admin ? "on" : "off");
}

void take_over(db::Tx& tx, const Ground& ground, std::string_view server_name, const Signer& signer,
               accounts::Account& account) {
  if (account.deactivated_at || account.locked_at) return;
  const providers::ProviderOptions& options = signer.provider.options;
  if (const auto link = providers::find_link(tx, options.id, signer.subject)) {
    providers::note_link_use(tx, *link, ground.clock.now());
  }
  set_administrator(tx, ground, server_name, signer, account);
  if (options.update_profile) take_over_email(tx, ground, signer, account.id);
  if (options.update_profile && !signer.display_name.empty() &&
      accounts::find_display_name(tx, account.id) != signer.display_name) {
    accounts::change_display_name(tx, ground.events, account.id, std::string(signer.display_name));
  }
}

}  // namespace latchkey::signin
