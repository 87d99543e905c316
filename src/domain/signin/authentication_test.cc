// When somebody was last authenticated, and by what.
#include "domain/signin/authentication.h"

#include <gtest/gtest.h>

#include "domain/accounts/accounts_testing.h"
#include "domain/providers/providers_testing.h"
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

accounts::PasswordOptions cheap(bool enabled) {
  accounts::PasswordOptions options = accounts::testing::cheap_passwords();
  options.enabled = enabled;
  return options;
}

TEST(Authentication, AnAccountsMethodsAreWhatItHas) {
  const providers::ProviderSet none;
  const accounts::Passwords own(cheap(true));
  accounts::User user;
  EXPECT_TRUE(account_methods(user, {}, own, none).empty());
  EXPECT_FALSE(account_methods(user, {}, own, none).contains(AuthMethod::password));
  user.password_hash = "a hash";
  const AuthMethods methods = account_methods(user, {}, own, none);
  EXPECT_EQ(methods, AuthMethods{AuthMethod::password});
  EXPECT_TRUE((methods & AuthMethods{}).empty());
  EXPECT_EQ(methods & AuthMethods{AuthMethod::password}, methods);
  // Where this server's passwords are switched off its hash lets nobody in.
  const accounts::Passwords off(cheap(false));
  EXPECT_TRUE(account_methods(user, {}, off, none).empty());
}

TEST(Authentication, ALinkIsAMethodWhileItsProviderIsConfigured) {
  using providers::testing::set_of;
  const std::vector<providers::Link> links{
      {.provider = "corp", .subject = "1", .created_at = kNoon}};
  const accounts::User user;
  const accounts::Passwords off(cheap(false));
  EXPECT_EQ(account_methods(user, links, off, set_of({"corp"}, {})),
            AuthMethods{AuthMethod::provider});
  EXPECT_TRUE(account_methods(user, links, off, set_of({"other"}, {"dir"})).empty());
  // A directory's password is given where one of this server's is.
  EXPECT_EQ(account_methods(user, links, off, set_of({}, {"corp"})),
            AuthMethods{AuthMethod::password});
}

}  // namespace
}  // namespace latchkey::signin
