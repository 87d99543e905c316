// What is different for the sessions of OAuth 2.0 clients, against both engines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/sessions/sessions_testing.h"
#include "platform/error_testing.h"

namespace latchkey::sessions {
namespace {

using namespace std::chrono_literals;
using testing::run;
using testing::TestSessions;

NewSession granted(const std::string& client, const std::string& scope,
                   std::optional<std::string> device = {}) {
  NewSession wanted = TestSessions::refreshing(std::move(device));
  wanted.grant = ClientGrant{client, scope};
  wanted.method = Method::authorization_code;
  return wanted;
}

class GrantedSessions : public testing::OnEachEngine {
 protected:
  Standing refused(const TestSessions::SignedIn& session, std::string_view client) {
    const auto tokens = run(server_->refresh(TestSessions::use(), session.refresh(), client));
    return tokens ? Standing{Worth::active, Reason::good, {}} : error_of(tokens);
  }
  template <class Which>
  std::size_t end(const Which& which, Ended how, EndReason why) {
    return server_.db().write_now([&](db::Tx& tx) {
      lock_account(tx, alice_.id);
      return server_->end(tx, which, how, why);
    });
  }
  std::expected<void, Standing> revoke(std::string_view token) {
    return run(server_->revoke(TestSessions::use(), token));
  }
  Standing anywhere(std::string_view token) {
    return run(server_->check_any_scope(TestSessions::use(), token)).standing;
  }

  Account alice_ = server_.add_user("alice");
  TestSessions::SignedIn app_ = server_.sign_in(
      alice_, granted("app", "urn:matrix:client:api:* urn:matrix:client:device:APP", "APP"));
  TestSessions::SignedIn website_ = server_.sign_in(alice_, granted("website", "openid"));
};

INSTANTIATE_TEST_SUITE_P(Engines, GrantedSessions, db::engines(), db::engine_name);

// An administrator's app has what the person allowed it, not what the person may do.
TEST_P(GrantedSessions, AdministerWithAScopeForIt) {
  server_.sql("UPDATE users SET admin = 1");
  const std::string api = "urn:matrix:client:api:* urn:matrix:client:device:X";
  const auto administers = [&](const std::string& scope) {
    const auto session = server_.sign_in(alice_, granted("app", scope, "X"));
    for (int again = 0; again < 2; ++again) {  // the second answer is remembered
      if (!server_.look(session.access()).identity.admin) return false;
    }
    return true;
  };
  EXPECT_FALSE(administers(api));
  EXPECT_FALSE(administers(api + " urn:synapse:admin"));
  EXPECT_FALSE(administers(api + " urn:synapse:admin:*x"));
  EXPECT_TRUE(administers(api + " urn:synapse:admin:*"));
  EXPECT_TRUE(administers(api + " urn:matrix:client:server_administration"));
  EXPECT_TRUE(server_.look(server_.sign_in(alice_).access()).identity.admin) << "legacy: all of it";
  server_.sql("UPDATE users SET admin = 0");
  EXPECT_FALSE(administers(api + " urn:synapse:admin:*"));
}

// Its token is none of the Client-Server API's, not even for signing out.
TEST_P(GrantedSessions, WithoutAMatrixScopeEndAtTheRevocationEndpointAlone) {
  const auto refused = server_.sign_out(website_.access());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(error_of(refused).worth, Worth::unknown);
  EXPECT_TRUE(anywhere(website_.access()).active());
  ASSERT_TRUE(revoke(website_.access()).has_value());
  EXPECT_FALSE(anywhere(website_.access()).active());
  EXPECT_EQ(error_of(server_.sign_out(website_.access())).worth, Worth::unknown);
}

TEST_P(GrantedSessions, WithoutAMatrixScopeEndByTheTokenBeforeTheNewestToo) {
  const auto newer =
      run(server_->refresh(TestSessions::use(), website_.refresh(), "website")).value();
  EXPECT_TRUE(anywhere(newer.access_token).active());
  ASSERT_TRUE(revoke(website_.access()).has_value()) << "in its grace";
  EXPECT_FALSE(anywhere(newer.access_token).active());
}

TEST_P(GrantedSessions, AreKeptWithWhatTheyMayAndHowTheyBegan) {
  const Record row = server_.row(app_.id());
  EXPECT_EQ(row.grant,
            (ClientGrant{"app", "urn:matrix:client:api:* urn:matrix:client:device:APP"}));
  EXPECT_EQ(row.method, Method::authorization_code);
  EXPECT_EQ(app_.tokens.scope, row.grant->scope);
  EXPECT_EQ(server_.row(website_.id()).device, std::nullopt);
  EXPECT_EQ(server_.look(app_.access()).identity.grant->client, "app");
  const auto legacy = server_.sign_in(alice_);
  EXPECT_EQ(server_.row(legacy.id()).grant, std::nullopt);
  EXPECT_EQ(server_.look(legacy.access()).identity.grant, nullptr);
}

TEST_P(GrantedSessions, RefreshForTheirOwnClientAlone) {
  EXPECT_EQ(refused(app_, "").reason, Reason::wrong_kind) << "the legacy API";
  EXPECT_EQ(refused(app_, "website").reason, Reason::wrong_kind);
  EXPECT_EQ(refused(app_, "website").worth, Worth::unknown);
  EXPECT_TRUE(refused(app_, "app").active());
  const auto legacy = server_.sign_in(alice_);
  EXPECT_EQ(refused(legacy, "app").reason, Reason::wrong_kind);
}

TEST_P(GrantedSessions, WithoutAMatrixScopeAreNothingToTheClientServerApi) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(server_.check(website_.access()).worth, Worth::unknown);
    EXPECT_EQ(server_.check(website_.access()).reason, Reason::no_matrix_scope);
    EXPECT_TRUE(anywhere(website_.access()).active());
  }
  EXPECT_TRUE(server_.check(app_.access()).active());
}

