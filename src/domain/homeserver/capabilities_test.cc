#include "domain/homeserver/capabilities.h"

#include <gtest/gtest.h>

#include <vector>

#include "domain/sessions/sessions_testing.h"

namespace latchkey::homeserver {
namespace {

namespace json = boost::json;

class CapabilitiesTest : public ::testing::Test {
 protected:
  // What a user is told; empty: nothing can be.
  std::string asked_by(const std::string& localpart, const std::string& as_user = "") {
    try {
      const json::object said = sessions::testing::run(
          capabilities_->of(localpart, {.token = "token of " + localpart, .as_user = as_user}));
      return std::string(said.at("for").as_string());
    } catch (const Unavailable&) {
      return "";
    }
  }
  void start(Capabilities::Options options) {
    capabilities_.emplace(
        [this](const Asking& asking, const CallLimits&) -> Reply<json::object> {
          asked_.push_back(asking.token + asking.as_user);
          if (away_) return std::unexpected(Trouble{Trouble::Kind::not_reached, "away", {}});
          return json::object{{"for", asking.token + asking.as_user}};
        },
        options);
  }
  std::vector<std::string> take() { return std::exchange(asked_, {}); }

  bool away_ = false;
  std::vector<std::string> asked_;
  std::optional<Capabilities> capabilities_;
};

TEST_F(CapabilitiesTest, AreAskedOnceForEachUser) {
  start({});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(asked_by("alice"), "token of alice");
    EXPECT_EQ(asked_by("bob"), "token of bob");
  }
  EXPECT_EQ(take(), (std::vector<std::string>{"token of alice", "token of bob"}));
  EXPECT_EQ(asked_by("irc", "@irc:example.com"), "token of irc@irc:example.com");
}

TEST_F(CapabilitiesTest, AreAskedAgainAfterAWhile) {
  start({.kept = Duration{0}});
  asked_by("alice");
  asked_by("alice");
  EXPECT_EQ(take().size(), 2U);
}

TEST_F(CapabilitiesTest, AreWhatWasKnownWhileNobodyAnswers) {
  start({.kept = Duration{0}});
  away_ = true;
  EXPECT_EQ(asked_by("alice"), "");
  away_ = false;
  asked_by("alice");
  asked_by("bob");
  away_ = true;
  EXPECT_EQ(asked_by("alice"), "token of alice");
  EXPECT_EQ(asked_by("carol"), "token of bob") << "the latest that anybody was told";
}

TEST_F(CapabilitiesTest, AreKeptOfTheLatestUsersAlone) {
  start({.users = 2});
  for (const char* user : {"alice", "bob", "carol"}) asked_by(user);
  take();
  for (const char* user : {"bob", "carol", "alice"}) asked_by(user);
  EXPECT_EQ(take(), std::vector<std::string>{"token of alice"});
}

}  // namespace
}  // namespace latchkey::homeserver
