// A directory's people who come for the first time.

#include "domain/federation/federation_testing.h"

namespace latchkey::federation {
namespace {

using namespace std::chrono_literals;
using providers::Person;
using sessions::testing::run;
using testing::kBrowser;
using testing::kOrigin;
using ::testing::SizeIs;
using Why = Refused::Why;

class ByPasswordTest : public self::testing::SigninOnEachEngine {
 protected:
  ByPasswordTest() { providers::listen(server_.events); }

  static self::testing::Setup configured() {
    providers::ProviderOptions dir;
    dir.id = "dir";
    dir.name = "Directory";
    dir.kind = providers::Kind::ldap;
    dir.localpart = "{{ claims.uid | lower }}";
    dir.display_name = "{{ claims.cn }}";
    dir.email = "{{ claims.mail }}";
    dir.email_verified = true;
    dir.registration = true;
    providers::ProviderOptions closed = dir;
    closed.id = "closed";
    closed.registration = false;
    closed.on_conflict = providers::OnConflict::link;
    self::testing::Setup setup;
    setup.providers = {dir, closed};
    return setup;
  }

  std::shared_ptr<const signin::DirectoryPerson> someone(const std::string& uid,
                                                         const char* provider = "dir",
                                                         std::optional<bool> admin = {}) {
    Person person{.subject = "id of " + uid, .administrator = admin};
    person.claims = {{"uid", uid}, {"cn", "Name of " + uid}, {"mail", uid + "@example.org"}};
    return std::make_shared<const signin::DirectoryPerson>(surface_.providers.find(provider),
                                                           person);
  }
  Federation::Coming coming(std::shared_ptr<const signin::DirectoryPerson> who) {
    return {.who = std::move(who),
            .next = "/account/devices",
            .browser = kBrowser,
            .cookie = {},
            .origin = kOrigin};
  }
  std::expected<Arrived, Refused> on_a_page(std::shared_ptr<const signin::DirectoryPerson> who) {
    return run(federation_.arrive_by_password(coming(std::move(who))));
  }
  std::expected<signin::CheckedUser, Refused> in_a_client(
      std::shared_ptr<const signin::DirectoryPerson> who) {
    return run(federation_.welcome(coming(std::move(who))));
  }

  UserId make_user(const std::string& name, const std::optional<std::string>& password = {}) {
    EXPECT_TRUE(administration_.create_user(accounts::testing::kOperator, name, password, false));
    return user(name).value().account.id;
  }
  std::vector<WayIn> ways_in(const std::string& name) {
    return run(federation_.ways_in(user(name).value().account.id));
  }
  std::string display_name(const std::string& name) {
    return server_.db().read_now([&](db::Tx& tx) {
      return accounts::find_display_name(tx, accounts::find_user(tx, name)->account.id);
    });
  }
  std::int64_t attempts() { return server_.count("SELECT COUNT(*) FROM provider_attempts"); }

  // All that signs people in, configured like that.
  struct Configured {
    Configured(ByPasswordTest& test, const self::testing::Setup& setup)
        : surface(test.server_.ground(), *test.server_, test.passwords_, setup),
          admission(test.server_.ground(), *test.server_, surface.auth, surface.browsers),
          federation({.ground = test.server_.ground(),
                      .sessions = *test.server_,
                      .providers = surface.providers,
                      .browsers = surface.browsers,
                      .passwords = surface.check,
                      .registration = surface.registration,
                      .auth = surface.auth,
                      .limits = surface.limits,
                      .admission = admission,
                      .server_name = "example.com"}) {}

    self::testing::Surface surface;
    self::Admission admission;
    Federation federation;
  };