// The older one is that of MSC2967, which clients asked for before it was stable.
TEST_P(GrantedSessions, WithEitherNameOfTheMatrixScopeReachMatrix) {
  for (const auto* scope : {"urn:matrix:client:api:* urn:matrix:client:device:X",
                            "openid urn:matrix:org.matrix.msc2967.client:api:* "
                            "urn:matrix:org.matrix.msc2967.client:device:X"}) {
    const auto app = server_.sign_in(alice_, granted("app", scope, "X"));
    EXPECT_TRUE(server_.check(app.access()).active()) << scope;
  }
}

TEST_P(GrantedSessions, WithoutAMatrixScopeHaveNothingToSpare) {
  end(AllOf{alice_.id}, Ended::softly, EndReason::administrator_softly);
  EXPECT_EQ(refused(website_, "website").worth, Worth::ended);
  EXPECT_EQ(refused(app_, "app").worth, Worth::soft);
}

TEST_P(GrantedSessions, WithoutADeviceAreNoMoreThanAnAccountMayHave) {
  std::vector<TestSessions::SignedIn> all = {website_};
  for (std::uint64_t i = 0; i < server_->policy().maximum_per_user; ++i) {
    server_.clock.advance(10ms);
    all.push_back(server_.sign_in(alice_, granted("website", "openid")));
  }
  EXPECT_EQ(server_.row(website_.id()).end_reason, EndReason::crowded_out);
  EXPECT_EQ(anywhere(website_.access()).worth, Worth::ended);
  EXPECT_TRUE(anywhere(all.at(1).access()).active());
  EXPECT_TRUE(anywhere(all.back().access()).active());
  EXPECT_TRUE(server_.check(app_.access()).active()) << "that has a device";
}

