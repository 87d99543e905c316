#include "domain/federation/federation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <future>

#include "domain/accounts/audit.h"
#include "domain/providers/listeners.h"
#include "domain/providers/providers_testing.h"
#include "domain/self/self_testing.h"
#include "platform/error_testing.h"

namespace latchkey::federation {
namespace {

using namespace std::chrono_literals;
using providers::Failure;
using providers::Person;
using providers::Returned;
using sessions::testing::run;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kBrowser = "the cookie of ways";
const sessions::Origin kOrigin{.address = "192.0.2.1", .user_agent = {}};

// Two providers to which browsers are sent. Who comes back from them is the field "who".
class FederationTest : public self::testing::SigninOnEachEngine {
 protected:
  FederationTest() {
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

INSTANTIATE_TEST_SUITE_P(Engines, FederationTest, db::engines(), db::engine_name);

TEST_P(FederationTest, WhoIsLinkedSignsIn) {
  const UserId alice = make_user("alice");
  link("corp", "a1", alice);
  const auto arrived = sign_in("corp", "a1");
  ASSERT_TRUE(arrived);
  const auto& signed_in = std::get<SignedIn>(*arrived);
  EXPECT_EQ(signed_in.browser.session.account.id, alice);
  EXPECT_EQ(signed_in.browser.session.authenticated.by, signin::AuthMethod::provider);
  EXPECT_EQ(signed_in.next, "/account/devices");
  EXPECT_TRUE(ways_in(alice).at(0).used_at);
  // Of another provider that name is somebody else.
  EXPECT_EQ(why(sign_in("other", "a1")), Refused::Why::no_account);
}

TEST_P(FederationTest, AWayIsGoneOnceAndInItsBrowser) {
  link("corp", "a1", make_user("alice"));
  const std::string state = leave("corp");
  EXPECT_EQ(why(arrive("corp", state, "a1", {}, "another browser")), Refused::Why::way_over);
  EXPECT_EQ(why(arrive("other", state, "a1")), Refused::Why::way_over);
  EXPECT_EQ(why(arrive("corp", "no state", "a1")), Refused::Why::way_over);
  EXPECT_TRUE(arrive("corp", state, "a1"));
  EXPECT_EQ(why(arrive("corp", state, "a1")), Refused::Why::way_over);
  const std::string late = leave("corp");
  server_.clock.advance(31min);
  EXPECT_EQ(why(arrive("corp", late, "a1")), Refused::Why::way_over);
}

TEST_P(FederationTest, WhatTheProviderRefusesEndsTheWay) {
  link("corp", "a1", make_user("alice"));
  using F = Failure::Why;
  using R = Refused::Why;
  for (const auto& [said, told] : {std::pair{F::unavailable, R::unavailable},
                                   {F::denied, R::denied},
                                   {F::not_fresh, R::not_fresh},
                                   {F::not_believed, R::not_believed},
                                   {F::misconfigured, R::misconfigured}}) {
    failure_ = Failure{.why = said, .reason = "test", .sentence = "a test"};
    const std::string state = leave("corp");
    EXPECT_EQ(why(arrive("corp", state, "a1")), told);
    failure_.reset();
    EXPECT_EQ(why(arrive("corp", state, "a1")), R::way_over);
  }
}

TEST_P(FederationTest, ANewcomerChoosesANameAndComesBackToIt) {
  claims_ = {{"display", "Carol C."}, {"email", "carol@example.org"}, {"email_verified", true}};
  const auto arrived = sign_in("corp", "Carol");
  ASSERT_TRUE(arrived);
  const auto& question = std::get<Question>(*arrived);
  EXPECT_EQ(question.course, Course::choose_name);
  EXPECT_EQ(question.localpart, "carol");
  EXPECT_EQ(question.display_name, "Carol C.");
  EXPECT_EQ(question.email, "carol@example.org");
  EXPECT_FALSE(user("carol"));
  const auto again = run(federation().question(question.state, kBrowser));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->localpart, "carol");
  EXPECT_FALSE(run(federation().question(question.state, "another browser")));

  const Federation::Choice choice{.state = question.state,
                                  .browser = kBrowser,
                                  .localpart = " Caroline ",
                                  .cookie = {},
                                  .origin = kOrigin};
  const auto chosen = run(federation().choose(choice));
  ASSERT_TRUE(chosen);
  EXPECT_EQ(chosen->browser.session.account.localpart, "caroline");
  const UserId carol = user("caroline").value().account.id;
  EXPECT_FALSE(user("caroline")->password_hash);
  EXPECT_THAT(ways_in(carol), SizeIs(1));
  server_.db().read_now([&](db::Tx& tx) {
    EXPECT_EQ(accounts::find_display_name(tx, carol), "Carol C.");
    EXPECT_EQ(accounts::find_user_by_threepid(tx, {"email", "carol@example.org"})->account.id,
              carol);
    return true;
  });
  // The form sent twice makes no second account, nor does another way of the same person.
  EXPECT_FALSE(run(federation().choose(choice)));
  const auto back = sign_in("corp", "Carol");
  ASSERT_TRUE(back);
  EXPECT_EQ(std::get<SignedIn>(*back).browser.session.account.id, carol);
}

TEST_P(FederationTest, TwoWaysOfOneNewcomerMakeOneAccount) {
  const auto first = sign_in("corp", "Carol");
  const auto second = sign_in("corp", "Carol");
  ASSERT_TRUE(first && second);
  const auto choose = [&](const Result& arrived, const std::string& name) {
    return run(federation().choose({.state = std::get<Question>(*arrived).state,
                                    .browser = kBrowser,
                                    .localpart = name,
                                    .cookie = {},
                                    .origin = kOrigin}));
  };
  EXPECT_TRUE(choose(first, "carol"));
  const auto refused = choose(second, "carola");
  ASSERT_FALSE(refused);
  EXPECT_EQ(std::get<Refused>(error_of(refused)).why, Refused::Why::linked_elsewhere);
  EXPECT_FALSE(user("carola"));
}

TEST_P(FederationTest, ANameThatIsTakenOrNoneIsSaid) {
  make_user("dave");
  const auto arrived = sign_in("corp", "Carol");
  ASSERT_TRUE(arrived);
  const std::string state = std::get<Question>(*arrived).state;
  using Why = registration::RegistrationRefused::Why;
  for (const auto& [name, reason] :
       {std::pair{"dave", Why::username_taken}, {"no name", Why::invalid_username}}) {
    const auto refused = run(federation().choose(
        {.state = state, .browser = kBrowser, .localpart = name, .cookie = {}, .origin = kOrigin}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(std::get<registration::RegistrationRefused>(error_of(refused)).why, reason);
  }
  EXPECT_TRUE(run(federation().question(state, kBrowser)));
}

TEST_P(FederationTest, ALocalAccountOfThatNameIsProvedByItsPassword) {
  const UserId alice = make_user("alice", "correct horse");
  const auto arrived = sign_in("corp", "Alice");
  ASSERT_TRUE(arrived);
  const auto& question = std::get<Question>(*arrived);
  EXPECT_EQ(question.course, Course::prove_account);
  EXPECT_EQ(question.localpart, "alice");
  const auto prove = [&](const char* password) {
    return run(federation().prove({.state = question.state,
                                   .browser = kBrowser,
                                   .password = password,
                                   .cookie = {},
                                   .origin = kOrigin}));
  };
  const auto wrong = prove("wrong");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(std::get<signin::LoginRefused>(error_of(wrong)).why,
            signin::LoginRefused::Why::wrong_credentials);
  EXPECT_THAT(ways_in(alice), IsEmpty());
  EXPECT_TRUE(prove("correct horse"));
  EXPECT_THAT(ways_in(alice), SizeIs(1));
  EXPECT_FALSE(prove("correct horse"));
  EXPECT_TRUE(std::holds_alternative<SignedIn>(*sign_in("corp", "Alice")));
}

TEST_P(FederationTest, AnAddressCountsOnlyWhenItIsVerified) {
  make_user("dave", "correct horse");
  ASSERT_TRUE(administration_.add_threepid(accounts::testing::kOperator, "dave", "email",
                                           "dave@example.org"));
  claims_ = {{"email", "dave@example.org"}};
  EXPECT_EQ(std::get<Question>(*sign_in("corp", "Mallory")).course, Course::choose_name);
  claims_["email_verified"] = true;
  const auto arrived = sign_in("corp", "David");
  EXPECT_EQ(std::get<Question>(*arrived).course, Course::prove_account);
  EXPECT_EQ(std::get<Question>(*arrived).localpart, "dave");
}

TEST_P(FederationTest, TheLockedAndTheDeactivatedStayOutside) {
  link("corp", "a1", make_user("alice"));
  link("corp", "b1", make_user("bob"));
  ASSERT_TRUE(administration_.lock(accounts::testing::kOperator, "alice"));
  ASSERT_TRUE(administration_.deactivate(accounts::testing::kOperator, "bob", false));
  EXPECT_EQ(why(sign_in("corp", "a1")), Refused::Why::locked);
  EXPECT_EQ(why(sign_in("corp", "b1")), Refused::Why::deactivated);
}

TEST_P(FederationTest, AVisitorLinksAndSomebodyElsesLinkStays) {
  const UserId alice = make_user("alice");
  link("corp", "a1", alice);
  const auto visitor = std::get<SignedIn>(*sign_in("corp", "a1")).browser.session;
  const auto linked = arrive("other", leave("other", Purpose::link, alice), "a2", visitor);
  ASSERT_TRUE(linked);
  EXPECT_EQ(std::get<Linked>(*linked).course, Course::link);
  EXPECT_THAT(ways_in(alice), SizeIs(2));
  EXPECT_EQ(std::get<Linked>(*arrive("other", leave("other", Purpose::link, alice), "a2", visitor))
                .course,
            Course::already_linked);
  const UserId bob = make_user("bob");
  link("other", "b2", bob);
  EXPECT_EQ(why(arrive("other", leave("other", Purpose::link, alice), "b2", visitor)),
            Refused::Why::linked_elsewhere);
  // Signed out, or somebody else by now.
  EXPECT_EQ(why(arrive("other", leave("other", Purpose::link, alice), "a3")),
            Refused::Why::signed_out);
  EXPECT_EQ(why(arrive("other", leave("other", Purpose::link, bob), "b3", visitor)),
            Refused::Why::signed_out);
}

TEST_P(FederationTest, OnlyThePersonConfirmsWhoTheyAre) {
  const UserId alice = make_user("alice");
  link("corp", "a1", alice);
  link("corp", "b1", make_user("bob"));
  const auto visitor = std::get<SignedIn>(*sign_in("corp", "a1")).browser.session;
  EXPECT_FALSE(scripted("corp").asked_again);
  server_.clock.advance(1h);
  EXPECT_FALSE(surface_.browsers.fresh(visitor));
  EXPECT_EQ(why(arrive("corp", leave("corp", Purpose::reauthenticate, alice), "b1", visitor)),
            Refused::Why::another_person);
  const auto confirmed =
      arrive("corp", leave("corp", Purpose::reauthenticate, alice), "a1", visitor);
  ASSERT_TRUE(confirmed);
  EXPECT_TRUE(scripted("corp").asked_again);
  EXPECT_TRUE(surface_.browsers.fresh(std::get<SignedIn>(*confirmed).browser.session));
}

TEST_P(FederationTest, WhoIsAskedByTheirAppConfirmsWithoutSigningIn) {
  const UserId alice = make_user("alice");
  link("corp", "a1", alice);
  link("corp", "b1", make_user("bob"));
  const confirm::AuthRequest asked{.operation = "POST /delete_devices",
                                   .subject = confirm::AuthRequest::Subject{alice, "alice"},
                                   .body = {},
                                   .address = "192.0.2.1"};
  const auto begun = run(surface_.auth.check(asked, {}));
  ASSERT_FALSE(begun);
  const std::string session = std::get<confirm::Challenge>(error_of(begun)).session;
  const auto check = [&] { return run(surface_.auth.check(asked, {{.session = session}})); };
  const auto leave_for = [&](const std::string& what) {
    return leave("corp", Purpose::confirm, alice, what);
  };
  const auto other = arrive("corp", leave_for(session), "b1");
  EXPECT_EQ(why(other), Refused::Why::another_person);
  EXPECT_EQ(error_of(other).purpose, Purpose::confirm);
  EXPECT_EQ(why(arrive("corp", leave_for(session), "nobody")), Refused::Why::another_person);
  EXPECT_EQ(why(arrive("corp", leave_for(session), "a1", {}, "another browser")),
            Refused::Why::way_over);
  EXPECT_EQ(why(arrive("corp", leave_for("another session"), "a1")),
            Refused::Why::confirmation_over);
  EXPECT_FALSE(check());
  const auto done = arrive("corp", leave_for(session), "a1");
  ASSERT_TRUE(done);
  EXPECT_TRUE(scripted("corp").asked_again);
  EXPECT_EQ(std::get<Confirmed>(*done).session, session);
  EXPECT_THAT(run(surface_.browsers.list(alice)), IsEmpty());
  EXPECT_TRUE(ways_in(alice).at(0).used_at);
  EXPECT_TRUE(check());
}

TEST_P(FederationTest, TheLastWayInStays) {
  const UserId alice = make_user("alice");
  link("corp", "a1", alice);
  link("other", "a2", alice);
  const auto visitor = std::get<SignedIn>(*sign_in("corp", "a1")).browser.session;
  const auto unlink = [&](const char* provider, const char* subject) {
    return run(federation().unlink({alice, visitor.id}, provider, subject, "192.0.2.1"));
  };
  EXPECT_TRUE(unlink("other", "nobody"));
  EXPECT_TRUE(unlink("other", "a2"));
  const auto refused = unlink("corp", "a1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(std::get<Refused>(error_of(refused)).why, Refused::Why::last_way_in);
  EXPECT_THAT(ways_in(alice), SizeIs(1));
  server_.clock.advance(1h);
  const auto stale = unlink("corp", "a1");
  ASSERT_FALSE(stale);
  EXPECT_EQ(std::get<self::Refused>(error_of(stale)).why, self::Refused::Why::not_fresh);
}

TEST_P(FederationTest, WhoIsNamedIsLedToTheirOnlyProvider) {
  const auto only = [&](const char* user) { return run(federation().provider_at_once("", user)); };
  link("corp", "a1", make_user("alice"));
  link("corp", "b1", make_user("bob", "correct horse"));
  const UserId carol = make_user("carol");
  link("corp", "c1", carol);
  link("other", "c2", carol);
  link("gone", "d1", make_user("dave"));
  EXPECT_EQ(only("alice"), "corp");
  EXPECT_EQ(only("@alice:example.com"), "corp");
  for (const char* user : {"", "bob", "carol", "dave", "nobody", "@alice:other.example"}) {
    EXPECT_EQ(only(user), std::nullopt) << user;
  }
  // What is asked for comes first, if it is there.
  EXPECT_EQ(run(federation().provider_at_once("other", "alice")), "other");
  EXPECT_EQ(run(federation().provider_at_once("gone", "alice")), "corp");
}

TEST_P(FederationTest, WhatAFormHasBroughtWaitsForItsBrowser) {
  link("corp", "a1", make_user("alice"));
  const std::string state = leave("corp");
  const auto hold = [&](const char* provider, const std::string& of, std::string who) {
    return run(federation().hold(provider, {{"state", of}, {"who", std::move(who)}}));
  };
  EXPECT_EQ(hold("corp", state, "b1"), state);
  EXPECT_EQ(hold("corp", state, "a1"), state);
  // Who has the cookie, and nobody else.
  const auto back = [&](const std::string& browser) {
    return run(federation().arrive({.provider = "corp",
                                    .fields = {{"state", state}},
                                    .browser = browser,
                                    .cookie = {},
                                    .origin = kOrigin}));
  };
  EXPECT_EQ(why(back("another browser")), Refused::Why::way_over);
  const auto arrived = back(kBrowser);
  ASSERT_TRUE(arrived);
  EXPECT_TRUE(std::holds_alternative<SignedIn>(*arrived));
}

TEST_P(FederationTest, WhatNobodyIsOnTheirWayForIsNotKept) {
  const auto hold = [&](const char* provider, const std::string& state, std::size_t size) {
    return error_of(
               run(federation().hold(provider, {{"state", state}, {"x", std::string(size, 'x')}})))
        .why;
  };
  const std::string state = leave("corp");
  EXPECT_EQ(hold("gone", state, 1), Refused::Why::unknown_provider);
  EXPECT_EQ(hold("other", state, 1), Refused::Why::way_over);
  EXPECT_EQ(hold("corp", "no such state", 1), Refused::Why::way_over);
  EXPECT_EQ(hold("corp", state, 1'000'000), Refused::Why::way_over);
  EXPECT_TRUE(arrive("corp", state, "a1"));
  EXPECT_EQ(hold("corp", state, 1), Refused::Why::way_over);
  const std::string late = leave("corp");
  server_.clock.advance(31min);
  EXPECT_EQ(hold("corp", late, 1), Refused::Why::way_over);
}

TEST_P(FederationTest, WhatIsSaidOfSomebodyCountsOnce) {
  link("corp", "a1", make_user("alice"));
  link("other", "a2", make_user("bob"));
  std::string once = "assertion 1";
  for (const char* id : {"corp", "other"}) {
    scripted(id).who = [&](const Returned& returned) -> providers::Reply<Person> {
      Person person{.subject = std::string(providers::single(returned.fields, "who").value())};
      person.once = once;
      return person;
    };
  }
  EXPECT_TRUE(sign_in("corp", "a1"));
  EXPECT_EQ(why(sign_in("corp", "a1")), Refused::Why::not_believed);
  // Of each provider by itself.
  EXPECT_TRUE(sign_in("other", "a2"));
  once = "assertion 2";
  EXPECT_TRUE(sign_in("corp", "a1"));
}

TEST_P(FederationTest, AProviderMayHaveToKnowSomethingOfThisServer) {
  scripted("corp").document = "<xml/>";
  const auto ask = [&](const char* provider) { return run(federation().own_metadata(provider)); };
  EXPECT_EQ(ask("corp"), "<xml/>");
  EXPECT_EQ(error_of(ask("other")).why, Refused::Why::unknown_provider);
  EXPECT_EQ(error_of(ask("gone")).why, Refused::Why::unknown_provider);
}

class ProviderLogoutTest : public FederationTest {
 protected:
  ProviderLogoutTest() {
    alice_ = make_user("alice");
    link("corp", "a1", alice_);
    browser_ = std::get<SignedIn>(*sign_in("corp", "a1")).browser;
    const auto token = run(surface_.login_tokens.make_for_browser(browser_.session));
    tokens_ = run(surface_.sign_in.with_token(0, token.value(), device("PHONE"))).value().tokens;
  }
  std::size_t logout(const std::string& subject, const std::string& session,
                     const std::string& id) {
    const auto heard = run(federation().hear_logout(
        "corp", {{"sub", subject}, {"sid", session}, {"jti", id}}, "192.0.2.1"));
    return heard.value().sessions;
  }
  bool signed_in_here() {
    return run(surface_.browsers.find(browser_.cookie, kOrigin)).has_value();
  }
  sessions::Standing standing() { return server_.check(tokens_.access_token); }

  UserId alice_{};
  signin::BrowserSignedIn browser_;
  sessions::TokenPair tokens_;
};

INSTANTIATE_TEST_SUITE_P(Engines, ProviderLogoutTest, db::engines(), db::engine_name);

TEST_P(ProviderLogoutTest, EndsWhatItHasBegunSoftlyAndOnce) {
  EXPECT_EQ(logout("", "session of somebody", "1"), 0U);
  EXPECT_EQ(logout("nobody", "", "2"), 0U);
  EXPECT_TRUE(signed_in_here());
  EXPECT_EQ(logout("a1", "session of a1", "3"), 1U);
  EXPECT_FALSE(signed_in_here());
  EXPECT_EQ(standing().worth, sessions::Worth::soft);
  // The device waits for its person.
  EXPECT_EQ(std::get<SignedIn>(*sign_in("corp", "a1")).course, Course::sign_in);
  EXPECT_EQ(logout("a1", "", "3"), 0U);
  EXPECT_EQ(logout("a1", "", "4"), 1U);
}

// CAS signs nothing, so anybody can make up names of sessions.
TEST_P(ProviderLogoutTest, OfSessionsThatNobodyHasNothingIsKept) {
  const auto kept = [&] {
    return server_.db().read_now([](db::Tx& tx) {
      return std::get<0>(tx.one<std::int64_t>("SELECT COUNT(*) FROM provider_logouts").value());
    });
  };
  EXPECT_EQ(logout("", "session of somebody", "1"), 0U);
  EXPECT_EQ(logout("a1", "session of somebody", "2"), 0U);
  EXPECT_EQ(kept(), 0);
  EXPECT_EQ(logout("a1", "session of a1", "3"), 1U);
  EXPECT_EQ(kept(), 1);
}

TEST_P(ProviderLogoutTest, EndsForGoodOrNothingWhereThatIsSaid) {
  link("other", "a2", alice_);
  const auto browser = std::get<SignedIn>(*sign_in("other", "a2")).browser;
  const auto token = run(surface_.login_tokens.make_for_browser(browser.session));
  tokens_ = run(surface_.sign_in.with_token(0, token.value(), device("LAPTOP"))).value().tokens;
  const auto heard =
      run(federation().hear_logout("other", {{"sub", "a2"}, {"jti", "1"}}, "192.0.2.1"));
  EXPECT_EQ(heard.value().sessions, 1U);
  EXPECT_EQ(standing().worth, sessions::Worth::ended);
  // What the other one has begun goes on.
  EXPECT_TRUE(signed_in_here());
}

TEST_P(ProviderLogoutTest, MayBeOfSeveralSessionsAndBeAnswered) {
  const auto heard = run(federation().hear_logout("corp",
                                                  {{"sub", "a1"},
                                                   {"sid", "no such session"},
                                                   {"another sid", "session of a1"},
                                                   {"jti", "1"},
                                                   {"back", "https://idp.example/done"}},
                                                  "192.0.2.1", "the=query"));
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->sessions, 1U);
  ASSERT_TRUE(heard->answer);
  EXPECT_EQ(heard->answer->url, "https://idp.example/done");
  EXPECT_FALSE(signed_in_here());
}

TEST_P(ProviderLogoutTest, NobodyStaysForLongerThanTheProviderWants) {
  link("other", "a2", alice_);
  const auto browser = std::get<SignedIn>(*sign_in("other", "a2")).browser;
  const auto token = run(surface_.login_tokens.make_for_browser(browser.session));
  const auto other =
      run(surface_.sign_in.with_token(0, token.value(), device("LAPTOP"))).value().tokens;
  const auto here = [&] {
    return run(surface_.browsers.find(browser.cookie, kOrigin)).has_value();
  };
  server_.clock.advance(8h - 1ms);
  federation().purge();
  EXPECT_TRUE(here());
  EXPECT_NE(server_.check(other.access_token).worth, sessions::Worth::ended);
  const auto ended = [&] {
    return server_.count("SELECT COUNT(*) FROM sessions WHERE ended = 1 AND end_reason = 26");
  };
  EXPECT_EQ(ended(), 0);
  server_.clock.advance(1ms);
  EXPECT_FALSE(here()) << "the browser at once";
  federation().purge();
  EXPECT_EQ(ended(), 1) << "and what it has let in, but nothing of another provider's";
  EXPECT_TRUE(signed_in_here());
  EXPECT_EQ(server_.check(other.access_token).worth, sessions::Worth::soft);
  // Who proves who they are once more has as long again.
  EXPECT_TRUE(sign_in("other", "a2"));
  federation().purge();
  EXPECT_EQ(run(federation().browsers_by(alice_)).size(), 2U);
}

TEST_P(ProviderLogoutTest, TheLastNoticeIsKnownAndWhoBeganWhat) {
  EXPECT_FALSE(ways_in(alice_).at(0).logout_at);
  EXPECT_THAT(run(federation().browsers_by(alice_)),
              ::testing::ElementsAre(::testing::Pair(browser_.session.id, "Corp")));
  EXPECT_EQ(logout("", "session of a1", "1"), 1U);
  EXPECT_EQ(ways_in(alice_).at(0).logout_at, server_.clock.now());
  EXPECT_THAT(run(federation().browsers_by(alice_)), IsEmpty());
  server_.clock.advance(1min);
  EXPECT_EQ(logout("a1", "", "2"), 0U);
  EXPECT_EQ(ways_in(alice_).at(0).logout_at, server_.clock.now())
      << "though nothing was left to end";
}

TEST_P(ProviderLogoutTest, WhoSendsManyThatAreNoneWaits) {
  const auto junk = [&](const char* address) {
    return run(federation().hear_logout("corp", {{"junk", "1"}}, address));
  };
  std::size_t heard = 0;
  while (heard < 1000 && error_of(junk("192.0.2.66")).why == Refused::Why::not_believed) ++heard;
  EXPECT_GT(heard, 1U);
  EXPECT_LT(heard, 1000U);
  EXPECT_EQ(error_of(junk("192.0.2.66")).why, Refused::Why::too_many);
  EXPECT_EQ(error_of(junk("198.51.100.1")).why, Refused::Why::not_believed);
}

class SignOutThereTest : public FederationTest {
 protected:
  SignOutThereTest() {
    const UserId alice = make_user("alice");
    link("corp", "a1", alice);
    link("other", "a2", alice);
  }
  signin::BrowserSession come_by(const std::string& provider, const std::string& who) {
    return std::get<SignedIn>(*sign_in(provider, who)).browser.session;
  }
  std::optional<StillThere> sign_out(const signin::BrowserSession& who,
                                     const std::string& next = {}, bool there = false) {
    return run(federation().sign_out({.who = who,
                                      .browser = kBrowser,
                                      .return_to = "https://m.example/signed-out",
                                      .next = next,
                                      .there = there}));
  }
  std::size_t browsers() { return run(surface_.browsers.list(user("alice")->account.id)).size(); }
};

INSTANTIATE_TEST_SUITE_P(Engines, SignOutThereTest, db::engines(), db::engine_name);

TEST_P(SignOutThereTest, IsOfferedAndTaken) {
  const auto who = come_by("corp", "a1");
  EXPECT_EQ(run(federation().offered_sign_out(who)), "Corp");
  const auto still = sign_out(who);
  ASSERT_TRUE(still);
  EXPECT_EQ(browsers(), 0U) << "here they are signed out, whatever they do there";
  EXPECT_EQ(still->provider, "Corp");
  EXPECT_TRUE(still->ends_apps);
  EXPECT_FALSE(still->departure);
  EXPECT_TRUE(run(federation().still_there(still->state, kBrowser)));
  EXPECT_FALSE(run(federation().still_there(still->state, "another browser")));
  const auto gone = run(federation().go_there(still->state, kBrowser, "https://m.example/"));
  ASSERT_TRUE(gone);
  EXPECT_EQ(
      gone->departure->url,
      "https://idp.example/end?hint=hint-of-a1&back=https://m.example/&state=" + still->state);
  EXPECT_FALSE(run(federation().come_back(still->state, "another browser")));
  EXPECT_EQ(run(federation().come_back(still->state, kBrowser))->provider, "Corp");
  EXPECT_FALSE(run(federation().come_back(still->state, kBrowser)));
  EXPECT_FALSE(run(federation().go_there(still->state, kBrowser, "https://m.example/")));
}

TEST_P(SignOutThereTest, GoesThereAtOnceWhereThatIsSaid) {
  const auto who = come_by("other", "a2");
  EXPECT_EQ(run(federation().offered_sign_out(who)), "");
  const auto still = sign_out(who, "https://app.example/");
  ASSERT_TRUE(still && still->departure);
  EXPECT_EQ(run(federation().come_back(still->state, kBrowser))->next, "https://app.example/");
  const auto asked_for = sign_out(come_by("corp", "a1"), "https://app.example/", true);
  EXPECT_TRUE(asked_for && asked_for->departure);
  EXPECT_FALSE(sign_out(come_by("corp", "a1"), "https://app.example/")) << "it was not asked for";
}

TEST_P(SignOutThereTest, EndsTheSessionHereWhateverIsThere) {
  const auto who = come_by("corp", "a1");
  scripted("corp").signs_out = false;
  EXPECT_FALSE(sign_out(who));
  EXPECT_EQ(browsers(), 0U);
  EXPECT_FALSE(run(federation().still_there("no state", kBrowser)));
  // Signed in by no provider.
  const auto local = server_.db().write_now([&](db::Tx& tx) {
    return surface_.browsers.begin(tx, user("alice")->account, kOrigin).session;
  });
  EXPECT_FALSE(sign_out(local));
  EXPECT_EQ(browsers(), 0U);
}

TEST_P(SignOutThereTest, TheWayOutLetsNobodyInAndTheWayInIsNone) {
  const auto out = sign_out(come_by("corp", "a1"));
  EXPECT_EQ(why(arrive("corp", out->state, "a1")), Refused::Why::way_over);
  EXPECT_FALSE(run(federation().come_back(leave("corp"), kBrowser)));
}

TEST_P(SignOutThereTest, KeepsTheHintSealed) {
  come_by("corp", "a1");
  const auto hint = server_.db().read_now([](db::Tx& tx) {
    return std::get<0>(tx.one<std::string>("SELECT hint FROM provider_sessions").value());
  });
  EXPECT_THAT(hint, ::testing::Not(::testing::HasSubstr("hint-of")));
  server_.sql("UPDATE provider_sessions SET hint = '1.garbage'");
  const auto who = come_by("other", "a2");
  server_.sql("UPDATE provider_sessions SET hint = '200.garbage'");
  EXPECT_THAT(sign_out(who)->departure->url, ::testing::HasSubstr("hint=&"))
      << "the provider asks, then";
}

TEST_P(FederationTest, AProviderThatHangsKeepsNobodyFromAnother) {
  link("other", "a2", make_user("alice"));
  std::promise<void> released;
  std::atomic<bool> gave_up = false;
  scripted("corp").who =
      [&, end = released.get_future().share()](const Returned&) -> providers::Reply<Person> {
    if (end.wait_for(1min) == std::future_status::timeout) gave_up = true;
    return std::unexpected(
        Failure{.why = Failure::Why::unavailable, .reason = "timed_out", .sentence = "slow"});
  };
  boost::asio::io_context context;
  const auto begin = [&](const char* provider, const char* who, auto then) {
    boost::asio::co_spawn(context, federation().arrive(coming(provider, leave(provider), who)),
                          [then](const std::exception_ptr& fault, const Result& result) {
                            EXPECT_FALSE(fault);
                            then(result);
                          });
  };
  int refused = 0;
  for (int i = 0; i < 10; ++i) {  // more than there are threads for it
    begin("corp", "a1",
          [&](const Result& result) { refused += why(result) == Refused::Why::unavailable; });
  }
  bool signed_in = false;
  begin("other", "a2", [&](const Result& result) {
    signed_in = result.has_value() && refused == 0;
    released.set_value();
  });
  context.run();
  EXPECT_TRUE(signed_in);
  EXPECT_FALSE(gave_up);
  EXPECT_EQ(refused, 10);
}

TEST_P(FederationTest, ANameIsTakenOverAgainWhereThatIsSaid) {
  const UserId alice = make_user("alice");
  link("corp", "a1", alice);
  link("other", "a2", alice);
  const auto shown = [&] {
    return server_.db().read_now(
        [&](db::Tx& tx) { return accounts::find_display_name(tx, alice); });
  };
  claims_ = {{"display", "Alice A."}};
  EXPECT_TRUE(sign_in("corp", "a1"));
  EXPECT_EQ(shown(), "");
  EXPECT_TRUE(sign_in("other", "a2"));
  EXPECT_EQ(shown(), "Alice A.");
  // Without what nobody sees, turns the direction of writing, or no database keeps.
  using namespace std::string_literals;
  claims_ = {{"display", "Ali\0ce\r\n\u202e B.\x1b[2J"s}};
  EXPECT_TRUE(sign_in("other", "a2"));
  EXPECT_EQ(shown(), "Alice B.[2J");
}

TEST_P(FederationTest, LinksAreInTheAudit) {
  const UserId alice = make_user("alice", "correct horse");
  link("corp", "a1", alice);
  const auto visitor = std::get<SignedIn>(*sign_in("corp", "a1")).browser.session;
  server_.clock.advance(1s);
  EXPECT_TRUE(arrive("other", leave("other", Purpose::link, alice), "a2", visitor));
  server_.clock.advance(1s);
  EXPECT_TRUE(run(federation().unlink({alice, visitor.id}, "other", "a2", "192.0.2.9")));
  const auto entries = server_.db().read_now(
      [](db::Tx& tx) { return accounts::audit::list(tx, "@alice:example.com", 2); });
  ASSERT_THAT(entries, SizeIs(2));
  EXPECT_EQ(entries[0].action, "user unlink");
  EXPECT_EQ(entries[0].by.address, "192.0.2.9");
  EXPECT_EQ(entries[0].detail, "other a2");
  EXPECT_EQ(entries[1].action, "user link");
  EXPECT_EQ(entries[1].by.name, "@alice:example.com");
}

TEST_P(FederationTest, AnErasedPersonIsKnownToNoProviderAndADeactivatedOneIsTold) {
  const UserId alice = make_user("alice");
  link("other", "a1", alice);
  ASSERT_TRUE(administration_.deactivate(accounts::testing::kOperator, "alice", false));
  EXPECT_EQ(why(sign_in("other", "a1")), Refused::Why::deactivated);
  ASSERT_TRUE(administration_.deactivate(accounts::testing::kOperator, "alice", true));
  EXPECT_THAT(ways_in(alice), IsEmpty());
  EXPECT_EQ(why(sign_in("other", "a1")), Refused::Why::no_account);
}

TEST_P(FederationTest, AnUnknownProviderIsRefused) {
  const auto left = run(federation().leave(
      {.provider = "nobody", .next = "/", .browser = kBrowser, .address = "192.0.2.1"}));
  ASSERT_FALSE(left);
  EXPECT_EQ(error_of(left).why, Refused::Why::unknown_provider);
}

TEST_P(FederationTest, PurgeTakesWhatIsOver) {
  leave("corp");
  server_.clock.advance(31min);
  federation().purge();
  EXPECT_EQ(server_.db().read_now([](db::Tx& tx) {
    return std::get<0>(tx.one<std::int64_t>("SELECT COUNT(*) FROM provider_attempts").value());
  }),
            0);
}

}  // namespace
}  // namespace latchkey::federation
