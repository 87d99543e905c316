// What only the wiring does: what happens when the database is lost and found again, and at the
// end.
#include "app/core.h"

#include <gtest/gtest.h>

#include "app/housekeeping.h"
#include "domain/sessions/lost_rows.h"
#include "domain/sessions/sessions_testing.h"
#include "platform/db/postgres_testing.h"

namespace latchkey::app {
namespace {

using sessions::testing::soon;
using sessions::testing::TestSessions;

// What is found may be a restored backup or a standby that lagged: whose rows it lacks signs in
// again softly, and that is noted before anything is judged by it.
TEST(CoreTest, NotesAGapWhenTheDatabaseIsLostAndFoundAgain) {
  db::TestDatabase database(db::Dialect::postgresql);
  Config config;
  config.server_name = "example.com";
  config.public_url = "http://127.0.0.1:8008/";
  config.database = database.url();
  config.database_pool = db::TestDatabase::small();
  config.keys_file.value = (database.file().parent_path() / "keys").string();
  Core core(config, 1, Core::Purpose::serve);
  const auto in_gap = [&] {
    return core.database->read_now(
        [&](db::Tx& tx) { return sessions::in_gap(tx, core.clock.now()); });
  };
  EXPECT_FALSE(in_gap()) << "a new database lacks nothing";

  db::shared_postgres().end_connections(database.url());
  EXPECT_TRUE(soon([&] { return core.database->stats().reconnects > 0; }));
  EXPECT_TRUE(in_gap());
  core.close();
}

class HousekeepingTest : public sessions::testing::OnEachEngine {};

INSTANTIATE_TEST_SUITE_P(Engines, HousekeepingTest, db::engines(), db::engine_name);

TEST_P(HousekeepingTest, WritesFirstUsesAtItsEnd) {
  const auto phone = server_.sign_in(server_.add_user(), TestSessions::refreshing("PHONE"));
  const auto fresh = server_.refresh(phone.refresh()).value();
  {
    const Housekeeping housekeeping(*server_, [] {}, server_.ground().log);
    EXPECT_TRUE(server_.check(fresh.access_token).active());
  }
  EXPECT_EQ(server_.row(phone.id()).seen, 1);
}

}  // namespace
}  // namespace latchkey::app
