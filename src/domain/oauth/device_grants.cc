#include "domain/oauth/device_grants.h"

#include "domain/oauth/claims.h"
#include "domain/oauth/start_granted_session.h"
#include "domain/oauth/user_code.h"
#include "domain/sessions/session_rows.h"
#include "domain/signin/browser_session_rows.h"
#include "domain/token_prefixes.h"
#include "platform/crypto/kept_hash.h"
#include "platform/crypto/random.h"
#include "platform/text/utf8.h"

namespace latchkey::oauth {
namespace {

using Why = GrantRefused::Why;
using MaybeText = std::optional<std::string>;

constexpr std::string_view kPrefix = text_of(TokenPrefix::device_code);
constexpr std::size_t kRandomLength = 32;  // of base62: 190 bits
constexpr Duration kLifetime = std::chrono::minutes{15};
constexpr Duration kAnswerAgain = std::chrono::minutes{1};
constexpr std::size_t kLongestUserAgent = 255;

enum class Decision : int { none = 0, granted = 1, denied = 2 };

GrantRefused refused(Why why, std::string sentence) { return {why, std::move(sentence)}; }

struct GrantRow {
  std::string client;
  std::string scope;
  Time expires_at;
  Decision decision = Decision::none;
  std::optional<UserId> user;
  std::optional<BrowserSessionId> browser_session;
  std::optional<Time> authenticated_at;
  signin::AuthMethod authenticated_by = signin::AuthMethod::password;
  std::optional<SessionId> session;
};

// A clock set back prolongs nothing.
bool expired(Time expires_at, Time now) {
  return expires_at <= now || expires_at > now + kLifetime + sessions::kClockSkew;
}

}  // namespace

void deny_grants_of(db::Tx& tx, BrowserSessionId browser) {
  tx.run(
      "UPDATE device_grants SET decision = :denied WHERE browser_session = :browser"
      " AND browser_session IS NOT NULL AND session IS NULL",
      Decision::denied, browser);
}
}  // namespace latchkey::oauth

template <>
struct latchkey::db::Columns<latchkey::oauth::GrantRow> {
  using Row = oauth::GrantRow;
  static constexpr auto kAll = std::tuple{
      column("client", &Row::client),
      column("scope", &Row::scope),
      column("expires_at", &Row::expires_at),
      column("decision", &Row::decision),
      column("user_id", &Row::user),
      column("browser_session", &Row::browser_session),
      column("authenticated_at", &Row::authenticated_at),
      column("authenticated_by", &Row::authenticated_by),
      column("session", &Row::session),
  };
};

