#include "domain/providers/claims_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "platform/error_testing.h"

namespace latchkey::providers {
namespace {

using ::testing::HasSubstr;

const boost::json::object kAlice = boost::json::parse(R"({
  "preferred_username": "Alice", "email": "Alice.Smith@example.org", "given_name": "Alice",
  "family_name": "", "number": 7, "admin": true, "nothing": null,
  "memberOf": ["cn=staff", "cn=all"], "none": [], "nested": [["a"]],
  "address": {"country": "CH"}, "urn:oid:2.5.4.42": "Ali", "quoted": "\"a@b\"@example.org"
})")
                                       .as_object();

std::string rendered(std::string_view text) {
  const auto parsed = ClaimsTemplate::parse(text);
  if (!parsed) return "wrong: " + error_of(parsed);
  return parsed->render(kAlice).value_or("nothing");
}

TEST(ClaimsTemplate, Members) {
  EXPECT_EQ(rendered("{{ claims.preferred_username }}"), "Alice");
  EXPECT_EQ(rendered("{{claims.preferred_username}}"), "Alice");
  EXPECT_EQ(rendered("{{ claims.address.country }}"), "CH");
  EXPECT_EQ(rendered(R"({{ claims["urn:oid:2.5.4.42"] }})"), "Ali");
  EXPECT_EQ(rendered("{{ claims['address'].country }}"), "CH");
  EXPECT_EQ(rendered("{{ claims.number }}{{ claims.admin }}"), "7true");
  EXPECT_EQ(rendered("{{ claims.memberOf }}"), "cn=staff");
  EXPECT_EQ(rendered("user-{{ claims.number }}!"), "user-7!");
  EXPECT_EQ(rendered("fixed"), "fixed");
}

TEST(ClaimsTemplate, NothingComesOfWhatIsNotThere) {
  for (const char* text :
       {"", "{{ claims.family_name }}", "{{ claims.nickname }}", "{{ claims.nothing }}",
        "{{ claims.none }}", "{{ claims.nested }}", "{{ claims.address }}",
        "{{ claims.email.domain }}", "{{ claims.given_name }} {{ claims.family_name }}"}) {
    EXPECT_EQ(rendered(text), "nothing") << text;
  }
}

TEST(ClaimsTemplate, Filters) {
  EXPECT_EQ(rendered("{{ claims.preferred_username | lower }}"), "alice");
  EXPECT_EQ(rendered("{{ claims.email|localpart|lower }}"), "alice.smith");
  EXPECT_EQ(rendered("{{ claims.preferred_username | localpart }}"), "Alice");
  EXPECT_EQ(rendered("{{ claims.quoted | localpart }}"), "\"a@b\"");
  EXPECT_EQ(rendered(R"({{ claims.nickname | default("Nobody") | lower }})"), "nobody");
  EXPECT_EQ(rendered("{{ claims.family_name | default('') }}{{ claims.number }}"), "7");
  EXPECT_EQ(rendered("{{ claims.number | default('0') }}"), "7");
}

TEST(ClaimsTemplate, WhatCannotBeReadIsSaid) {
  EXPECT_THAT(rendered("{{ claims.a"), HasSubstr("'{{' without '}}'"));
  EXPECT_THAT(rendered("{{ user.name }}"), HasSubstr("must begin with 'claims'"));
  EXPECT_THAT(rendered("{{ claims }}"), HasSubstr("names no member"));
  EXPECT_THAT(rendered("{{ claims. }}"), HasSubstr("names no member"));
  EXPECT_THAT(rendered("{{ claims[name] }}"), HasSubstr("wrong"));
  EXPECT_THAT(rendered("{{ claims['name }}"), HasSubstr("wrong"));
  EXPECT_THAT(rendered("{{ claims.a | upper }}"), HasSubstr("not 'upper'"));
  EXPECT_THAT(rendered("{{ claims.a | default }}"), HasSubstr("needs a text"));
  EXPECT_THAT(rendered("{{ claims.a | default('x' }}"), HasSubstr("wrong"));
  EXPECT_THAT(rendered("{{ claims.a or claims.b }}"), HasSubstr("'or claims.b"));
}

TEST(ClaimsTemplate, ATruthValueMayBeAText) {
  const auto said = boost::json::parse(
                        R"({"a": true, "b": "true", "c": ["true"], "d": false, "e": "false",
                            "f": 1, "g": null})")
                        .as_object();
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(is_true(said, name)) << name;
  for (const char* name : {"d", "e", "f", "g", "h"}) EXPECT_FALSE(is_true(said, name)) << name;
}

}  // namespace
}  // namespace latchkey::providers
