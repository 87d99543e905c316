#include "domain/federation/federation_testing.h"

namespace latchkey::federation {
namespace {

using namespace std::chrono_literals;
using sessions::testing::run;
using ::testing::IsEmpty;
using testing::kOrigin;

class ProviderLogoutTest : public testing::FederationOnEachEngine {
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

}  // namespace
}  // namespace latchkey::federation
