#include "domain/federation/federation_testing.h"

namespace latchkey::federation {
namespace {

using sessions::testing::run;
using testing::kBrowser;
using testing::kOrigin;

class SignOutThereTest : public testing::FederationOnEachEngine {
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

TEST_P(SignOutThereTest, AHintThatIsTooLongIsNotKept) {
  for (const auto& [size, kept] : {std::pair{8 * 1024, 1}, {8 * 1024 + 1, 0}}) {
    scripted("corp").who =
        [size](const providers::Returned& returned) -> providers::Reply<providers::Person> {
      providers::Person person{.subject =
                                   std::string(providers::single(returned.fields, "who").value())};
      person.session.hint = Secret(std::string(static_cast<std::size_t>(size), 'x'));
      return person;
    };
    come_by("corp", "a1");
    EXPECT_EQ(server_.count("SELECT COUNT(*) FROM provider_sessions WHERE hint IS NOT NULL"), kept);
    server_.sql("DELETE FROM provider_sessions");
  }
}

}  // namespace
}  // namespace latchkey::federation
