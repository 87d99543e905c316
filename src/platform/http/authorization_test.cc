#include "platform/http/authorization.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "platform/error_testing.h"
#include "platform/text/base64.h"

namespace latchkey::http {
namespace {

std::string describe(AuthorizationError error) {
  return error == AuthorizationError::repeated ? "repeated" : "malformed";
}

std::string bearer(const std::vector<Header>& headers) {
  const auto token = bearer_token(headers);
  if (!token) return describe(error_of(token));
  return *token ? "token " + std::string(**token) : "none";
}

std::string basic(const std::vector<Header>& headers) {
  const auto client = basic_credentials(headers);
  if (!client) return describe(error_of(client));
  return *client ? (*client)->id + " / " + (*client)->secret : "none";
}

TEST(Authorization, Bearer) {
  const struct {
    std::string_view value;
    std::string_view expected;
  } cases[] = {
      {"Bearer abc", "token abc"},
      {"bearer abc", "token abc"},
      {"BEARER abc", "token abc"},
      {"Bearer   abc", "token abc"},
      {"Bearer aZ09-._~+/==", "token aZ09-._~+/=="},
      {"Bearer", "malformed"},
      {"Bearer ", "malformed"},
      {"Bearer =", "token ="},
      {"Bearer a=b", "token a=b"},
      {"Bearer a b", "malformed"},
      {"Bearer a,b", "token a,b"},
      {"Bearer !$%&*:@;#(){}[]<>?|^`'~", "token !$%&*:@;#(){}[]<>?|^`'~"},
      {"Bearer a, Bearer b", "malformed"},
      {"Bearer a\tb", "malformed"},
      {"Bearer\tabc", "malformed"},
      {"Bearer \"abc\"", "token \"abc\""},
      {"Bearer a\x7f", "malformed"},
      {"Bearer a,Bearer b", "malformed"},
      {"Bearer \xc3\xa4", "malformed"},
      {"", "malformed"},
      {"Bearer: abc", "malformed"},
      {"Basic YTpi", "none"},
      {"Digest username=\"a\"", "none"},
      {"Bearerabc", "none"},
  };
  for (const auto& [value, expected] : cases) {
    EXPECT_EQ(bearer({{"Host", "a"}, {"authorization", value}}), expected) << value;
  }
}

TEST(Authorization, MissingAndRepeated) {
  EXPECT_EQ(bearer({}), "none");
  EXPECT_EQ(bearer({{"X-Authorization", "Bearer a"}}), "none");
  EXPECT_EQ(bearer({{"Authorization", "Bearer a"}, {"authorization", "Bearer a"}}), "repeated");
  EXPECT_EQ(bearer({{"Authorization", "Bearer a"}, {"Authorization", "Basic YTpi"}}), "repeated");
  EXPECT_EQ(basic({{"Authorization", "Bearer a"}, {"Authorization", "Basic YTpi"}}), "repeated");
}

TEST(Authorization, Basic) {
  const struct {
    std::string_view pair;
    std::string_view expected;
  } cases[] = {
      {"client:secret", "client / secret"},
      {"client:", "client / "},
      {":secret", " / secret"},
      {"client:se:cret", "client / se:cret"},
      {"cli%3Aent:se+c%20ret%2B", "cli:ent / se c ret+"},
      {"client:%zz", "malformed"},
      {"client:%", "malformed"},
      {"client:%ff", "malformed"},
      {"client:%00", "malformed"},
      {"no colon", "malformed"},
  };
  for (const auto& [pair, expected] : cases) {
    const std::string value = "basic " + text::encode_base64(pair);
    EXPECT_EQ(basic({{"Authorization", value}}), expected) << pair;
  }
}

TEST(Authorization, BasicThatIsNotBase64) {
  for (const std::string_view value :
       {"Basic", "Basic ", "Basic !", "Basic YTp", "Basic YTpi=", "Basic YTpi YTpi", "Basic _-"}) {
    EXPECT_EQ(basic({{"Authorization", value}}), "malformed") << value;
  }
  EXPECT_EQ(basic({{"Authorization", "Bearer YTpi"}}), "none");
  EXPECT_EQ(basic({}), "none");
}

}  // namespace
}  // namespace latchkey::http
