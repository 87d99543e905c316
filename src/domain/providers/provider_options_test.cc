#include "domain/providers/provider_options.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace latchkey::providers {
namespace {

TEST(ProviderOptions, AnAdministratorIsWhomTheClaimNames) {
  struct Row {
    const char* claim;
    const char* claims;
    std::optional<bool> administrator;
  };
  const Row rows[] = {
      {"", R"({"groups": ["admins"]})", std::nullopt},
      {"groups", R"({"groups": ["people", "admins"]})", true},
      {"groups", R"({"groups": ["people", "Admins"]})", false},
      {"groups", R"({"groups": "admins"})", true},
      {"groups", R"({"groups": {"admins": true}})", false},
      {"groups", R"({"groups": [1, null, ["admins"]]})", false},
      {"groups", R"({"roles": ["admins"]})", false},
      {"realm_access.roles", R"({"realm_access": {"roles": ["owners"]}})", true},
      {"realm_access.roles", R"({"realm_access": ["owners"]})", false},
      {"https://example.com/roles", R"({"https://example.com/roles": ["owners"]})", true},
  };
  for (const Row& row : rows) {
    ProviderOptions options;
    options.admin_claim = row.claim;
    options.admin_values = {"admins", "owners"};
    Person person;
    person.claims = boost::json::parse(row.claims).as_object();
    EXPECT_EQ(says_administrator(options, person), row.administrator)
        << row.claim << " " << row.claims;
    // What whoever speaks the protocol has found out counts.
    person.administrator = true;
    EXPECT_EQ(says_administrator(options, person), true);
  }
}

TEST(ProviderOptions, WhatBelongsTogetherIsGivenTogether) {
  ProviderOptions options;
  options.id = "corp";
  EXPECT_TRUE(options.common_problems().empty());
  options.admin_claim = "groups";
  EXPECT_EQ(options.common_problems().size(), 1U);
  options.admin_values = {"admins"};
  EXPECT_TRUE(options.common_problems().empty());
  options.password_url = "password.example.org";
  EXPECT_EQ(options.common_problems().size(), 1U);
  options.password_url = "https://password.example.org/";
  EXPECT_TRUE(options.common_problems().empty());
}

}  // namespace
}  // namespace latchkey::providers
