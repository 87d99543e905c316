#include "domain/oauth/scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/error_testing.h"

namespace latchkey::oauth {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kApi = "urn:matrix:client:api:*";

std::string device(std::string_view id) { return "urn:matrix:client:device:" + std::string(id); }
std::string api_and(std::string_view more) { return std::string(kApi) + " " + std::string(more); }

TEST(Scope, IsReadAndAnsweredInCanonicalForm) {
  struct Row {
    const char* name;
    std::string asked;
    std::string answered;
  };
  const Row rows[] = {
      {"the Matrix API", api_and(device("AAABBBCCC")), api_and(device("AAABBBCCC"))},
      {"in any order, with OpenID", device("D-._~9") + " openid " + std::string(kApi),
       "openid " + api_and(device("D-._~9"))},
      {"unstable names stay as the client wrote them",
       "urn:matrix:org.matrix.msc2967.client:api:* "
       "urn:matrix:org.matrix.msc2967.client:device:ABC",
       "urn:matrix:org.matrix.msc2967.client:api:* "
       "urn:matrix:org.matrix.msc2967.client:device:ABC"},
      {"OpenID alone", "openid email", "openid email"},
      {"with everything about the person", "profile openid email", "openid email profile"},
      {"what means nothing here is left out", "openid phone offline_access urn:x", "openid"},
      {"spaces in a row", "  openid  ", "openid"},
      {"the administrators' token", api_and(device("AAA")) + " urn:synapse:admin:*",
       api_and(device("AAA")) + " urn:synapse:admin:*"},
      {"the same by its name in MSC4484",
       "urn:matrix:client:server_administration " + api_and(device("AAA")),
       api_and(device("AAA")) + " urn:matrix:client:server_administration"},
      {"both names", "urn:matrix:client:server_administration urn:synapse:admin:* openid",
       "openid urn:synapse:admin:* urn:matrix:client:server_administration"},
      {"the same device twice", api_and(device("A") + " " + device("A")), api_and(device("A"))},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const auto scope = read_scope(row.asked);
    ASSERT_TRUE(scope.has_value()) << error_of(scope);
    EXPECT_EQ(scope->text(), row.answered);
  }
}

TEST(Scope, IsRefusedWithASentence) {
  struct Row {
    const char* name;
    std::string asked;
    const char* sentence;
  };
  const Row rows[] = {
      {"nothing", "", "expected"},
      {"only what means nothing", "profile", "expected"},
      {"email alone says nothing of whom", "email", "expected"},
      {"the API without a device", std::string(kApi), "exactly one"},
      {"a device without the API", device("AAA"), "beside it"},
      {"two devices", api_and(device("A") + " " + device("B")), "more than one"},
      {"an empty device", api_and(device("")), "1 to 255"},
      {"a device that no URL can hold", api_and(device("A/B")), "letters"},
      {"a long device", api_and(device(std::string(256, 'A'))), "1 to 255"},
      {"other case", "OPENID", "expected"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const auto scope = read_scope(row.asked);
    ASSERT_FALSE(scope.has_value());
    EXPECT_THAT(error_of(scope), HasSubstr(row.sentence));
  }
}

TEST(Scope, IsWidenedByWhatWasNotGranted) {
  const std::string granted = "openid " + api_and(device("AAA"));
  struct Row {
    const char* name;
    std::string asked;
    bool widens;
  };
  const Row rows[] = {
      {"nothing", "", false},
      {"the same", granted, false},
      {"less", "openid", false},
      {"an unstable name of the same", "urn:matrix:org.matrix.msc2967.client:device:AAA", false},
      {"what means nothing", "offline_access profile2", false},
      {"an address", "email", true},
      {"administration", "urn:synapse:admin:*", true},
      {"administration by the other name", "urn:matrix:client:server_administration", true},
      {"another device", device("BBB"), true},
  };
  for (const Row& row : rows) EXPECT_EQ(widens(row.asked, granted), row.widens) << row.name;
  EXPECT_TRUE(widens("openid", api_and(device("AAA"))));
  EXPECT_TRUE(widens(api_and(device("AAA")), "openid"));
}

TEST(Scope, OfAnAdministratorIsLeftWithoutThat) {
  const std::string plain = "openid " + api_and(device("AAA"));
  EXPECT_EQ(without_admin(plain), plain);
  EXPECT_EQ(without_admin(read_scope(plain + " urn:synapse:admin:*")->text()), plain);
  EXPECT_EQ(without_admin("urn:synapse:admin:*"), "");
  for (const char* admin : {"urn:matrix:client:server_administration",
                            "urn:matrix:client:server_administration urn:synapse:admin:*"}) {
    EXPECT_EQ(without_admin(read_scope(plain + " " + admin)->text()), plain) << admin;
  }
}

}  // namespace
}  // namespace latchkey::oauth
