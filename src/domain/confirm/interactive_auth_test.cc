#include "domain/confirm/interactive_auth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/accounts/registration_tokens.h"
#include "domain/self/self_testing.h"
#include "platform/error_testing.h"

namespace latchkey::confirm {
namespace {

using namespace std::chrono_literals;
using sessions::testing::run;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using enum Stage;

class InteractiveAuthTest : public self::testing::SigninOnEachEngine {
 protected:
  using Result = std::expected<AuthPassed, AuthRefused>;

  InteractiveAuthTest() {
    administration_.create_user(accounts::testing::kOperator, "alice", "correct horse", false)
        .value();
    administration_.create_user(accounts::testing::kOperator, "bob", "battery staple", false)
        .value();
    alice_ = user("alice")->account.id;
  }

  AuthRequest of(const std::string& name) {
    return {.operation = "POST /account/password",
            .subject = AuthRequest::Subject{user(name)->account.id, name},
            .body = body("new"),
            .address = "192.0.2.1"};
  }
  static boost::json::object body(std::string_view new_password) {
    return {{"new_password", new_password}};
  }
  static AuthRequest registration() {
    return {.operation = "POST /register", .subject = {}, .body = {}, .address = "192.0.2.1"};
  }
  static AuthData by_password(std::optional<std::string> session, std::string password) {
    return {.session = std::move(session),
            .type = "m.login.password",
            .identifier = {},
            .password = std::move(password)};
  }
  static AuthData stage(std::optional<std::string> session, std::string type,
                        std::string token = {}) {
    return {.session = std::move(session), .type = std::move(type), .token = std::move(token)};
  }

  Result check(const AuthRequest& request, std::optional<AuthData> data = {}) {
    return run(surface_.auth.check(request, std::move(data)));
  }
  static Challenge challenge(const Result& result) { return std::get<Challenge>(error_of(result)); }
  std::string begin(const AuthRequest& request) { return challenge(check(request)).session; }
  bool redeem(const AuthPassed& passed) {
    return server_.db().write_now(
        [&](db::Tx& tx) { return surface_.auth.redeem(tx, alice_, passed); });
  }
  std::int64_t rows() { return server_.count("SELECT COUNT(*) FROM auth_sessions"); }

