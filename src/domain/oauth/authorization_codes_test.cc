// Authorization codes: who may redeem one, for how long, and what is left of it afterwards.
#include "domain/oauth/authorization_codes.h"

#include <gtest/gtest.h>

#include "domain/oauth/oauth_testing.h"
#include "platform/crypto/kept_hash.h"

namespace latchkey::oauth {
namespace {

using namespace std::chrono_literals;
using accounts::testing::kOperator;
using sessions::Worth;
using sessions::testing::run;

class AuthorizationCodesTest : public testing::GrantsOnEachEngine {
 protected:
  static constexpr auto kVerifier = "a-verifier-of-forty-three-characters-or-more";

  AuthorizationRequest request(const std::string& scope = kMatrix) {
    AuthorizationRequest one;
    one.client = app_;
    one.redirect_uri = kCallback;
    one.scope = read_scope(scope).value();
    one.code_challenge = crypto::kept_hash(kVerifier);
    return one;
  }
  std::string issue(const AuthorizationRequest& asked) {
    return run(codes_.issue(browser_, asked)).value();
  }
  std::string issue() { return issue(request()); }
  std::expected<Granted, GrantRefused> redeem(const clients::Client& client,
                                              const std::string& code,
                                              const std::string& redirect_uri = kCallback,
                                              const std::string& verifier = kVerifier) {
    return run(codes_.redeem(0, client, code, redirect_uri, verifier, origin_));
  }
  std::expected<Granted, GrantRefused> redeem(const std::string& code) {
    return redeem(*app_, code);
  }
  std::int64_t rows() { return server_.count("SELECT COUNT(*) FROM authorization_codes"); }

