#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/accounts/threepid_rows.h"
#include "domain/federation/federation.h"
#include "domain/providers/listeners.h"
#include "domain/providers/providers_testing.h"
#include "domain/self/self_testing.h"
#include "platform/error_testing.h"

// The base of tests in which people come from providers, on both engines.
namespace latchkey::federation::testing {

using namespace std::chrono_literals;
using providers::Failure;
using providers::Person;
using providers::Returned;
using sessions::testing::run;

inline constexpr const char* kBrowser = "the cookie of ways";
inline const sessions::Origin kOrigin{.address = "192.0.2.1", .user_agent = {}};

// Two providers to which browsers are sent. Who comes back from them is the field "who".
class FederationOnEachEngine : public self::testing::SigninOnEachEngine {
 protected:
  FederationOnEachEngine() {
    providers::listen(server_.events);
    for (const char* id : {"corp", "other"}) {
      scripted(id).who = [this](const Returned& returned) -> providers::Reply<Person> {
        if (failure_) return std::unexpected(*failure_);
        Person person{.subject = std::string(providers::single(returned.fields, "who").value())};
        person.claims = claims_;
        person.claims["name"] = person.subject;
        person.session.name = "session of " + person.subject;
        person.session.hint = Secret("hint-of-" + person.subject);
        return person;
      };
    }
  }

  providers::testing::ScriptedProvider& scripted(const char* id) {
    const providers::Provider* provider = surface_.providers.find(id);
    return static_cast<providers::testing::ScriptedProvider&>(*provider->browser);
  }

  static std::vector<providers::ProviderOptions> configured() {
    providers::ProviderOptions corp;
    corp.id = "corp";
    corp.name = "Corp";
    corp.localpart = "{{ claims.name | lower }}";
    corp.display_name = "{{ claims.display | default('') }}";
    corp.email = "{{ claims.email }}";
    corp.registration = true;
    providers::ProviderOptions other;
    other.id = "other";
    other.name = "Other";
    other.display_name = "{{ claims.display }}";
    other.email = "{{ claims.email }}";
    other.update_profile = true;
    other.logout = providers::LogoutEnds::for_good;
    other.sign_out_there = providers::SignOutThere::always;
    other.session_lifetime = 8h;
    return {corp, other};
  }

  Federation& federation() {
    if (!federation_) {
      federation_.emplace(Federation::Parts{.ground = server_.ground(),
                                            .sessions = *server_,
                                            .providers = surface_.providers,
                                            .browsers = surface_.browsers,
                                            .passwords = surface_.check,
                                            .registration = surface_.registration,
                                            .auth = surface_.auth,
                                            .limits = surface_.limits,
                                            .admission = admission_,
                                            .server_name = "example.com"});
    }
    return *federation_;
  }

  UserId make_user(const std::string& name, const std::optional<std::string>& password = {}) {
    EXPECT_TRUE(administration_.create_user(accounts::testing::kOperator, name, password, false));
    return user(name).value().account.id;
  }

  // Leaves for a provider. The state of the way.
  std::string leave(const std::string& provider, Purpose purpose = Purpose::sign_in,
                    std::optional<UserId> visitor = {}, const std::string& confirms = {}) {
    const auto left = run(federation().leave({.provider = provider,
                                              .purpose = purpose,
                                              .visitor = visitor,
                                              .next = "/account/devices",
                                              .confirms = confirms,
                                              .browser = kBrowser,
                                              .address = "192.0.2.1"}));
    EXPECT_TRUE(left);
    if (!left) return {};
    const std::string& url = left->url;
    return url.substr(url.find("state=") + 6);
  }

  using Result = std::expected<Arrived, Refused>;
  Result arrive(const std::string& provider, const std::string& state, const std::string& who,
                const std::optional<signin::BrowserSession>& visitor = {},
                const std::string& browser = kBrowser) {
    auto arriving = coming(provider, state, who);
    arriving.browser = browser;
    arriving.visitor = visitor;
    return run(federation().arrive(std::move(arriving)));
  }
  static Federation::Returning coming(const std::string& provider, const std::string& state,
                                      const std::string& who) {
    return {.provider = provider,
            .fields = {{"state", state}, {"who", who}},
            .browser = kBrowser,
            .visitor = {},
            .cookie = {},
            .origin = kOrigin};
  }
  Result sign_in(const std::string& provider, const std::string& who) {
    return arrive(provider, leave(provider), who);
  }
  static Refused::Why why(const Result& result) {
    EXPECT_FALSE(result);
    return result ? Refused::Why::busy : error_of(result).why;
  }

  void link(const std::string& provider, const std::string& who, UserId to) {
    EXPECT_TRUE(server_.db().write_now([&](db::Tx& tx) {
      return providers::insert_link(tx, {provider, who, to, server_.clock.now()});
    }));
  }
  std::vector<std::string> emails(UserId of) {
    std::vector<std::string> addresses;
    for (const auto& one :
         server_.db().read_now([&](db::Tx& tx) { return accounts::list_threepids(tx, of); })) {
      addresses.push_back(one.threepid.address);
    }
    return addresses;
  }
  std::vector<WayIn> ways_in(UserId of) { return run(federation().ways_in(of)); }

  static self::testing::Setup with_providers() {
    self::testing::Setup setup;
    setup.providers = configured();
    return setup;
  }

  boost::json::object claims_;
  std::optional<Failure> failure_;
  self::testing::Surface surface_{server_.ground(), *server_, passwords_, with_providers()};
  self::Admission admission_{server_.ground(), *server_, surface_.auth, surface_.browsers};
  std::optional<Federation> federation_;
};

}  // namespace latchkey::federation::testing
