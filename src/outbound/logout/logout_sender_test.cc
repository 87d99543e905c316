#include "outbound/logout/logout_sender.h"

#include <gtest/gtest.h>

namespace latchkey::outbound {
namespace {

using namespace std::chrono_literals;
using Outcome = outbox::Delivery::Outcome;

// OpenID Connect Back-Channel Logout 1.0 section 2.8.
TEST(LogoutSender, TakesA400ForTheLastWordAndNothingElse) {
  const auto outcome = [](int status) {
    return delivery_of(http_client::Answer{.status = status, .body = {}, .retry_after = {}})
        .outcome;
  };
  for (const int status : {200, 202, 204}) EXPECT_EQ(outcome(status), Outcome::delivered) << status;
  EXPECT_EQ(outcome(400), Outcome::refused);
  for (const int status : {301, 307, 401, 403, 404, 405, 410, 429, 500, 501, 502, 503}) {
    EXPECT_EQ(outcome(status), Outcome::failed) << status;
  }
  EXPECT_EQ(delivery_of(std::unexpected(http_client::Failure{})).outcome, Outcome::failed);
}

TEST(LogoutSender, ComesBackWhenTheClientSays) {
  const auto delivery =
      delivery_of(http_client::Answer{.status = 503, .body = {}, .retry_after = 90s});
  EXPECT_EQ(delivery.after, Duration{90s});
  EXPECT_EQ(delivery.why, "the client answered 503");
}

}  // namespace
}  // namespace latchkey::outbound