TEST_P(GrantedSessions, LetInByABrowserAreHeldByWhoIsThere) {
  auto wanted = granted("app", "urn:matrix:client:api:* urn:matrix:client:device:HELD", "HELD");
  wanted.browser = BrowserSessionId{7};
  const auto held = server_.sign_in(alice_, wanted);
  wanted = granted("app", "urn:matrix:client:api:* urn:matrix:client:device:OTHER", "OTHER");
  wanted.browser = BrowserSessionId{8};
  const auto other = server_.sign_in(alice_, wanted);
  const AllNotHeldAt others{alice_.id, BrowserSessionId{7}};
  EXPECT_EQ(end(others, Ended::for_good, EndReason::password_changed), 3U);
  EXPECT_TRUE(server_.check(held.access()).active());
  for (const auto& session : {other, app_, website_}) {
    EXPECT_EQ(server_.row(session.id()).end_reason, EndReason::password_changed);
    EXPECT_EQ(anywhere(session.access()).worth, Worth::ended);
  }
}

TEST_P(GrantedSessions, EndWithTheirAccount) {
  EXPECT_EQ(end(AllBut{app_.session}, Ended::for_good, EndReason::password_changed), 1U);
  EXPECT_EQ(anywhere(website_.access()).worth, Worth::ended);
  EXPECT_TRUE(server_.check(app_.access()).active());
  const auto another = server_.sign_in(alice_, granted("website", "openid"));
  server_.sign_out_everywhere(app_.access()).value();
  EXPECT_EQ(anywhere(another.access()).worth, Worth::ended);
}

TEST_P(GrantedSessions, ArePurgedLikeOthers) {
  revoke(website_.access()).value();
  server_.clock.advance(24h * 91);
  server_->heartbeat();
  server_.sql("DELETE FROM gaps");
  server_->purge();
  EXPECT_FALSE(server_.has_row(website_.id()));
}

// RFC 7009: the session that the token names, whatever the token is worth.
TEST_P(GrantedSessions, AreRevokedByEitherToken) {
  EXPECT_TRUE(revoke(app_.refresh()).has_value());
  EXPECT_EQ(server_.check(app_.access()).worth, Worth::ended);
  EXPECT_EQ(refused(app_, "app").worth, Worth::ended);
  EXPECT_EQ(server_.row(app_.id()).end_reason, EndReason::revoked);
  EXPECT_TRUE(revoke(app_.refresh()).has_value()) << "it is over: what was asked for";
  EXPECT_TRUE(revoke(website_.access()).has_value());
  EXPECT_EQ(anywhere(website_.access()).worth, Worth::ended);
}

TEST_P(GrantedSessions, AreRevokedHoweverLate) {
  struct Row {
    const char* name;
    void (*make)(TestSessions&, const Account&, const TestSessions::SignedIn&);
  };
  const Row rows[] = {
      {"expired", [](TestSessions& server, const Account&,
                     const TestSessions::SignedIn&) { server.clock.advance(1h); }},
      {"locked", [](TestSessions& server, const Account& account,
                    const TestSessions::SignedIn&) { server.lock(account); }},
      {"softly ended",
       [](TestSessions& server, const Account& account, const TestSessions::SignedIn&) {
         server.db().write_now([&](db::Tx& tx) {
           lock_account(tx, account.id);
           return server->end(tx, AllOf{account.id}, Ended::softly,
                              EndReason::administrator_softly);
         });
       }},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    server_.lock(alice_, false);
    const auto session = server_.sign_in(
        alice_, granted("app", "urn:matrix:client:api:* urn:matrix:client:device:B", "B"));
    row.make(server_, alice_, session);
    EXPECT_TRUE(revoke(session.access()).has_value());
    EXPECT_EQ(server_.row(session.id()).ended, Ended::for_good);
  }
}

TEST_P(GrantedSessions, AreNotRevokedByWhatNamesNone) {
  EXPECT_EQ(error_of(revoke("")).worth, Worth::unknown);
  EXPECT_EQ(error_of(revoke("lka_garbage")).worth, Worth::unknown);
  std::string forged = app_.access();
  forged.back() = forged.back() == 'A' ? 'B' : 'A';
  EXPECT_EQ(error_of(revoke(forged)).worth, Worth::unknown);
  EXPECT_TRUE(server_.check(app_.access()).active());
}

}  // namespace
}  // namespace latchkey::sessions
