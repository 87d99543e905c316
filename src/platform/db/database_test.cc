#include "platform/db/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace latchkey::db {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(DatabaseUrl, OthersAreRefused) {
  const char* urls[] = {"",         "latchkey.db",      "mysql://host/db", "sqlite:",
                        "sqlite:/", "sqlite://host/db", "file:latchkey.db"};
  for (const char* url : urls) EXPECT_THROW(open(url), Refused) << url;
}

TEST(DatabaseUrl, ThePasswordIsNeverInTheSentence) {
  const char* urls[] = {
      "postgresql://user:swordfish@127.0.0.1:1/db",            // nobody listens
      "postgresql://user:swordfish@127.0.0.1:99999999999/db",  // no port
      "postgresql://user:swordfish@[::1/db",                   // malformed
      "postgresql://user:swordfish@127.0.0.1:1/db?no_such_option=1",
  };
  for (const char* url : urls) {
    try {
      open(url);
      FAIL() << "opened " << url;
    } catch (const std::runtime_error& error) {
      EXPECT_THAT(error.what(), Not(HasSubstr("swordfish")));
    }
  }
}

}  // namespace
}  // namespace latchkey::db
