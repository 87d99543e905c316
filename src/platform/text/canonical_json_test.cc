#include "platform/text/canonical_json.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace latchkey::text {
namespace {

std::string canonical(std::string_view text) {
  return canonical_json(boost::json::parse(text).as_object());
}

TEST(CanonicalJson, OrdersKeysAtEveryDepthAndDropsWhiteSpace) {
  const std::pair<const char*, const char*> cases[] = {
      {"{}", "{}"},
      {R"({ "b" : 1, "a" : 2 })", R"({"a":2,"b":1})"},
      {R"({"a": {"d": [], "c": {}}})", R"({"a":{"c":{},"d":[]}})"},
      {R"({"a": [3, {"z": null, "y": true}, []]})", R"({"a":[3,{"y":true,"z":null},[]]})"},
      {R"({"a\"b": "c\\d", "": "\u00e9"})", "{\"\":\"\u00e9\",\"a\\\"b\":\"c\\\\d\"}"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(canonical(text), expected);
}

TEST(CanonicalJson, TellsDifferentObjectsApart) {
  EXPECT_NE(canonical(R"({"a":1})"), canonical(R"({"a":"1"})"));
  EXPECT_NE(canonical(R"({"a":[1,2]})"), canonical(R"({"a":[2,1]})"));
  EXPECT_NE(canonical(R"({"a":{}})"), canonical(R"({"a":[]})"));
}

}  // namespace
}  // namespace latchkey::text
