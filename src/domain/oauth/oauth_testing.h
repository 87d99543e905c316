#pragma once

#include <boost/json/array.hpp>
#include <memory>
#include <string>

#include "domain/clients/clients.h"
#include "domain/oauth/authorization_codes.h"
#include "domain/oauth/listeners.h"
#include "domain/self/self_testing.h"

namespace latchkey::oauth::testing {

// The base of tests in which somebody who is signed in to a browser lets an app in.
class GrantsOnEachEngine : public self::testing::SigninOnEachEngine {
 protected:
  static constexpr auto kMatrix = "urn:matrix:client:api:* urn:matrix:client:device:PHONE";
  static constexpr auto kCallback = "https://app.example.com/callback";

  GrantsOnEachEngine() {
    listen(server_.events);
    administration_.create_user(accounts::testing::kOperator, "alice", "correct horse", false)
        .value();
    browser_ = sign_in_browser();
  }

  static clients::Client configured(std::string id) {
    clients::Client client;
    client.id = std::move(id);
    client.configured = true;
    client.name.text = "My App";
    client.redirect_uris = {kCallback};
    return client;
  }
  // A client that registered itself yesterday.
  std::shared_ptr<const clients::Client> registered() {
    auto made = sessions::testing::run(
        clients_.register_client({{"client_name", "Their App"},
                                  {"client_uri", "https://app.example.com/"},
                                  {"redirect_uris", boost::json::array{kCallback}}}));
    server_.clock.advance(std::chrono::hours{25});  // a use is written once a day
    return made.value().client;
  }
  // How many of those were signed in with just now.
  std::int64_t registered_and_used_now() {
    return server_.count("SELECT COUNT(*) FROM oauth_clients WHERE used_at = :now",
                         server_.clock.now());
  }
  signin::BrowserSession sign_in_browser() {
    return sessions::testing::run(surface_.browsers.sign_in(signin::UserName{"alice"},
                                                            "correct horse",
                                                            {"192.0.2.1", "Firefox"}, ""))
        .value()
        .session;
  }
  void sign_out_browser() {
    sessions::testing::run([](auto& browsers, UserId user, BrowserSessionId id) -> Task<bool> {
      co_await browsers.end(user, id);
      co_return true;
    }(surface_.browsers, browser_.account.id, browser_.id));
  }
  void set_administrator(bool yes) {
    administration_.set_admin(accounts::testing::kOperator, "alice", yes).value();
  }
  sessions::Standing standing(const Granted& granted) {
    return server_.check(granted.tokens.access_token);
  }

  signin::BrowserSession browser_;
  clients::Clients clients_{server_.ground(), {configured("app"), configured("other")}};
  std::shared_ptr<const clients::Client> app_ = sessions::testing::run(clients_.find("app"));
  std::shared_ptr<const clients::Client> other_ = sessions::testing::run(clients_.find("other"));
  const sessions::Origin origin_{"192.0.2.9", "App/1.0"};
};

}  // namespace latchkey::oauth::testing
