#include "platform/text/json.h"

#include <gtest/gtest.h>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "platform/error_testing.h"

namespace latchkey::text {
namespace {

using namespace std::string_literals;
using Kind = JsonError::Kind;

TEST(Json, ReadsWhatBoostReads) {
  for (const auto* body :
       {"{}", " \t\r\n{ } \n", R"({"a":1,"b":-2,"c":18446744073709551615,"d":1.5,"e":true})",
        R"({"a":null,"b":[],"c":[{"a":{}},[1,[2]]],"":"empty key"})",
        R"({"text":"\u00e4\ud83d\ude00\n\"\\","ключ":"значение","a\u0000b":"\u0000"})",
        R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})", R"({"big":123456789012345678901234567890})",
        R"({"a":1e-999})"}) {
    const auto object = parse_object(body);
    ASSERT_TRUE(object) << body << error_of(object).sentence;
    EXPECT_EQ(boost::json::value(*object), boost::json::parse(body)) << body;
  }
}

TEST(Json, LongStringsAndKeysAreWhole) {
  const std::string text(100'000, 'x');
  const auto object = parse_object("{\"" + text + "\":\"\\n" + text + "\\n\"}");
  ASSERT_TRUE(object);
  EXPECT_EQ(object->at(text).as_string(), "\n" + text + "\n");
}

TEST(Json, UsesTheStorageItIsGiven) {
  boost::json::monotonic_resource memory;
  const auto object = parse_object(R"({"a":[{"b":"a string too long to be kept in place"}]})", {},
                                   boost::json::storage_ptr(&memory));
  ASSERT_TRUE(object);
  EXPECT_EQ(object->storage().get(), &memory);
  EXPECT_EQ(object->at("a").as_array().at(0).storage().get(), &memory);
}

TEST(Json, Refuses) {
  struct Row {
    std::string body;
    Kind kind;
  };
  for (const auto& [body, kind] : std::initializer_list<Row>{
           {"", Kind::not_json},
           {" ", Kind::not_json},
           {"{", Kind::not_json},
           {"nul", Kind::not_json},
           {"{}x", Kind::not_json},
           {"{}{}", Kind::not_json},
           {"{}\0"s, Kind::not_json},
           {"\xef\xbb\xbf{}", Kind::not_json},
           {R"({"a":1,})", Kind::not_json},
           {R"({"a":[1,]})", Kind::not_json},
           {R"({a:1})", Kind::not_json},
           {R"({'a':1})", Kind::not_json},
           {R"({"a":01})", Kind::not_json},
           {R"({"a":+1})", Kind::not_json},
           {R"({"a":.5})", Kind::not_json},
           {R"({"a":NaN})", Kind::not_json},
           {R"({"a":0x10})", Kind::not_json},
           {R"({"a":1}//)", Kind::not_json},
           {R"({"a":"\x"})", Kind::not_json},
           {R"({"a":"\ud800"})", Kind::not_json},
           {R"({"a":"\udc00\ud800"})", Kind::not_json},
           {"{\"a\":\"\n\"}", Kind::not_json},
           {"{\"a\":\"\xc0\x80\"}", Kind::not_json},
           {"{\"a\":\"\xed\xa0\x80\"}", Kind::not_json},
           {"{\"\xff\":1}", Kind::not_json},
           {"{\"a\":\"\xc3\"}", Kind::not_json},
           {"[1", Kind::not_json},
           {"null", Kind::bad_shape},
           {"true", Kind::bad_shape},
           {"1", Kind::bad_shape},
           {"\"{}\"", Kind::bad_shape},
           {"[]", Kind::bad_shape},
           {"[{}]", Kind::bad_shape},
           {R"({"a":1,"a":1})", Kind::bad_shape},
           {R"({"a":1,"b":2,"\u0061":3})", Kind::bad_shape},
           {R"({"a":{},"a":{}})", Kind::bad_shape},
           {R"({"b":[{"c":{"a":1,"a":2}}]})", Kind::bad_shape},
           {R"({"":1,"":2})", Kind::bad_shape},
           {R"({"a":1e999})", Kind::bad_shape},
           {R"({"a":-1e999})", Kind::bad_shape},
       }) {
    const auto object = parse_object(body);
    ASSERT_FALSE(object) << body;
    EXPECT_EQ(error_of(object).kind, kind) << body << ": " << error_of(object).sentence;
    EXPECT_FALSE(error_of(object).sentence.empty());
  }
}

TEST(Json, DepthHasALimit) {
  const auto nested = [](std::size_t depth) {
    std::string body = "{\"a\":";
    for (std::size_t i = 1; i < depth; ++i) body += '[';
    body += '1';
    for (std::size_t i = 1; i < depth; ++i) body += ']';
    return body + '}';
  };
  EXPECT_TRUE(parse_object(nested(16)));
  EXPECT_EQ(error_of(parse_object(nested(17))).kind, Kind::bad_shape);
  EXPECT_TRUE(parse_object(nested(3), {.max_depth = 3}));
  EXPECT_EQ(error_of(parse_object(nested(4), {.max_depth = 3})).kind, Kind::bad_shape);
  EXPECT_EQ(error_of(parse_object("{\"a\":" + std::string(1'000'000, '['))).kind, Kind::bad_shape);
}

TEST(Json, ManyKeysTakeTheirTimeOnce) {
  std::string body = "{";
  for (int i = 0; i < 10'000; ++i) body += "\"" + std::to_string(i) + "\":1,";
  EXPECT_TRUE(parse_object(body + "\"x\":1}"));
  EXPECT_EQ(error_of(parse_object(body + "\"0\":1}")).kind, Kind::bad_shape);
}

}  // namespace
}  // namespace latchkey::text
