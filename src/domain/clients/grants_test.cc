#include "domain/clients/grants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>

#include "domain/clients/client_metadata.h"
#include "domain/clients/configured_clients.h"
#include "platform/error_testing.h"

namespace latchkey::clients {
namespace {

namespace json = boost::json;
using ::testing::Contains;
using ::testing::HasSubstr;

json::object asking_for(std::string_view grant) {
  return {{"client_uri", "https://app.example/"},
          {"redirect_uris", json::array{"https://app.example/callback"}},
          {"grant_types", json::array{name_of(Grant::authorization_code), grant}}};
}

TEST(GrantsTest, AreFoundByTheirNames) {
  for (const GrantType& type : kGrantTypes) {
    EXPECT_EQ(grant_of(type.name), type.grant);
    EXPECT_EQ(name_of(type.grant), type.name);
  }
  EXPECT_EQ(grant_of("password"), std::nullopt);
  EXPECT_EQ(grant_of(""), std::nullopt);
}

TEST(GrantsTest, AreListedInSentences) {
  const std::string device = "urn:ietf:params:oauth:grant-type:device_code";
  EXPECT_EQ(grant_names(" or "), "authorization_code, refresh_token or " + device);
  EXPECT_EQ(sign_in_grant_names(" and "), "authorization_code and " + device);
}

TEST(GrantsTest, AreRegisteredByClientsToWhichTheyAreOpen) {
  for (const GrantType& type : kGrantTypes) {
    const auto accepted = accept_metadata(asking_for(type.name));
    ASSERT_TRUE(accepted.has_value()) << type.name;
    EXPECT_EQ(client_of("id", *accepted).may(type.grant), type.open) << type.name;
  }
}

TEST(GrantsTest, AreNamedInTheConfiguration) {
  for (const GrantType& type : kGrantTypes) {
    json::object client = asking_for(type.name);
    client["client_id"] = "app";
    const auto read = read_configured_clients({{"clients", json::array{client}}}, "");
    ASSERT_TRUE(read.has_value()) << type.name;
    EXPECT_TRUE(read->front().may(type.grant)) << type.name;
  }
}

// A client that could never begin a session is refused, by both.
TEST(GrantsTest, OneHasToSignIn) {
  for (const GrantType& type : kGrantTypes) {
    json::object client = asking_for(type.name);
    client["grant_types"] = json::array{type.name};
    EXPECT_EQ(accept_metadata(client).has_value(), type.signs_in && type.open) << type.name;
    client["client_id"] = "app";
    const auto read = read_configured_clients({{"clients", json::array{client}}}, "");
    EXPECT_EQ(read.has_value(), type.signs_in) << type.name;
    if (!read) EXPECT_THAT(error_of(read), Contains(HasSubstr(sign_in_grant_names(" or "))));
  }
}

}  // namespace
}  // namespace latchkey::clients
