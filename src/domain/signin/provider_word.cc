#include "domain/signin/provider_word.h"

#include "domain/accounts/account_changes.h"
#include "domain/accounts/audit.h"
#include "domain/accounts/matrix_id.h"
#include "domain/providers/link_rows.h"
#include "platform/text/shown.h"
#include "platform/text/utf8.h"

namespace latchkey::signin {
namespace {

constexpr std::size_t kLongestName = 255;  // bytes

}  // namespace

// Whatever else it holds, such as NUL, which no database keeps, is nothing that others should see.
std::string display_name_of(const providers::Provider& provider, const providers::Person& person) {
  const std::string made = provider.templates.display_name.render(person.claims).value_or("");
  const std::string name = text::shown(made);
  return std::string(text::truncate_utf8(name, kLongestName));
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
  if (options.update_profile && !signer.display_name.empty() &&
      accounts::find_display_name(tx, account.id) != signer.display_name) {
    accounts::change_display_name(tx, ground.events, account.id, std::string(signer.display_name));
  }
}

}  // namespace latchkey::signin