  Configured configured_{*this, configured()};
  self::testing::Surface& surface_ = configured_.surface;
  Federation& federation_ = configured_.federation;
};

INSTANTIATE_TEST_SUITE_P(Engines, ByPasswordTest, db::engines(), db::engine_name);

TEST_P(ByPasswordTest, OnAPageTheyHaveAnAccountWithoutAQuestion) {
  const auto arrived = on_a_page(someone("Alice", "dir", true));
  ASSERT_TRUE(arrived);
  const auto& signed_in = std::get<SignedIn>(*arrived);
  EXPECT_EQ(signed_in.next, "/account/devices");
  EXPECT_EQ(signed_in.browser.session.account.localpart, "alice");
  // With a password, given here: that is how they confirm things too.
  EXPECT_EQ(signed_in.browser.session.authenticated.by, signin::AuthMethod::password);
  EXPECT_EQ(display_name("alice"), "Name of Alice");
  EXPECT_EQ(ways_in("alice").at(0).subject, "id of Alice");
  EXPECT_TRUE(user("alice")->account.admin);
  EXPECT_EQ(attempts(), 0);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM provider_sessions"), 0);
}

TEST_P(ByPasswordTest, InAClientTheyHaveAnAccountWithoutAQuestion) {
  const auto made = in_a_client(someone("alice"));
  ASSERT_TRUE(made);
  EXPECT_EQ(made->account.localpart, "alice");
  EXPECT_EQ(display_name("alice"), "Name of alice");
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM threepids"), 1);
  EXPECT_TRUE(run(surface_.sign_in.of_newcomer(0, *made, device("PHONE"))));
  // The second request of the same person finds it.
  const auto again = in_a_client(someone("alice"));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->account.id, made->account.id);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM users"), 1);
}

TEST_P(ByPasswordTest, WhatHasToBeAskedIsAskedOnAPage) {
  make_user("alice", "correct horse");
  EXPECT_EQ(error_of(in_a_client(someone("alice"))).why, Why::question);
  const auto arrived = on_a_page(someone("alice"));
  ASSERT_TRUE(arrived);
  const auto& question = std::get<Question>(*arrived);
  EXPECT_EQ(question.course, Course::prove_account);
  EXPECT_EQ(question.localpart, "alice");
  // In this browser alone, and with the account's own password.
  EXPECT_EQ(error_of(run(federation_.question(question.state, "another"))).why, Why::way_over);
  const auto prove = [&](const char* password) {
    return run(federation_.prove({.state = question.state,
                                  .browser = kBrowser,
                                  .password = password,
                                  .cookie = {},
                                  .origin = kOrigin}));
  };
  EXPECT_FALSE(prove("the directory's"));
  EXPECT_THAT(ways_in("alice"), SizeIs(0));
  const auto proved = prove("correct horse");
  ASSERT_TRUE(proved);
  EXPECT_EQ(proved->browser.session.account.localpart, "alice");
  EXPECT_THAT(ways_in("alice"), SizeIs(1));
}

TEST_P(ByPasswordTest, ANameThatCannotBeHadIsChosen) {
  const auto arrived = on_a_page(someone("Jörg Müller"));
  ASSERT_TRUE(arrived);
  const auto& question = std::get<Question>(*arrived);
  EXPECT_EQ(question.course, Course::choose_name);
  EXPECT_EQ(question.localpart, "");
  EXPECT_EQ(error_of(in_a_client(someone("Jörg Müller"))).why, Why::question);
  const auto chosen = run(federation_.choose({.state = question.state,
                                              .browser = kBrowser,
                                              .localpart = "jm",
                                              .cookie = {},
                                              .origin = kOrigin}));
  ASSERT_TRUE(chosen);
  EXPECT_EQ(ways_in("jm").at(0).subject, "id of Jörg Müller");
}

TEST_P(ByPasswordTest, WhereNoAccountsAreMadeThereIsNone) {
  EXPECT_EQ(error_of(on_a_page(someone("alice", "closed"))).why, Why::no_account);
  EXPECT_EQ(error_of(in_a_client(someone("alice", "closed"))).why, Why::no_account);
  EXPECT_EQ(attempts(), 0);
  // But where the directory is trusted with names, the account of that name is theirs.
  make_user("alice");
  EXPECT_EQ(in_a_client(someone("alice", "closed")).value().account.localpart, "alice");
  make_user("bob");
  EXPECT_TRUE(std::holds_alternative<SignedIn>(on_a_page(someone("bob", "closed")).value()));
  administration_.lock(accounts::testing::kOperator, "bob").value();
  EXPECT_EQ(error_of(in_a_client(someone("bob", "closed"))).why, Why::locked);
  administration_.create_user(accounts::testing::kOperator, "carol", {}, false).value();
  administration_.lock(accounts::testing::kOperator, "carol").value();
  EXPECT_EQ(error_of(in_a_client(someone("carol", "closed"))).why, Why::locked);
  EXPECT_THAT(ways_in("carol"), SizeIs(0));
}

// Each is a row while its question is open.
TEST_P(ByPasswordTest, HowManyAreAskedIsLimited) {
  self::testing::Setup setup = configured();
  setup.limits.provider_sign_ins = 2;
  Configured limited(*this, setup);
  const auto come = [&] {
    return run(limited.federation.arrive_by_password(coming(someone("Jörg Müller"))));
  };
  EXPECT_TRUE(come());
  EXPECT_TRUE(come());
  EXPECT_EQ(error_of(come()).why, Why::too_many);
  server_.clock.advance(31min);
  limited.federation.purge();
  EXPECT_EQ(attempts(), 0);
}

// Nobody has accepted what they have not seen.
TEST_P(ByPasswordTest, TermsAreAcceptedOnAPage) {
  self::testing::Setup setup = configured();
  setup.terms =
      accounts::Terms::read(
          {{"policies",
            {{"privacy", {{"version", "1"}, {"en", {{"name", "P"}, {"url", "https://p/"}}}}}}}})
          .value();
  Configured with_terms(*this, setup);
  EXPECT_EQ(error_of(run(with_terms.federation.welcome(coming(someone("alice"))))).why,
            Why::question);
  const auto arrived = run(with_terms.federation.arrive_by_password(coming(someone("alice"))));
  ASSERT_TRUE(arrived);
  EXPECT_EQ(std::get<Question>(*arrived).course, Course::choose_name);
  EXPECT_FALSE(user("alice"));
}

}  // namespace
}  // namespace latchkey::federation
