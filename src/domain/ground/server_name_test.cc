#include "domain/ground/server_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/schema/schema.h"
#include "platform/db/engines_testing.h"
#include "platform/db/migration.h"

namespace latchkey {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class ServerName : public ::testing::TestWithParam<db::Dialect> {
 protected:
  ServerName() { db::migrate(*database_, schema::migrations()); }

  db::TestDatabase database_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Engines, ServerName, db::engines(), db::engine_name);

TEST_P(ServerName, OfTheFirstStartIsThatOfAllOthers) {
  claim_server_name(*database_, "example.com");
  claim_server_name(*database_, "example.com");
  database_.reopen();
  for (const char* other : {"example.org", "Example.com", "example.com:8448"}) {
    EXPECT_THAT([&] { claim_server_name(*database_, other); },
                ThrowsMessage<db::Refused>(AllOf(HasSubstr("server_name: example.com"),
                                                 HasSubstr(std::string("says ") + other),
                                                 HasSubstr("Put the old name back"))));
  }
  claim_server_name(*database_, "example.com");
}

}  // namespace
}  // namespace latchkey
