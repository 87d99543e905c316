#include "bench/durable_work.h"

#include <fmt/format.h>

#include <stdexcept>
#include <vector>

#include "domain/accounts/user_rows.h"
#include "domain/oauth/authorization_codes.h"
#include "domain/sessions/session_rows.h"
#include "domain/signin/browser_session_rows.h"
#include "platform/crypto/hash.h"
#include "platform/text/base64.h"
#include "platform/text/ulid.h"

namespace latchkey::bench {
namespace {

using sessions::Account;

constexpr std::string_view kRedirectUri = "https://app.example/callback";
constexpr std::string_view kVerifier = "a-verifier-of-the-bench-that-is-long-enough-for-rfc-7636";

Task<Account> account_of(Store& store, std::size_t number) {
  const auto user = co_await store.db().read(
      [&](db::Tx& tx) { return accounts::find_user(tx, user_name(number)); });
  co_return user.value().account;
}

Task<sessions::Session> begin_session(Store& store, UserId user,
                                      const sessions::NewSession& wanted) {
  auto session = co_await store.db().write([&](db::Tx& tx) {
    const auto account = sessions::lock_account(tx, user);
    return store.sessions().start(tx, account.value(), wanted);
  });
  co_return std::move(session.value());
}

class Logins final : public DurableWork {
 public:
  Logins(Store& store, std::size_t users) : store_(store), users_(users) {}

  Task<void> prepare(std::size_t /*caller*/) override { co_return; }

  Task<void> once(std::size_t /*caller*/, std::size_t number) override {
    const Account account = co_await account_of(store_, number % users_);
    const auto session = co_await begin_session(store_, account.id, session_wanted(number));
    store_.sessions().tokens_of(0, session.record);
  }

 private:
  Store& store_;
  std::size_t users_;
};

class Refreshes final : public DurableWork {
 public:
  explicit Refreshes(Store& store) : store_(store) {}

  Task<void> prepare(std::size_t caller) override {
    sessions::NewSession wanted = session_wanted(caller);
    wanted.refreshes = true;
    wanted.grant = sessions::ClientGrant{kClient, "urn:matrix:client:api:*"};
    const Account account = co_await account_of(store_, caller);
    const auto session = co_await begin_session(store_, account.id, wanted);
    if (tokens_.size() <= caller) tokens_.resize(caller + 1);
    tokens_[caller] = store_.sessions().tokens_of(0, session.record).refresh_token.value();
  }

  Task<void> once(std::size_t caller, std::size_t number) override {
    const auto origin = session_wanted(number).origin;
    const auto pair = co_await store_.sessions().refresh({0, origin.address, origin.user_agent},
                                                         tokens_[caller], kClient);
    if (!pair) throw std::runtime_error("a refresh was refused");
    tokens_[caller] = pair->refresh_token.value();
  }

 private:
  static constexpr const char* kClient = "a client of the bench";
  Store& store_;
  std::vector<std::string> tokens_;
};

class CodeFlows final : public DurableWork {
 public:
  explicit CodeFlows(Store& store) : store_(store) {}

  Task<void> prepare(std::size_t caller) override {
    if (!client_) {
      auto registered = co_await clients_.register_client(
          {{"client_name", "The Bench"},
           {"client_uri", "https://app.example/"},
           {"redirect_uris", {kRedirectUri}},
           {"grant_types", {"authorization_code", "refresh_token"}},
           {"token_endpoint_auth_method", "none"}});
      client_ = registered.value().client;
    }
    const Time now = store_.now();
    signin::BrowserSession browser{.id = store_.ground().ids.next<BrowserSessionId>(now),
                                   .account = co_await account_of(store_, caller),
                                   .created_at = now,
                                   .authenticated = {.at = now},
                                   .last_active_at = now,
                                   .origin = session_wanted(caller).origin};
    co_await store_.db().write([&](db::Tx& tx) {
      signin::insert_browser(tx, signin::cookie_hash(text::format_id(browser.id)), browser);
    });
    if (browsers_.size() <= caller) browsers_.resize(caller + 1);
    browsers_[caller] = std::move(browser);
  }

  Task<void> once(std::size_t caller, std::size_t number) override {
    // Of this run alone: a device that is known already has a session to end.
    const std::string device = fmt::format("{}.{}", text::format_id(browsers_[caller].id), number);
    oauth::AuthorizationRequest asked;
    asked.client = client_;
    asked.redirect_uri = kRedirectUri;
    asked.scope =
        oauth::read_scope("urn:matrix:client:api:* urn:matrix:client:device:" + device).value();
    asked.code_challenge = text::encode_base64url(crypto::sha256(kVerifier));
    const auto code = co_await codes_.issue(browsers_[caller], asked);
    const auto granted =
        co_await codes_.redeem(0, *client_, code.value(), asked.redirect_uri,
                               std::string(kVerifier), session_wanted(number).origin);
    if (!granted) throw std::runtime_error(granted.error().sentence);
  }

 private:
  Store& store_;
  clients::Clients clients_{store_.ground(), {}};
  oauth::AuthorizationCodes codes_{store_.ground(), store_.sessions(), clients_};
  std::shared_ptr<const clients::Client> client_;
  std::vector<signin::BrowserSession> browsers_;
};

}  // namespace

std::unique_ptr<DurableWork> logins(Store& store, std::size_t users) {
  return std::make_unique<Logins>(store, users);
}

std::unique_ptr<DurableWork> refreshes(Store& store) { return std::make_unique<Refreshes>(store); }

std::unique_ptr<DurableWork> code_flows(Store& store) { return std::make_unique<CodeFlows>(store); }

}  // namespace latchkey::bench
