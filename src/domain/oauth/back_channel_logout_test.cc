#include "domain/oauth/back_channel_logout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/oauth/claims.h"
#include "domain/sessions/sessions_testing.h"
#include "platform/text/ulid.h"

namespace latchkey::oauth {
namespace {

using namespace std::chrono_literals;
using sessions::testing::run;
using sessions::testing::TestSessions;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(LogoutToken, SaysWhatTheSpecificationWants) {
  const Time now = sessions::testing::kNoon;
  const std::int64_t seconds = to_millis(now) / 1000;
  const auto claims = logout_token_claims({.issuer = "https://account.example.com/",
                                           .client_id = "wiki",
                                           .user = UserId{7},
                                           .sid = "0000000000009",
                                           .jti = "J"},
                                          now);
  EXPECT_EQ(claims,
            (boost::json::object{
                {"iss", "https://account.example.com/"},
                {"sub", "0000000000007"},
                {"aud", "wiki"},
                {"iat", seconds},
                {"exp", seconds + 120},
                {"jti", "J"},
                {"events",
                 {{"http://schemas.openid.net/event/backchannel-logout", boost::json::object()}}},
                {"sid", "0000000000009"}}))
      << "and no nonce, by which an ID token is told from it";
}

clients::Client client(const std::string& id, const std::string& logout_uri) {
  clients::Client one;
  one.id = id;
  one.backchannel_logout_uri = logout_uri;
  return one;
}

class BackChannelLogout : public sessions::testing::OnEachEngine {
 protected:
  BackChannelLogout() { tell_clients(server_.events, outbox_, clients_); }

  TestSessions::SignedIn sign_in(const std::string& client, const std::string& scope,
                                 std::optional<std::string> device = {}) {
    sessions::NewSession wanted = TestSessions::refreshing(std::move(device));
    wanted.grant = sessions::ClientGrant{client, scope};
    wanted.method = sessions::Method::authorization_code;
    auto session = server_.sign_in(alice_, wanted);
    if (scope.starts_with("openid")) {
      server_.db().write_now(
          [&](db::Tx& tx) { note_openid_session(tx, session.id(), {.at = server_.clock.now()}); });
    }
    return session;
  }
  template <class... Arguments>
  void end(const Arguments&... arguments) {
    server_.db().write_now([&](db::Tx& tx) {
      sessions::lock_account(tx, alice_.id);
      server_->end(tx, arguments...);
    });
  }
  // Client and `sid` of what waits, which is taken away.
  std::vector<std::string> told() {
    return server_.db().write_now([&](db::Tx& tx) {
      std::vector<std::string> all;
      tx.each<std::string, std::string, UserId>(
          "SELECT destination, payload, user_id FROM outbox WHERE consumer = 'back-channel logout'",
          [&](std::string& to, std::string& sid, UserId user) {
            EXPECT_EQ(user, alice_.id);
            all.push_back(to + " " + sid);
          });
      tx.run("DELETE FROM outbox");
      tx.run("DELETE FROM outbox_lanes");
      return all;
    });
  }
  static std::string of(const std::string& client, const TestSessions::SignedIn& session) {
    return client + " " + text::format_id(session.id());
  }

  static constexpr auto kMatrix = "openid urn:matrix:client:api:* urn:matrix:client:device:PHONE";

