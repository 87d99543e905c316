#include "app/reload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace latchkey::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Reload, TheLogLevelIsTakenOver) {
  const Config running;
  Config found = running;
  EXPECT_FALSE(compare(running, {}, found, {}).log_level);
  found.log.level = telemetry::Level::debug;
  const Reread reread = compare(running, {}, found, {});
  EXPECT_TRUE(reread.log_level);
  EXPECT_THAT(reread.need_a_restart, IsEmpty());
}

TEST(Reload, OtherOptionsTakeARestart) {
  const Config running;
  Config found = running;
  found.http.threads = 7;
  found.introspection.secret = Secret(std::string_view("another secret than before"));
  found.log.format = telemetry::LogFormat::json;
  EXPECT_THAT(compare(running, {}, found, {}).need_a_restart,
              ElementsAre("http.threads", "introspection.secret", "log.format"));
}

TEST(Reload, FilesThatAreReadAtTheStartTakeARestart) {
  const Config config;
  const NamedFiles before{{"application_services", 1}, {"oauth.clients_file", 2}};
  NamedFiles after = before;
  EXPECT_THAT(compare(config, before, config, after).need_a_restart, IsEmpty());
  after["oauth.clients_file"] = 3;
  EXPECT_THAT(compare(config, before, config, after).need_a_restart,
              ElementsAre("oauth.clients_file"));
  // The option itself differs: said once.
  Config found;
  found.oauth.clients_file.value = "/etc/latchkey/other.yaml";
  EXPECT_THAT(compare(config, before, found, after).need_a_restart,
              ElementsAre("oauth.clients_file"));
}

}  // namespace
}  // namespace latchkey::app
