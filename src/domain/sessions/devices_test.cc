#include "domain/sessions/devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/sessions/sessions_testing.h"

namespace latchkey::sessions {
namespace {

using testing::TestSessions;

class DevicesTest : public testing::OnEachEngine {
 protected:
  std::int64_t devices_with(std::string_view column) {
    return server_.count("SELECT COUNT(" + std::string(column) + ") FROM devices");
  }

  Account alice_ = server_.add_user("alice");
};

INSTANTIATE_TEST_SUITE_P(Engines, DevicesTest, db::engines(), db::engine_name);

TEST_P(DevicesTest, AreReadAsTheyWereAdded) {
  auto wanted = TestSessions::refreshing("PHONE");
  wanted.device.display_name = "Alice's phone";
  const auto phone = server_.sign_in(alice_, wanted);
  const auto device = server_.db().read_now(
      [&](db::Tx& tx) { return find_device(tx, alice_.id, "PHONE").value(); });
  EXPECT_EQ(device.key, phone.session.record.device);
  EXPECT_EQ(device.user, alice_.id);
  EXPECT_EQ(device.id, "PHONE");
  EXPECT_EQ(device.display_name, "Alice's phone");
}

// Of every column, those that are added later too.
TEST_P(DevicesTest, KeepNothingPersonalWhenTheyAreForgotten) {
  auto wanted = TestSessions::refreshing("PHONE");
  wanted.device.display_name = "Alice's phone";
  server_.sign_out(server_.sign_in(alice_, wanted).access()).value();
  EXPECT_EQ(devices_with("display_name"), 1);
  server_.db().write_now([&](db::Tx& tx) { forget_devices_of_user(tx, alice_.id); });
  using Row = db::Columns<Device>;
  const auto expect_forgotten = [&](std::string_view column) {
    const bool kept = std::ranges::find(Row::kNotPersonal, column) != Row::kNotPersonal.end();
    EXPECT_EQ(devices_with(column), kept ? 1 : 0) << column;
  };
  std::apply([&](const auto&... column) { (expect_forgotten(column.name), ...); }, Row::kAll);
}

}  // namespace
}  // namespace latchkey::sessions