  UserId alice_{};
};

INSTANTIATE_TEST_SUITE_P(Engines, InteractiveAuthTest, db::engines(), db::engine_name);

// Each challenge is a row, and a body of up to 4 KiB in it.
TEST_P(InteractiveAuthTest, NobodyFillsTheTableWithTheirToken) {
  int begun = 0;
  for (int i = 0; i < 100; ++i) {
    auto request = of("alice");
    request.address = "2001:db8:" + std::to_string(i) + "::1";
    begun += std::holds_alternative<Challenge>(error_of(check(request))) ? 1 : 0;
  }
  EXPECT_EQ(begun, 30);
  EXPECT_EQ(rows(), 30);
  const auto refused = check(of("alice"));
  EXPECT_EQ(std::get<signin::LoginRefused>(error_of(refused)).why,
            signin::LoginRefused::Why::too_many_failures);
  EXPECT_TRUE(std::holds_alternative<Challenge>(error_of(check(of("bob")))));
  EXPECT_TRUE(check(of("alice"), by_password({}, "correct horse")).has_value())
      << "what needs no row is not limited";
  server_.clock.advance(10s);
  EXPECT_TRUE(std::holds_alternative<Challenge>(error_of(check(of("alice")))));
}

TEST_P(InteractiveAuthTest, BeginsWithAChallenge) {
  const Challenge begun = challenge(check(of("alice")));
  EXPECT_THAT(begun.flows, ElementsAre(AuthFlow{password}));
  EXPECT_THAT(begun.completed, IsEmpty());
  EXPECT_EQ(begun.session.size(), 24u);
  EXPECT_FALSE(begun.failure.has_value());
  EXPECT_NE(begin(of("alice")), begun.session);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM auth_sessions WHERE hash = :id", begun.session), 0)
      << "the session ID itself is not kept";
}

TEST_P(InteractiveAuthTest, PassesOnceWithThePassword) {
  const std::string session = begin(of("alice"));
  const auto passed = check(of("alice"), by_password(session, "correct horse"));
  ASSERT_TRUE(passed.has_value());
  EXPECT_TRUE(redeem(*passed));
  EXPECT_FALSE(redeem(*passed)) << "a second time";
  EXPECT_EQ(rows(), 0);
  const Challenge again = challenge(check(of("alice"), by_password(session, "correct horse")));
  EXPECT_EQ(again.failure, AuthFailure::session_over);
  EXPECT_NE(again.session, session);
}

TEST_P(InteractiveAuthTest, PassesAtOnceWithoutASession) {
  const auto passed = check(of("alice"), by_password({}, "correct horse"));
  ASSERT_TRUE(passed.has_value());
  EXPECT_TRUE(redeem(*passed));
  EXPECT_EQ(rows(), 0);
}

TEST_P(InteractiveAuthTest, IsNobodyElsesConfirmation) {
  const auto bobs = check(of("bob"), by_password(begin(of("bob")), "battery staple")).value();
  EXPECT_THROW(redeem(bobs), std::logic_error);
  EXPECT_THROW(redeem(AuthPassed{}), std::logic_error);
  EXPECT_EQ(rows(), 1) << "it is still good for bob";
}

// Whoever was confirmed by a password confirms nothing once it is another one.
TEST_P(InteractiveAuthTest, DoesNotOutliveThePassword) {
  const std::string session = begin(of("alice"));
  const std::string bobs = begin(of("bob"));
  const auto at_once = check(of("alice"), by_password({}, "correct horse")).value();
  ASSERT_FALSE(
      run(surface_.auth.pass(session, password, by_password({}, "correct horse"), "192.0.2.1")));
  const auto stored = check(of("alice"), {{.session = session}}).value();
  administration_.set_password(accounts::testing::kOperator, "alice", "battery staple").value();
  EXPECT_FALSE(redeem(at_once));
  EXPECT_FALSE(redeem(stored));
  EXPECT_EQ(challenge(check(of("alice"), {{.session = session}})).failure,
            AuthFailure::session_over);
  EXPECT_FALSE(challenge(check(of("bob"), {{.session = bobs}})).failure.has_value());
}

TEST_P(InteractiveAuthTest, GoesOnAfterAWrongPassword) {
  const std::string session = begin(of("alice"));
  const Challenge wrong = challenge(check(of("alice"), by_password(session, "wrong horse")));
  EXPECT_EQ(wrong.failure, AuthFailure::wrong_password);
  EXPECT_EQ(wrong.session, session);
  EXPECT_TRUE(check(of("alice"), by_password(session, "correct horse")).has_value());
}

TEST_P(InteractiveAuthTest, SomebodyElsesPasswordConfirmsNothing) {
  AuthData bobs = by_password({}, "battery staple");
  bobs.identifier = signin::UserName{"bob"};
  EXPECT_EQ(challenge(check(of("alice"), bobs)).failure, AuthFailure::another_user);
  bobs.password = "wrong";
  EXPECT_EQ(challenge(check(of("alice"), bobs)).failure, AuthFailure::another_user)
      << "right or wrong cannot be told";
  EXPECT_EQ(rows(), 0);
  AuthData hers = by_password({}, "correct horse");
  hers.identifier = signin::UserName{"@alice:example.com"};
  EXPECT_TRUE(check(of("alice"), hers).has_value());
}

// A session serves the operation that it was opened for, and no other.
TEST_P(InteractiveAuthTest, IsBoundToTheOperation) {
  const std::string session = begin(of("alice"));
  AuthRequest other = of("alice");
  other.operation = "POST /account/deactivate";
  for (AuthRequest request : {other, registration()}) {
    EXPECT_FALSE(run(surface_.auth.recall(request, session)));
    const Challenge refused = challenge(check(request, by_password(session, "correct horse")));
    EXPECT_EQ(refused.failure, AuthFailure::another_operation);
  }
  EXPECT_EQ(rows(), 1) << "and begins no other";
  EXPECT_TRUE(check(of("alice"), by_password(session, "correct horse")).has_value());
}

TEST_P(InteractiveAuthTest, IsBoundToTheUser) {
  const std::string session = begin(of("alice"));
  AuthRequest bobs = of("bob");
  bobs.body = {};
  EXPECT_TRUE(run(surface_.auth.recall(bobs, session)));
  EXPECT_TRUE(bobs.body.empty()) << "what alice has sent is not bob's";
  const Challenge fresh = challenge(check(bobs, by_password(session, "battery staple")));
  EXPECT_EQ(fresh.failure, AuthFailure::session_over);
  EXPECT_NE(fresh.session, session);
}

TEST_P(InteractiveAuthTest, RemembersWhatALaterRequestLeavesOut) {
  const std::string session = begin(of("alice"));
  AuthRequest later = of("alice");
  later.body = {{"logout_devices", false}};
  EXPECT_TRUE(run(surface_.auth.recall(later, session)));
  EXPECT_EQ(later.body, (boost::json::object{{"new_password", "new"}, {"logout_devices", false}}));
  EXPECT_FALSE(challenge(check(later, {{.session = session}})).failure.has_value());
  AuthRequest last = of("alice");
  last.body = {{"new_password", "newer"}};
  EXPECT_TRUE(run(surface_.auth.recall(last, session)));
  EXPECT_EQ(last.body, (boost::json::object{{"new_password", "newer"}, {"logout_devices", false}}))
      << "what was added is remembered, and what is sent again counts";
}

TEST_P(InteractiveAuthTest, ChangesUntilTheFirstStageIsPassedAndNotAfterwards) {
  const std::string session = begin(of("alice"));
  AuthRequest changed = of("alice");
  changed.body = body("another");
  const Challenge wrong = challenge(check(changed, by_password(session, "wrong horse")));
  EXPECT_EQ(wrong.failure, AuthFailure::wrong_password);
  EXPECT_EQ(wrong.session, session);
  ASSERT_FALSE(
      run(surface_.auth.pass(session, password, by_password({}, "correct horse"), "192.0.2.1")));
  for (const boost::json::object& later :
       {body("new"), boost::json::object{{"new_password", "another"}, {"logout_devices", false}}}) {
    AuthRequest request = of("alice");
    request.body = later;
    const Challenge refused = challenge(check(request, {{.session = session}}));
    EXPECT_EQ(refused.failure, AuthFailure::session_over);
    EXPECT_NE(refused.session, session);
  }
  AuthRequest rest = of("alice");
  rest.body = {};
  EXPECT_TRUE(check(rest, {{.session = session}}).has_value()) << "left out is not changed";
}

// What is too large to be remembered is confirmed all the same: it has to be sent again, unchanged.
TEST_P(InteractiveAuthTest, RemembersOnlyTheDigestOfALargeBody) {
  AuthRequest large = of("alice");
  large.body = body(std::string(5'000, 'x'));
  const std::string session = begin(large);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM auth_sessions WHERE LENGTH(body) > 200"), 0);
  ASSERT_FALSE(
      run(surface_.auth.pass(session, password, by_password({}, "correct horse"), "192.0.2.1")));
  AuthRequest other = large;
  other.body = body(std::string(5'000, 'y'));
  EXPECT_EQ(challenge(check(other, {{.session = session}})).failure, AuthFailure::session_over);
  EXPECT_TRUE(check(large, {{.session = session}}).has_value());
}

// The body may have a new password in it: nothing in the database tells it, or lets it be guessed.
TEST_P(InteractiveAuthTest, SealsWhatItRemembersWithTheSessionsID) {
  const std::string id = begin(of("alice"));
  const std::string text = R"({"new_password":"new"})";
  const std::string kept = seal_body(id, text);
  EXPECT_NE(kept, seal_body(id, text)) << "two of the same cannot be told to be the same";
  EXPECT_EQ(unseal_body(id, kept), text);
  EXPECT_FALSE(unseal_body("another", kept).has_value());
  EXPECT_FALSE(unseal_body(id, "what another version kept").has_value());
  server_.sql("UPDATE auth_sessions SET body = 'what another version kept'");
  EXPECT_EQ(challenge(check(of("alice"), by_password(id, "correct horse"))).failure,
            AuthFailure::session_over);
}

TEST_P(InteractiveAuthTest, ExpiresAfterItsLifetime) {
  const std::string session = begin(of("alice"));
  server_.clock.advance(15min - 1ms);
  EXPECT_TRUE(check(of("alice"), by_password(session, "correct horse")).has_value());
  server_.clock.advance(1ms);
  EXPECT_EQ(challenge(check(of("alice"), by_password(session, "correct horse"))).failure,
            AuthFailure::session_over);
  surface_.auth.purge();
  EXPECT_EQ(rows(), 1) << "only the new one is left";
}

TEST_P(InteractiveAuthTest, OffersNothingToWhoHasNothingToConfirmWith) {
  server_.sql("UPDATE users SET password_hash = NULL WHERE localpart = 'alice'");
  const auto refused = check(of("alice"));
  EXPECT_TRUE(std::holds_alternative<NoFlow>(error_of(refused)));
  EXPECT_FALSE(run(surface_.auth.can_confirm(user("alice")->account.id)));
  EXPECT_TRUE(run(surface_.auth.can_confirm(user("bob")->account.id)));
}

TEST_P(InteractiveAuthTest, RefusesStagesThatAreNotOffered) {
  const std::string session = begin(of("alice"));
  for (const auto* type : {"m.login.dummy", "m.login.terms", "m.login.sso", ""}) {
    const Challenge refused = challenge(check(of("alice"), stage(session, type)));
    EXPECT_EQ(refused.failure, AuthFailure::stage_unknown) << type;
    EXPECT_EQ(refused.session, session);
  }
}

TEST_P(InteractiveAuthTest, ADummyLetsAnybodyRegister) {
  const std::string session = begin(registration());
  EXPECT_TRUE(check(registration(), stage(session, "m.login.dummy")).has_value());
}

// Each change is a row written for somebody whom nobody knows.
TEST_P(InteractiveAuthTest, StrangersChangesAreLimitedLikeTheirChallenges) {
  self::testing::Surface limited{server_.ground(),
                                 *server_,
                                 passwords_,
                                 {.limits = {.challenges = 3}, .registration = {.open = true}}};
  const auto ask = [&](int number, std::optional<AuthData> data) {
    AuthRequest request = registration();
    request.body = {{"username", std::to_string(number)}};
    return run(limited.auth.check(request, std::move(data)));
  };
  const std::string session = challenge(ask(0, {})).session;
  for (int number = 1; number < 3; ++number) {
    EXPECT_FALSE(challenge(ask(number, {{.session = session}})).failure.has_value());
  }
  EXPECT_FALSE(challenge(ask(2, {{.session = session}})).failure.has_value()) << "unchanged";
  EXPECT_TRUE(
      std::holds_alternative<signin::LoginRefused>(error_of(ask(3, {{.session = session}}))));
  EXPECT_TRUE(ask(3, stage(session, "m.login.dummy")).has_value()) << "what writes nothing";
}

class InvitationTest : public InteractiveAuthTest {
 protected:
  InvitationTest() {
    server_.db().write_now([&](db::Tx& tx) {
      accounts::insert_registration_token(
          tx, {.id = RegistrationTokenId{7}, .uses_allowed = 1, .created_at = server_.clock.now()},
          "invitation");
    });
  }
  static self::testing::Setup invited() {
    const auto terms = accounts::Terms::read(
        {{"policies",
          {{"privacy", {{"version", "1"}, {"en", {{"name", "P"}, {"url", "https://p/"}}}}}}}});
    return {.registration = {.open = true, .token_required = true}, .terms = terms.value()};
  }
  Result ask(std::optional<AuthData> data = {}) {
    return run(invited_.auth.check(registration(), std::move(data)));
  }
  AuthData token(std::string session, std::string text = "invitation") {
    return stage(std::move(session), "m.login.registration_token", std::move(text));
  }
  bool redeem(const AuthPassed& passed) {
    return server_.db().write_now(
        [&](db::Tx& tx) { return invited_.auth.redeem(tx, std::nullopt, passed); });
  }

  self::testing::Surface invited_{server_.ground(), *server_, passwords_, invited()};
};

INSTANTIATE_TEST_SUITE_P(Engines, InvitationTest, db::engines(), db::engine_name);

TEST_P(InvitationTest, TakesItsStagesInTheirOrder) {
  const std::string session = challenge(ask()).session;
  EXPECT_EQ(challenge(ask(stage(session, "m.login.terms"))).failure,
            AuthFailure::stage_out_of_turn);
  const Challenge half = challenge(ask(token(session)));
  EXPECT_FALSE(half.failure.has_value());
  EXPECT_THAT(half.completed, ElementsAre(registration_token));
  // The client did not see that answer, and asks again.
  EXPECT_THAT(challenge(ask(token(session))).completed, ElementsAre(registration_token));
  const auto passed = ask(stage(session, "m.login.terms"));
  ASSERT_TRUE(passed.has_value());
  EXPECT_TRUE(passed->terms);
  EXPECT_TRUE(redeem(*passed));
  EXPECT_EQ(server_.count("SELECT used FROM registration_tokens"), 1);
}

TEST_P(InvitationTest, IsHeldForWhoShowsItUntilTheirSessionExpires) {
  const std::string first = challenge(ask()).session;
  const std::string second = challenge(ask()).session;
  EXPECT_FALSE(challenge(ask(token(first))).failure.has_value());
  EXPECT_EQ(challenge(ask(token(second))).failure, AuthFailure::wrong_token);
  server_.clock.advance(15min);
  const std::string third = challenge(ask()).session;
  EXPECT_FALSE(challenge(ask(token(third))).failure.has_value());
}

TEST_P(InvitationTest, AWrongOneMayBeTriedAgain) {
  const std::string session = challenge(ask()).session;
  for (const auto* text : {"Invitation", "invi tation", "", "other"}) {
    const Challenge wrong = challenge(ask(token(session, text)));
    EXPECT_EQ(wrong.failure, AuthFailure::wrong_token) << text;
    EXPECT_EQ(wrong.session, session);
  }
  EXPECT_FALSE(challenge(ask(token(session))).failure.has_value());
}

// Also with the right one in the end, for whoever guesses would hear that it is right.
TEST_P(InvitationTest, MayNotBeGuessedWithoutEnd) {
  const std::string session = challenge(ask()).session;
  for (int guess = 0; guess < 10; ++guess) {
    EXPECT_EQ(challenge(ask(token(session, "guess " + std::to_string(guess)))).failure,
              AuthFailure::wrong_token);
  }
  const auto refused = ask(token(session));
  ASSERT_FALSE(refused);
  const auto why = std::get<signin::LoginRefused>(error_of(refused));
  EXPECT_EQ(why.why, signin::LoginRefused::Why::too_many_failures);
  server_.clock.advance(why.retry_after);
  EXPECT_FALSE(challenge(ask(token(session))).failure.has_value());
}

TEST_P(InvitationTest, TakesTheSpacesOfPhoneKeyboards) {
  const std::string session = challenge(ask()).session;
  EXPECT_THAT(challenge(ask(token(session, "\u00a0invitation \n"))).completed,
              ElementsAre(registration_token));
  EXPECT_TRUE(ask(stage(session, "m.login.terms")).has_value());
}

// There is nobody yet whom it could harm: only the name that is made is another.
TEST_P(InvitationTest, ARegistrationMayChangeBetweenItsStages) {
  const std::string session = challenge(ask()).session;
  AuthRequest named = registration();
  named.body = {{"username", "carol"}};
  const auto half = run(invited_.auth.check(named, token(session)));
  EXPECT_THAT(challenge(half).completed, ElementsAre(registration_token));
  named.body = {{"username", "dora"}};
  EXPECT_FALSE(challenge(run(invited_.auth.check(named, {{.session = session}}))).failure);
  AuthRequest last = registration();
  EXPECT_TRUE(run(invited_.auth.recall(last, session)));
  EXPECT_EQ(last.body, (boost::json::object{{"username", "dora"}}));
  EXPECT_TRUE(run(invited_.auth.check(last, stage(session, "m.login.terms"))).has_value());
}

TEST_P(InvitationTest, StartingOverFreesTheInvitationAndKeepsTheSession) {
  const std::string session = challenge(ask()).session;
  EXPECT_FALSE(challenge(ask(token(session))).failure.has_value());
  const auto passed = ask(stage(session, "m.login.terms"));
  const auto start_over = [](InteractiveAuth& auth, AuthPassed given) -> Task<bool> {
    co_await auth.start_over(given);
    co_return true;
  };
  EXPECT_TRUE(run(start_over(invited_.auth, passed.value())));
  const std::string other = challenge(ask()).session;
  EXPECT_FALSE(challenge(ask(token(other))).failure.has_value()) << "somebody else takes it";
  const Challenge begun = challenge(ask({{.session = session}}));
  EXPECT_FALSE(begun.failure.has_value());
  EXPECT_THAT(begun.completed, IsEmpty());
}

TEST_P(InvitationTest, AStageOfAPageCountsForTheRequestThatFollows) {
  const std::string session = challenge(ask()).session;
  EXPECT_EQ(run(invited_.auth.look(session, terms))->turn, Turn::later);
  EXPECT_EQ(run(invited_.auth.look(session, registration_token))->turn, Turn::now);
  EXPECT_FALSE(run(invited_.auth.pass(session, registration_token, {.token = "invitation"}, "")));
  EXPECT_EQ(run(invited_.auth.look(session, registration_token))->turn, Turn::passed_already);
  EXPECT_FALSE(run(invited_.auth.pass(session, terms, {}, "")));
  const auto passed = ask(AuthData{.session = session});
  ASSERT_TRUE(passed.has_value());
  EXPECT_TRUE(redeem(*passed));
  EXPECT_FALSE(run(invited_.auth.look(session, terms)).has_value()) << "it is used up";
}

// Alice has a provider beside her password, bob has none, and carol nothing else.
class SsoStageTest : public InteractiveAuthTest {
 protected:
  SsoStageTest() {
    administration_.create_user(accounts::testing::kOperator, "carol", std::nullopt, false).value();
    carol_ = user("carol")->account.id;
    link("corp", "a1", alice_);
    link("corp", "c1", carol_);
    link("gone", "b1", user("bob")->account.id);
    link("directory", "b2", user("bob")->account.id);
  }

  static self::testing::Setup with_providers() {
    self::testing::Setup setup;
    for (const auto& [id, kind] : {std::pair{"corp", providers::Kind::oidc},
                                   std::pair{"directory", providers::Kind::ldap}}) {
      providers::ProviderOptions& options = setup.providers.emplace_back();
      options.id = options.name = id;
      options.kind = kind;
    }
    return setup;
  }
  void link(const std::string& provider, const std::string& subject, UserId to) {
    server_.db().write_now([&](db::Tx& tx) {
      EXPECT_TRUE(providers::insert_link(tx, {provider, subject, to, server_.clock.now()}));
    });
  }
  Result check(const std::string& name, std::optional<AuthData> data = {}) {
    return run(surface_.auth.check(of(name), std::move(data)));
  }
  std::vector<AuthFlow> flows(const std::string& name) { return challenge(check(name)).flows; }
  bool pass(const std::string& session, UserId who) {
    return server_.db().write_now(
        [&](db::Tx& tx) { return surface_.auth.pass_sso(tx, session, who); });
  }

  UserId carol_{};
  self::testing::Surface surface_{server_.ground(), *server_, passwords_, with_providers()};
};

INSTANTIATE_TEST_SUITE_P(Engines, SsoStageTest, db::engines(), db::engine_name);

TEST_P(SsoStageTest, IsOfferedToWhoHasAProviderWithBrowsers) {
  EXPECT_THAT(flows("alice"), ElementsAre(AuthFlow{password}, AuthFlow{sso}));
  EXPECT_THAT(flows("bob"), ElementsAre(AuthFlow{password}));
  EXPECT_THAT(flows("carol"), ElementsAre(AuthFlow{sso}));
  EXPECT_TRUE(run(surface_.auth.can_confirm(carol_)));
  EXPECT_THAT(run(surface_.auth.look(challenge(check("carol")).session, sso))->user, carol_);
}

TEST_P(SsoStageTest, IsPassedAtTheProviderByItsUserAlone) {
  const std::string session = challenge(check("carol")).session;
  EXPECT_EQ(challenge(check("carol", stage(session, "m.login.sso"))).failure,
            AuthFailure::not_confirmed);
  EXPECT_FALSE(pass(session, alice_));
  EXPECT_FALSE(pass("another session", carol_));
  EXPECT_FALSE(check("carol", {{.session = session}}));
  EXPECT_TRUE(pass(session, carol_));
  EXPECT_TRUE(pass(session, carol_)) << "the answer was lost";
  const auto passed = check("carol", {{.session = session}});
  ASSERT_TRUE(passed);
  EXPECT_EQ(passed->subject, carol_);
  EXPECT_TRUE(check("carol", stage(session, "m.login.sso"))) << "some clients send it all the same";
  EXPECT_TRUE(server_.db().write_now(
      [&](db::Tx& tx) { return surface_.auth.redeem(tx, carol_, *passed); }));
  EXPECT_FALSE(pass(session, carol_)) << "it is used up";
}

TEST_P(SsoStageTest, IsNotPassedWhereItIsNotOffered) {
  const UserId bob = user("bob")->account.id;
  EXPECT_FALSE(pass(challenge(check("bob")).session, bob));
  const std::string late = challenge(check("carol")).session;
  server_.clock.advance(15min);
  EXPECT_FALSE(pass(late, carol_));
}

TEST_P(SsoStageTest, DoesNotOutliveALink) {
  link("corp", "a2", alice_);
  const std::string session = challenge(check("alice")).session;
  ASSERT_TRUE(pass(session, alice_));
  ASSERT_TRUE(run((*administration_).unlink(accounts::testing::kOperator, "alice", "corp", "a2")));
  EXPECT_EQ(challenge(check("alice", {{.session = session}})).failure, AuthFailure::session_over);
}

}  // namespace
}  // namespace latchkey::confirm
