// When somebody was last authenticated, and by what.
#include "domain/signin/authentication.h"

#include <gtest/gtest.h>

#include "domain/sessions/policy.h"
#include "domain/sessions/samples_testing.h"

namespace latchkey::signin {
namespace {

using namespace std::chrono_literals;
using sessions::testing::kNoon;

TEST(Authentication, IsFreshForAsLongAsIsAsked) {
  struct Row {
    const char* what;
    Duration ago;
    Limit within;
    bool fresh;
  };
  const Row rows[] = {
      {"just now", 0s, 5min, true},
      {"a moment before the end", 5min - 1ms, 5min, true},
      {"at the end", 5min, 5min, false},
      {"long ago", 24h, 5min, false},
      {"long ago, without a limit", 24h * 365, std::nullopt, true},
      {"just now, but nothing is fresh enough", 0s, Duration{0}, false},
      {"by a clock a little ahead", -sessions::kClockSkew, 5min, true},
      {"by a clock that was set back since", -1h, 5min, false},
  };
  for (const Row& row : rows) {
    const Authentication last{.at = kNoon - row.ago, .by = AuthMethod::password};
    EXPECT_EQ(is_fresh(last, row.within, kNoon), row.fresh) << row.what;
  }
}

TEST(Authentication, AnAccountsMethodsAreWhatItHas) {
  accounts::User user;
  EXPECT_TRUE(account_methods(user).empty());
  EXPECT_FALSE(account_methods(user).contains(AuthMethod::password));
  user.password_hash = "a hash";
  EXPECT_EQ(account_methods(user), AuthMethods{AuthMethod::password});
  EXPECT_TRUE((account_methods(user) & AuthMethods{}).empty());
  EXPECT_EQ(account_methods(user) & AuthMethods{AuthMethod::password}, account_methods(user));
}

}  // namespace
}  // namespace latchkey::signin