  outbox::Outbox outbox_{server_.clock};
  const std::vector<clients::Client> clients_ = {client("wiki", "https://wiki.example.com/out"),
                                                 client("chat", "https://chat.example.com/out"),
                                                 client("quiet", "")};
  sessions::Account alice_ = server_.add_user("alice");
};

INSTANTIATE_TEST_SUITE_P(Engines, BackChannelLogout, db::engines(), db::engine_name);

TEST_P(BackChannelLogout, IsForWhoeverEndsASession) {
  const auto revoked = sign_in("wiki", "openid");
  ASSERT_TRUE(run(server_->revoke(TestSessions::use(), revoked.refresh())).has_value());
  EXPECT_THAT(told(), UnorderedElementsAre(of("wiki", revoked)));

  const auto signed_out = sign_in("chat", kMatrix, "PHONE");
  ASSERT_TRUE(server_.sign_out(signed_out.access()).has_value());
  EXPECT_THAT(told(), UnorderedElementsAre(of("chat", signed_out)));

  const auto chat = sign_in("chat", kMatrix, "PHONE");
  const auto wiki = sign_in("wiki", "openid profile");
  end(sessions::OneDevice{alice_.id, *chat.session.record.device}, Ended::for_good,
      EndReason::device_deleted);
  EXPECT_THAT(told(), UnorderedElementsAre(of("chat", chat)));
  end(sessions::AllOf{alice_.id}, Ended::for_good, EndReason::account_deactivated);
  EXPECT_THAT(told(), UnorderedElementsAre(of("wiki", wiki)));
}

TEST_P(BackChannelLogout, IsToldOnce) {
  const auto wiki = sign_in("wiki", "openid");
  end(wiki.session, Ended::softly, EndReason::administrator_softly);
  EXPECT_THAT(told(), UnorderedElementsAre(of("wiki", wiki)));
  end(wiki.session, Ended::for_good, EndReason::administrator);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_P(BackChannelLogout, LeavesThoseOutWhoKnowNobodyOrDoNotWantIt) {
  sign_in("wiki", "urn:matrix:client:api:* urn:matrix:client:device:WIKI", "WIKI");
  sign_in("quiet", "openid");
  sign_in("registered-itself", "openid");
  server_.sign_in(alice_);
  end(sessions::AllOf{alice_.id}, Ended::for_good, EndReason::logout_all);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_P(BackChannelLogout, LetsAMatrixClientKeepItsKeysWhenASessionEndsSoftly) {
  const auto first = sign_in("chat", kMatrix, "PHONE");
  const auto second = sign_in("chat", kMatrix, "PHONE");  // taken over
  EXPECT_THAT(told(), IsEmpty());
  end(sessions::OneDevice{alice_.id, *second.session.record.device}, Ended::for_good,
      EndReason::device_deleted);
  EXPECT_THAT(told(), UnorderedElementsAre(of("chat", first), of("chat", second)));
}

TEST_P(BackChannelLogout, ReachesWhatALockWouldNot) {
  const auto wiki = sign_in("wiki", "openid");
  const auto chat = sign_in("chat", kMatrix, "PHONE");
  server_.lock(alice_);
  EXPECT_THAT(told(), UnorderedElementsAre(of("wiki", wiki)));
  server_.lock(alice_, false);
  EXPECT_THAT(told(), IsEmpty());
  end(sessions::AllOf{alice_.id}, Ended::for_good, EndReason::logout_all);
  EXPECT_THAT(told(), UnorderedElementsAre(of("wiki", wiki), of("chat", chat)));
}

TEST_P(BackChannelLogout, IsForEverybodyWhomAnOperatorSignsOut) {
  const auto before = sign_in("wiki", "openid");
  end(before.session, Ended::for_good, EndReason::logout);
  told();
  const auto wiki = sign_in("wiki", "openid");
  sign_in("chat", kMatrix, "PHONE");
  end(sessions::Everybody{}, EndReason::administrator_softly);
  EXPECT_THAT(told(), UnorderedElementsAre(of("wiki", wiki)));
  end(sessions::Everybody{}, EndReason::administrator_softly);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_P(BackChannelLogout, IsOfTheTransactionThatEndsTheSession) {
  const auto wiki = sign_in("wiki", "openid");
  EXPECT_THROW(server_.db().write_now([&](db::Tx& tx) {
    sessions::lock_account(tx, alice_.id);
    server_->end(tx, wiki.session, Ended::for_good, EndReason::logout);
    throw std::runtime_error("taken back");
  }),
               std::runtime_error);
  EXPECT_THAT(told(), IsEmpty());
  EXPECT_TRUE(server_.check(wiki.access()).reason != sessions::Reason::ended_for_good);
}

}  // namespace
}  // namespace latchkey::oauth