namespace latchkey::oauth {
namespace {

std::optional<GrantRow> find_row(db::Tx& tx, const std::string& hash) {
  static const std::string sql =
      "SELECT " + db::column_list<GrantRow>() + " FROM device_grants WHERE hash = :hash";
  return db::row<GrantRow>(tx, sql, hash);
}

// Why the device gets nothing, if it does not; absent: the person has said yes.
std::optional<GrantRefused> not_granted(const std::optional<GrantRow>& row,
                                        const clients::Client& client, Time now) {
  if (!row || row->client != client.id) {
    return refused(Why::invalid_grant, "This device code is not known here.");
  }
  if (row->session) return std::nullopt;
  if (expired(row->expires_at, now))
    return refused(Why::expired_token, "The code has expired. Begin again.");
  switch (row->decision) {
    case Decision::none:
      return refused(Why::authorization_pending, "The person has not decided yet.");
    case Decision::denied:
      return refused(Why::access_denied, "The person has said no.");
    case Decision::granted:
      break;
  }
  return std::nullopt;
}

MaybeText unless_empty(std::string_view text) {
  return text.empty() || !text::valid_utf8(text) ? std::nullopt : MaybeText(text);
}

}  // namespace

Task<DeviceAuthorization> DeviceGrants::begin(const clients::Client& client, Scope scope,
                                              sessions::Origin origin) {
  DeviceAuthorization begun{
      .device_code = std::string(kPrefix) + crypto::random_text(crypto::kBase62, kRandomLength),
      .user_code = {},
      .lifetime = kLifetime,
      .interval = Polling::kInterval};
  const Time now = ground_.clock.now();
  bool added = false;
  while (!added) {
    begun.user_code = new_user_code();
    added = co_await ground_.db.write([&](db::Tx& tx) {
      return tx.run(
                 "INSERT INTO device_grants (hash, user_code, client, scope, address, user_agent,"
                 " created_at, expires_at) VALUES (:hash, :code, :client, :scope, :address, :agent,"
                 " :now, :expires) ON CONFLICT DO NOTHING",
                 crypto::kept_hash(begun.device_code), crypto::kept_hash(begun.user_code),
                 client.id, scope.text(), unless_empty(origin.address),
                 unless_empty(text::truncate_utf8(origin.user_agent, kLongestUserAgent)), now,
                 now + kLifetime) == 1;
    });
  }
  co_return begun;
}

Task<std::optional<PendingDevice>> DeviceGrants::find(std::string user_code) {
  struct Found {
    std::string client;
    PendingDevice device;
  };
  auto found = co_await ground_.db.read([&](db::Tx& tx) -> std::optional<Found> {
    auto row = tx.one<std::string, std::string, MaybeText, MaybeText, Time, Time>(
        "SELECT client, scope, address, user_agent, created_at, expires_at FROM device_grants"
        " WHERE user_code = :code AND decision = 0",
        crypto::kept_hash(user_code));
    if (!row) return std::nullopt;
    auto& [client, scope_text, address, agent, created_at, expires_at] = *row;
    const Time now = ground_.clock.now();
    auto scope = read_scope(scope_text);
    if (!scope || expired(expires_at, now)) {
      return std::nullopt;
    }
    return Found{std::move(client),
                 {.client = nullptr,
                  .scope = std::move(*scope),
                  .origin = {address.value_or(""), agent.value_or("")},
                  .created_at = created_at}};
  });
  if (!found) co_return std::nullopt;
  found->device.client = co_await clients_.find(found->client);
  if (!found->device.client) co_return std::nullopt;
  co_return std::move(found->device);
}

Task<bool> DeviceGrants::decide(const signin::BrowserSession& browser, std::string user_code,
                                bool allow) {
  co_return co_await ground_.db.write([&](db::Tx& tx) {
    const auto account = signin::lock_browser_account(tx, browser.id);
    if (!account || sessions::judge_account(*account)) return false;
    const Time now = ground_.clock.now();
    return tx.run(
               "UPDATE device_grants SET decision = :decision, user_id = :user,"
               " browser_session = :browser, authenticated_at = :authenticated,"
               " authenticated_by = :by"
               " WHERE user_code = :code AND decision = 0 AND expires_at > :now",
               allow ? Decision::granted : Decision::denied, account->id, browser.id,
               browser.authenticated.at, browser.authenticated.by, crypto::kept_hash(user_code),
               now) == 1;
  });
}

Task<std::expected<Granted, GrantRefused>> DeviceGrants::poll(std::size_t worker,
                                                              const clients::Client& client,
                                                              std::string device_code,
                                                              sessions::Origin origin) {
  co_await sessions_.require_in_touch();
  const std::string hash = crypto::kept_hash(device_code);
  const Time now = ground_.clock.now();
  const auto seen = co_await ground_.db.read([&](db::Tx& tx) { return find_row(tx, hash); });
  if (auto refusal = not_granted(seen, client, now)) {
    if (refusal->why == Why::authorization_pending && !polling_.allow(hash, now)) {
      refusal->why = Why::slow_down;
    }
    co_return std::unexpected(*refusal);
  }
  struct Redeemed {
    sessions::Session session;
    GrantRow row;
    boost::json::object person;
  };
  using Result = std::expected<Redeemed, GrantRefused>;
  auto redeemed = co_await ground_.db.write([&](db::Tx& tx) -> Result {
    const auto account = sessions::lock_account(tx, seen->user.value());
    auto row = find_row(tx, hash);
    const auto redeemed_by = [&](sessions::Session&& session) {
      const auto granted = read_scope(session.record.grant->scope);
      auto person = granted ? person_claims(tx, account->id, account->localpart, *granted)
                            : boost::json::object();
      return Redeemed{std::move(session), std::move(*row), std::move(person)};
    };
    if (!account || !row) {
      return std::unexpected(refused(Why::expired_token, "The code has expired. Begin again."));
    }
    if (auto refusal = not_granted(row, client, now)) return std::unexpected(*refusal);
    if (row->session) {
      auto session = sessions::find_session(tx, *row->session);
      const bool fresh = session && session->record.issued == 0 &&
                         session->record.ended == sessions::Ended::live &&
                         now - session->record.created_at < kAnswerAgain &&
                         session->record.created_at - now <= sessions::kClockSkew;
      if (!fresh) {
        return std::unexpected(refused(Why::invalid_grant, "This device code was used already."));
      }
      return redeemed_by(std::move(*session));
    }
    auto scope = read_scope(row->scope);
    if (!scope || !signin::lock_browser_account(tx, row->browser_session.value())) {
      return std::unexpected(refused(Why::access_denied, "The person has signed out since."));
    }
    scope->admin = scope->admin && account->admin;
    auto session = start_granted_session(
        tx, sessions_, *account, client, *scope, sessions::Method::device_code, std::nullopt,
        {.at = row->authenticated_at.value_or(now), .by = row->authenticated_by}, origin);
    if (!session) return std::unexpected(session.error());
    tx.run("UPDATE device_grants SET session = :session WHERE hash = :hash", session->record.id,
           hash);
    clients_.note_use(tx, client.id);
    return redeemed_by(std::move(*session));
  });
  if (!redeemed) co_return std::unexpected(redeemed.error());
  polling_.forget(hash);
  const sessions::Record& record = redeemed->session.record;
  co_return Granted{
      .tokens = sessions_.tokens_of(worker, record),
      .account = redeemed->session.account,
      .session = record.id,
      .scope = *read_scope(record.grant->scope),
      .person = std::move(redeemed->person),
      .nonce = {},
      .authenticated = {.at = redeemed->row.authenticated_at.value_or(record.created_at),
                        .by = redeemed->row.authenticated_by}};
}

void DeviceGrants::purge(const Batches& batches) {
  const Time before = ground_.clock.now() - kAnswerAgain;
  batches.run(ground_.db, [before](db::Tx& tx, std::int64_t limit) {
    return tx.run(
        "DELETE FROM device_grants WHERE hash IN"
        " (SELECT hash FROM device_grants WHERE expires_at <= :before LIMIT :limit)",
        before, limit);
  });
}

}  // namespace latchkey::oauth
