#include "domain/services/services.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/services/services_testing.h"
#include "platform/error_testing.h"

namespace latchkey::services {
namespace {

using services::testing::Files;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Services, NoneAreFine) {
  for (const Services& none : {Services(), Files().load().value()}) {
    EXPECT_TRUE(none.empty());
    EXPECT_TRUE(none.all().empty());
    EXPECT_EQ(none.find_by_token("", "192.0.2.1"), nullptr);
    EXPECT_EQ(none.exclusive_owner("alice"), nullptr);
  }
}

TEST(Services, AreFound) {
  Files files;
  files.add("irc");
  files.add("mail");
  files.write("guests", R"(
id: guests
url: null
as_token: token-of-service-guests
hs_token: any
sender_localpart: host
namespaces: {users: [{exclusive: false, regex: "@guest_"}]}
)");
  const auto services = files.load();
  ASSERT_TRUE(services.has_value()) << ::testing::PrintToString(error_of(services));
  ASSERT_EQ(services->all().size(), 3U);
  EXPECT_FALSE(services->empty());
  const Service* irc = &services->all()[0];
  const Service* mail = &services->all()[1];
  const Service* guests = &services->all()[2];
  EXPECT_EQ(irc->id, "irc");
  EXPECT_EQ(mail->id, "mail");

  EXPECT_EQ(services->find_by_token(Files::token("irc"), "192.0.2.1"), irc);
  EXPECT_EQ(services->find_by_token(Files::token("mail"), "192.0.2.1"), mail);
  EXPECT_EQ(services->find_by_token(Files::token("guests"), "192.0.2.1"), guests);
  for (const char* token : {"", "token-of-service-", "token-of-service-irc2", "hs-token-of-irc",
                            "Token-of-service-irc", "lka_something"}) {
    EXPECT_EQ(services->find_by_token(token, "192.0.2.1"), nullptr) << token;
  }

  EXPECT_EQ(services->exclusive_owner("irc_alice"), irc);
  EXPECT_EQ(services->exclusive_owner("irc_bot"), irc);
  EXPECT_EQ(services->exclusive_owner("mail_bot"), mail);
  EXPECT_EQ(services->exclusive_owner("host"), guests);
  EXPECT_EQ(services->exclusive_owner("guest_alice"), nullptr) << "its namespace is not exclusive";
  EXPECT_EQ(services->exclusive_owner("alice"), nullptr);
  EXPECT_TRUE(guests->claims("guest_alice"));
}

TEST(Services, WhatSeveralClaimForThemselvesBelongsToNone) {
  Files files;
  for (const std::string id : {"first", "second"}) {
    files.write(id, "id: " + id + "\nas_token: " + Files::token(id) + R"(
url: null
hs_token: any
sender_localpart: )" + id +
                        R"(
namespaces: {users: [{exclusive: true, regex: "@both_"}, {exclusive: false, regex: "@.*"}]}
)");
  }
  const auto services = files.load().value();
  const Service* first = &services.all()[0];
  const Service* second = &services.all()[1];
  EXPECT_EQ(services.exclusive_owner("both_x"), first);
  EXPECT_EQ(services.exclusive_owner("both_x", first), second);
  EXPECT_EQ(services.exclusive_owner("both_x", second), first);
  EXPECT_EQ(services.exclusive_owner("second", first), second);
  EXPECT_EQ(services.exclusive_owner("second", second), nullptr);
  EXPECT_EQ(services.exclusive_owner("alice", first), nullptr);
  EXPECT_THAT(services.warnings(),
              ElementsAre(files.path("second") + ": namespaces.users: '@both_' is exclusive in " +
                          files.path("first") + " too; neither service can register such users"));
}

TEST(Services, ThatShareTheirUserAreToldOf) {
  Files files;
  for (const std::string id : {"first", "second"}) {
    files.write(id, "id: " + id + "\nas_token: " + Files::token(id) +
                        "\nurl: null\nhs_token: any\nsender_localpart: bot\nnamespaces: {}\n");
  }
  EXPECT_THAT(files.load().value().warnings(),
              ElementsAre(files.path("second") + ": sender_localpart: is also the one in " +
                          files.path("first") + "; both services are that user"));
}

TEST(Services, ATokenIsGoodFromWhereItsFileSays) {
  Files files;
  files.write("irc", R"(
id: irc
url: null
as_token: short
hs_token: any
sender_localpart: bot
namespaces: {}
ip_range_whitelist: [127.0.0.1, "10.1.0.0/16", "fd00::/8"]
)");
  const auto services = files.load().value();
  for (const char* address : {"127.0.0.1", "10.1.2.3", "fd12::1"}) {
    EXPECT_EQ(services.find_by_token("short", address), &services.all()[0]) << address;
  }
  for (const char* address : {"127.0.0.2", "10.2.0.1", "2001:db8::1", "unix", ""}) {
    EXPECT_EQ(services.find_by_token("short", address), nullptr) << address;
  }
  EXPECT_THAT(services.warnings(),
              ElementsAre(HasSubstr(files.path("irc") + ": as_token: is shorter than 16")));
}

TEST(Services, EveryErrorOfEveryFile) {
  Files files;
  files.add("irc");
  const std::string broken = files.write("broken", "id: [\n");
  const std::string poor =
      files.write("poor", "id: poor\nurl: null\nhs_token: x\nnamespaces: {}\n");
  const std::vector<std::string> paths = {"/no/such/file", files.path("irc"), broken, poor};
  const auto services = Services::load(paths, "example.com");
  ASSERT_FALSE(services.has_value());
  EXPECT_THAT(
      error_of(services),
      ElementsAre("/no/such/file: cannot be read: there is no such file",
                  HasSubstr(broken + ": line 2: this is not YAML: "),
                  poor + ": sender_localpart: is missing", poor + ": as_token: is missing"));
}

TEST(Services, IdsAndTokensAreEachOnesOwn) {
  Files files;
  const std::string irc = files.add("irc");
  const std::string same_id = files.write("same_id", R"(
id: irc
url: null
as_token: another-token-of-its-own
hs_token: any
sender_localpart: other
namespaces: {}
)");
  const std::string same_token = files.write("same_token", R"(
id: other
url: null
as_token: token-of-service-irc
hs_token: any
sender_localpart: other
namespaces: {}
)");
  const auto services = files.load();
  ASSERT_FALSE(services.has_value());
  EXPECT_THAT(error_of(services),
              ElementsAre(same_id + ": id: 'irc' is also the one in " + irc,
                          same_token + ": as_token: is also the one in " + irc));
  // A file given twice.
  const std::vector<std::string> twice = {irc, irc};
  EXPECT_THAT(error_of(Services::load(twice, "example.com")),
              ElementsAre(irc + ": id: 'irc' is also the one in " + irc,
                          irc + ": as_token: is also the one in " + irc));
}

}  // namespace
}  // namespace latchkey::services
