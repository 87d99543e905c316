#include "domain/self/operations.h"

#include <utility>

#include "domain/accounts/account_changes.h"
#include "domain/accounts/recovery_links.h"
#include "domain/accounts/threepid_rows.h"
#include "domain/accounts/user_rows.h"
#include "domain/sessions/devices.h"
#include "domain/sessions/session_rows.h"
#include "platform/text/utf8.h"

namespace latchkey::self {
namespace {

using sessions::EndReason;
using Why = Refused::Why;

constexpr std::size_t kLongestName = 255;  // bytes

std::unexpected<Refused> refuse(Why why) { return std::unexpected(Refused{.why = why}); }

// A name as it is kept; absent: it is no text.
std::optional<std::string> clean_name(std::string_view typed) {
  if (!text::valid_utf8(typed)) return std::nullopt;
  std::string name;
  for (const char c : typed) {
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) name += c;
  }
  const auto begin = name.find_first_not_of(' ');
  if (begin == std::string::npos) return "";
  name.erase(0, begin);
  name.resize(text::truncate_utf8(name, kLongestName).size());
  name.erase(name.find_last_not_of(' ') + 1);
  return name;
}

// Its own user is what a service acts as when it names no other.
bool is_sender(const Admitted& who, const Proof& proof) {
  const auto* by = std::get_if<ServiceProof>(&proof);
  return by != nullptr && by->service->sender_localpart == who.account.localpart;
}

// Not a service or an operator.
bool is_person(const Proof& proof) {
  return std::holds_alternative<ClientProof>(proof) || std::holds_alternative<BrowserProof>(proof);
}

}  // namespace

void deactivate(db::Tx& tx, const Ground& ground, sessions::Sessions& sessions, Admitted& who,
                bool erase) {
  const events::Events& events = ground.events;
  const UserId id = who.account.id;
  const Time now = ground.clock.now();
  sessions.end(tx, sessions::AllOf{id}, Ended::for_good, EndReason::account_deactivated);
  accounts::delete_threepids_of(tx, id);
  accounts::delete_recovery_links_of(tx, id);
  const accounts::Account before = who.account;
  if (!who.account.deactivated_at) who.account.deactivated_at = now;
  accounts::change_state(tx, events, before, who.account);
  if (!erase) return;
  accounts::replace_password(tx, events, id, std::nullopt, events::PasswordChange::taken_away);
  accounts::update_erased(tx, id, now);
  accounts::update_display_name(tx, id, std::nullopt);
  sessions::forget_devices_of_user(tx, id);
  events.tell(tx, events::AccountErased{id});
}

Task<Result<>> Operations::deactivate(Proof proof, bool erase) {
  if (!parts_.options.deactivation && is_person(proof)) co_return refuse(Why::switched_off);
  co_return co_await admitted(proof, Need::fresh, [&](db::Tx& tx, Admitted& who) -> Result<> {
    if (is_sender(who, proof)) return refuse(Why::service_itself);
    self::deactivate(tx, parts_.ground, parts_.sessions, who, erase);
    return {};
  });
}

Task<Result<std::size_t>> Operations::delete_devices(Proof proof,
                                                     std::vector<std::string> device_ids) {
  co_return co_await admitted<std::size_t>(
      proof, Need::fresh, [&](db::Tx& tx, const Admitted& who) -> Result<std::size_t> {
        std::size_t deleted = 0;
        for (const std::string& id : device_ids) {
          const auto device = sessions::find_device(tx, who.account.id, id);
          if (!device) continue;
          parts_.sessions.end(tx, sessions::OneDevice{who.account.id, device->key}, Ended::for_good,
                              EndReason::device_deleted);
          ++deleted;
        }
        return deleted;
      });
}

Task<Result<std::size_t>> Operations::sign_out_everywhere(Proof proof) {
  co_return co_await admitted<std::size_t>(
      proof, Need::fresh, [&](db::Tx& tx, const Admitted& who) -> Result<std::size_t> {
        const UserId user = who.account.id;
        const auto devices = static_cast<std::size_t>(sessions::count_devices(tx, user));
        parts_.sessions.end(tx, sessions::AllOf{user, who.browser}, Ended::for_good,
                            EndReason::logout_all);
        return devices;
      });
}

Task<Result<>> Operations::allow_cross_signing_reset(Proof proof) {
  co_return co_await admitted(proof, Need::fresh, [&](db::Tx& tx, const Admitted& who) -> Result<> {
    parts_.ground.events.tell(tx, events::CrossSigningResetAllowed{who.account.id});
    return {};
  });
}

Task<Result<std::string>> Operations::make_login_token(ClientProof proof) {
  co_return co_await admitted<std::string>(
      Proof(std::move(proof)), Need::fresh,
      [&](db::Tx& tx, const Admitted& who) -> Result<std::string> {
        return parts_.login_tokens.make(tx, who.session.value().record.id);
      });
}

Task<Result<>> Operations::set_display_name(Proof proof, std::string name) {
  if (!parts_.options.displayname_change && is_person(proof)) co_return refuse(Why::switched_off);
  const auto clean = clean_name(name);
  co_return co_await admitted(
      proof, Need::signed_in, [&](db::Tx& tx, const Admitted& who) -> Result<> {
        if (!clean) return {};
        accounts::change_display_name(tx, parts_.ground.events, who.account.id,
                                      clean->empty() ? std::nullopt : clean);
        return {};
      });
}

Task<Result<>> Operations::rename_device(Proof proof, std::string device_id, std::string name) {
  const auto clean = clean_name(name);
  co_return co_await admitted(
      proof, Need::signed_in, [&](db::Tx& tx, const Admitted& who) -> Result<> {
        const auto device = sessions::find_device(tx, who.account.id, device_id);
        if (!device) return refuse(Why::no_such_device);
        if (clean) sessions::rename_device(tx, parts_.ground.events, device->key, *clean);
        return {};
      });
}

Task<Result<>> Operations::end_app(Proof proof, SessionId app) {
  co_return co_await admitted(
      proof, Need::signed_in, [&](db::Tx& tx, const Admitted& who) -> Result<> {
        const auto session = sessions::find_session(tx, app);
        if (session && session->account.id == who.account.id && !session->record.device) {
          parts_.sessions.end(tx, *session, Ended::for_good, EndReason::logout);
        }
        return {};
      });
}

Task<Operations::Put> Operations::put_device(signin::Caller who, std::string device_id,
                                             std::optional<std::string> display_name) {
  co_return co_await parts_.ground.db.write([&](db::Tx& tx) {
    // Not while it is being deleted, or created by another request; nor after a deactivation.
    const auto account = sessions::lock_account(tx, who.identity.user);
    if (!account || account->deactivated_at) return Put::no_such_device;
    const auto device = sessions::find_device(tx, account->id, device_id);
    if (!device && !who.is_service()) return Put::no_such_device;
    if (!device) {
      const sessions::DeviceDetails details{.display_name = display_name.value_or("")};
      const auto added = parts_.sessions.add_device(tx, account->id, device_id, details);
      return added ? Put::created : Put::too_many;
    }
    if (display_name) sessions::rename_device(tx, parts_.ground.events, device->key, *display_name);
    return Put::updated;
  });
}

}  // namespace latchkey::self
