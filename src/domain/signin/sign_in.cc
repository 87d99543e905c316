#include "domain/signin/sign_in.h"

namespace latchkey::signin {
namespace {

using sessions::StartRefusal;
using Why = LoginRefused::Why;

LoginRefused refusal_of(StartRefusal refusal) {
  switch (refusal) {
    case StartRefusal::account_deactivated:
      return {Why::account_deactivated};
    case StartRefusal::account_locked:
      return {Why::account_locked};
    case StartRefusal::too_many_devices:
      break;
  }
  return {Why::too_many_devices};
}

}  // namespace

SignIn::Started SignIn::start(db::Tx& tx, const accounts::Account& account,
                              const sessions::NewSession& session) {
  auto started = sessions_.start(tx, account, session);
  if (!started) return std::unexpected(refusal_of(started.error()));
  return std::move(*started);
}

SignIn::Result SignIn::signed_in(std::size_t worker, const Started& started) {
  if (!started) return std::unexpected(started.error());
  return SignedIn{started->account.localpart, started->record.device_id,
                  sessions_.tokens_of(worker, started->record)};
}

}  // namespace latchkey::signin