  AuthorizationCodes codes_{server_.ground(), *server_, clients_};
};

INSTANTIATE_TEST_SUITE_P(Engines, AuthorizationCodesTest, db::engines(), db::engine_name);

TEST_P(AuthorizationCodesTest, GiveTheSessionThatThePersonConsentedTo) {
  auto asked = request(std::string("openid ") + kMatrix);
  asked.nonce = "n-1";
  const auto granted = redeem(issue(asked));
  ASSERT_TRUE(granted.has_value());
  EXPECT_EQ(standing(*granted).worth, Worth::active);
  EXPECT_EQ(granted->account.localpart, "alice");
  EXPECT_EQ(granted->nonce, "n-1");
  EXPECT_EQ(granted->scope.text(), asked.scope.text());
  EXPECT_EQ(granted->authenticated.at, browser_.authenticated.at);
  EXPECT_EQ(server_.row(granted->session).grant->client, "app");
}

TEST_P(AuthorizationCodesTest, AreNotKept) {
  const std::string code = issue();
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM authorization_codes WHERE hash = :code", code), 0);
  EXPECT_EQ(rows(), 1);
  EXPECT_NE(issue(), code);
}

TEST_P(AuthorizationCodesTest, LiveForFiveMinutes) {
  const std::string kept = issue();
  server_.clock.advance(5min - 1ms);
  EXPECT_TRUE(redeem(kept).has_value());

  const std::string late = issue();
  server_.clock.advance(5min);
  EXPECT_FALSE(redeem(late).has_value());
}

TEST_P(AuthorizationCodesTest, AreNotProlongedByAClockThatIsSetBack) {
  const std::string code = issue();
  server_.clock.advance(-10min);
  EXPECT_FALSE(redeem(code).has_value());
}

TEST_P(AuthorizationCodesTest, AreGoodForTheirClientAddressAndVerifierAlone) {
  const std::string code = issue();
  EXPECT_FALSE(redeem(*other_, code).has_value());
  EXPECT_FALSE(redeem(*app_, code, "https://app.example.com/other").has_value());
  EXPECT_FALSE(
      redeem(*app_, code, kCallback, "another-verifier-of-forty-three-characters").has_value());
  EXPECT_FALSE(redeem(*app_, code, kCallback, "").has_value());
  EXPECT_FALSE(redeem(code + "x").has_value());
  EXPECT_TRUE(redeem(code).has_value()) << "what others tried has not used it up";
}

TEST_P(AuthorizationCodesTest, WithoutAChallengeTakeNoVerifier) {
  auto asked = request();
  asked.code_challenge.clear();
  asked.nonce = "n";
  const std::string code = issue(asked);
  EXPECT_FALSE(redeem(*app_, code).has_value()) << "somebody took the challenge away";
  EXPECT_TRUE(redeem(*app_, code, kCallback, "").has_value());
}

TEST_P(AuthorizationCodesTest, ThatComeAgainEndWhatTheyGaveAndKeepItsKeys) {
  const std::string code = issue();
  const auto granted = redeem(code);
  ASSERT_TRUE(granted.has_value());
  server_.clock.advance(59min);
  EXPECT_FALSE(redeem(code).has_value());
  EXPECT_EQ(server_.row(granted->session).ended, Ended::softly);
  EXPECT_EQ(standing(*granted).worth, Worth::soft);
}

// Codes travel through addresses and logs: who has read one has neither the verifier nor the
// client.
TEST_P(AuthorizationCodesTest, EndNothingForSomebodyWhoHasTheCodeAlone) {
  const std::string code = issue();
  const auto granted = redeem(code);
  ASSERT_TRUE(granted.has_value());
  EXPECT_FALSE(redeem(*app_, code, "https://app.example.com/other").has_value());
  EXPECT_FALSE(
      redeem(*app_, code, kCallback, "another-verifier-of-forty-three-characters").has_value());
  EXPECT_FALSE(redeem(*app_, code, kCallback, "").has_value());
  EXPECT_EQ(standing(*granted).worth, Worth::active);
}

TEST_P(AuthorizationCodesTest, OfOthersEndNothingWhenTheyComeAgain) {
  const std::string code = issue();
  const auto granted = redeem(code);
  ASSERT_TRUE(granted.has_value());
  EXPECT_FALSE(redeem(*other_, code).has_value());
  EXPECT_EQ(standing(*granted).worth, Worth::active);
}

TEST_P(AuthorizationCodesTest, AreNothingWithoutTheBrowserTheyCameFrom) {
  const std::string code = issue();
  sign_out_browser();
  EXPECT_FALSE(redeem(code).has_value());
  EXPECT_FALSE(run(codes_.issue(browser_, request())).has_value());
}

TEST_P(AuthorizationCodesTest, WaitForALockedAccount) {
  const std::string code = issue();
  administration_.lock(kOperator, "alice").value();
  const auto refused = redeem(code);
  ASSERT_FALSE(refused.has_value());
  EXPECT_FALSE(run(codes_.issue(browser_, request())).has_value());
}

TEST_P(AuthorizationCodesTest, OfferAdministrationToAdministratorsAlone) {
  const auto asked = request(std::string(kMatrix) + " urn:synapse:admin:*");
  const auto modest = redeem(issue(asked));
  ASSERT_TRUE(modest.has_value());
  EXPECT_FALSE(modest->scope.admin);
  set_administrator(true);
  const auto powerful = redeem(issue(asked));
  ASSERT_TRUE(powerful.has_value());
  EXPECT_TRUE(powerful->scope.admin);
}

TEST_P(AuthorizationCodesTest, AreAskedForAgainWithoutConsentWhileTheSameGrantIsOpen) {
  EXPECT_FALSE(run(codes_.consented(browser_, request())));
  const auto granted = redeem(issue());
  ASSERT_TRUE(granted.has_value());
  EXPECT_TRUE(run(codes_.consented(browser_, request())));
  EXPECT_FALSE(run(codes_.consented(browser_, request("openid"))));
  auto of_another = request();
  of_another.client = other_;
  EXPECT_FALSE(run(codes_.consented(browser_, of_another)));
  ASSERT_TRUE(server_.sign_out(granted->tokens.access_token).has_value());
  EXPECT_FALSE(run(codes_.consented(browser_, request())));
}

TEST_P(AuthorizationCodesTest, KeepTheirClientFromBeingClearedAwayAsUnused) {
  auto asked = request();
  asked.client = registered();
  ASSERT_TRUE(redeem(*asked.client, issue(asked)).has_value());
  EXPECT_EQ(registered_and_used_now(), 1);
}

// An app may send its people back and forth without a click (prompt=none).
TEST_P(AuthorizationCodesTest, WaitInSmallNumbersHoweverOftenTheyAreAskedFor) {
  const std::string first = issue();
  std::string last;
  for (int i = 0; i < 30; ++i) {
    server_.clock.advance(1ms);
    last = issue();
  }
  EXPECT_EQ(rows(), 20);
  EXPECT_FALSE(redeem(first).has_value());
  EXPECT_TRUE(redeem(last).has_value());
  EXPECT_EQ(rows(), 20);
}

TEST_P(AuthorizationCodesTest, AreRememberedInSmallNumbersOnceTheyAreRedeemed) {
  for (int i = 0; i < 110; ++i) {
    server_.clock.advance(1ms);
    ASSERT_TRUE(redeem(issue(request("openid"))).has_value());
  }
  EXPECT_EQ(rows(), 100);
  const std::string again = issue();
  const auto granted = redeem(again);
  ASSERT_TRUE(granted.has_value());
  EXPECT_FALSE(redeem(again).has_value());
  EXPECT_EQ(standing(*granted).worth, Worth::soft) << "the newest are known";
}

TEST_P(AuthorizationCodesTest, AreClearedAwayOnceNothingMayComeOfThem) {
  issue();
  const std::string redeemed = issue();
  ASSERT_TRUE(redeem(redeemed).has_value());
  server_.clock.advance(5min);
  codes_.purge();
  EXPECT_EQ(rows(), 1) << "the redeemed one, to notice when it is shown again";
  server_.clock.advance(56min);
  codes_.purge();
  EXPECT_EQ(rows(), 0);
}

}  // namespace
}  // namespace latchkey::oauth
