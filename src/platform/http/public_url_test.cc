#include "platform/http/public_url.h"

#include <gtest/gtest.h>

namespace latchkey::http {
namespace {

TEST(PublicUrl, IsFollowedByOneSlash) {
  for (const char* configured :
       {"https://example.com", "https://example.com/", "https://example.com//"}) {
    const PublicUrl url(configured);
    EXPECT_EQ(url.configured(), configured);
    EXPECT_EQ(url.base(), "https://example.com/");
    EXPECT_EQ(url.without_slash(), "https://example.com");
    EXPECT_EQ(url.of("/account/"), "https://example.com/account/");
  }
}

TEST(PublicUrl, HasTheOriginThatBrowsersWrite) {
  struct Row {
    const char* url;
    const char* origin;
    bool secure;
  };
  for (const Row& row : {Row{"https://Example.com/", "https://example.com", true},
                         Row{"https://example.com:443", "https://example.com", true},
                         Row{"https://example.com:8443/a", "https://example.com:8443", true},
                         Row{"http://127.0.0.1:8008/", "http://127.0.0.1:8008", false},
                         Row{"http://localhost:80/", "http://localhost", false}}) {
    EXPECT_EQ(PublicUrl(row.url).origin(), row.origin);
    EXPECT_EQ(PublicUrl(row.url).secure(), row.secure);
  }
}

}  // namespace
}  // namespace latchkey::http
