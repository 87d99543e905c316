#include "domain/oauth/claims.h"

#include <gtest/gtest.h>

#include "domain/sessions/sessions_testing.h"

namespace latchkey::oauth {
namespace {

using namespace std::chrono_literals;
using sessions::testing::kNoon;
using sessions::testing::run;
using sessions::testing::TestSessions;

class OpenidSessions : public sessions::testing::OnEachEngine {
 protected:
  TestSessions::SignedIn sign_in(const std::string& scope, std::optional<std::string> device = {}) {
    sessions::NewSession wanted = TestSessions::refreshing(std::move(device));
    wanted.grant = sessions::ClientGrant{"wiki", scope};
    wanted.method = sessions::Method::authorization_code;
    auto session = server_.sign_in(alice_, wanted);
    server_.db().write_now(
        [&](db::Tx& tx) { note_openid_session(tx, session.id(), {.at = kNoon - 5min}); });
    return session;
  }
  void end(const sessions::Session& session, Ended how) {
    server_.db().write_now([&](db::Tx& tx) {
      sessions::lock_account(tx, alice_.id);
      server_->end(tx, session, how, EndReason::administrator);
    });
  }
  std::optional<RenewedClaims> renewed(const TestSessions::SignedIn& session) {
    return run(claims_.renewed(session.id(), *read_scope("openid profile")));
  }
  std::int64_t rows() { return server_.count("SELECT COUNT(*) FROM openid_sessions"); }

  sessions::Account alice_ = server_.add_user("alice");
  Claims claims_{server_.ground()};
};

INSTANTIATE_TEST_SUITE_P(Engines, OpenidSessions, db::engines(), db::engine_name);

TEST_P(OpenidSessions, SayAgainHowTheirPersonWasAuthenticated) {
  const auto claims = renewed(sign_in("openid profile"));
  ASSERT_TRUE(claims.has_value());
  EXPECT_EQ(claims->user, alice_.id);
  EXPECT_EQ(claims->authenticated,
            (signin::Authentication{.at = kNoon - 5min, .by = signin::AuthMethod::password}));
  EXPECT_EQ(claims->person,
            (boost::json::object{{"name", "alice"}, {"preferred_username", "alice"}}));
}

// Another auth_time than in the first ID token would be wrong.
TEST_P(OpenidSessions, SayNothingWhenTheyAreOlderThanTheTable) {
  const auto wiki = sign_in("openid");
  server_.sql("UPDATE openid_sessions SET authenticated_at = NULL, authenticated_by = NULL");
  EXPECT_FALSE(renewed(wiki).has_value());
}

TEST_P(OpenidSessions, AreForgottenWhenTheyAreOver) {
  sign_in("openid");
  const auto wiki = sign_in("openid");
  const auto soft = sign_in("openid");
  const auto chat = sign_in("openid urn:matrix:client:api:* urn:matrix:client:device:CHAT", "CHAT");
  claims_.purge();
  EXPECT_EQ(rows(), 4);
  end(wiki.session, Ended::for_good);
  end(soft.session, Ended::softly);
  end(chat.session, Ended::softly);  // whose device may yet be deleted
  claims_.purge();
  EXPECT_EQ(rows(), 2);
  end(chat.session, Ended::for_good);
  claims_.purge();
  EXPECT_EQ(rows(), 1);
}

}  // namespace
}  // namespace latchkey::oauth
