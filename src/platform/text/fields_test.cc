#include "platform/text/fields.h"

#include <gtest/gtest.h>

#include <functional>

#include "platform/text/json.h"

namespace latchkey::text {
namespace {

using Kind = FieldError::Kind;

TEST(Fields, ReadsEachType) {
  const auto object = parse_object(
      R"({"s":"text","b":true,"i":-5,"f":5.0,"e":5e2,"l":[1],"o":{"s":"inner"},"empty":""})");
  Fields fields(*object);
  EXPECT_EQ(fields.required_string("s"), "text");
  EXPECT_EQ(fields.required_string("s", 4), "text");
  EXPECT_EQ(fields.required_string("empty"), "");
  EXPECT_EQ(fields.optional_string("s"), "text");
  EXPECT_EQ(fields.optional_string("absent"), std::nullopt);
  EXPECT_TRUE(fields.required_bool("b"));
  EXPECT_EQ(fields.optional_bool("b"), true);
  EXPECT_EQ(fields.optional_bool("absent"), std::nullopt);
  EXPECT_EQ(fields.required_int("i"), -5);
  EXPECT_EQ(fields.optional_int("f"), 5);
  EXPECT_EQ(fields.optional_int("e", 500, 500), 500);
  EXPECT_EQ(fields.optional_int("absent"), std::nullopt);
  EXPECT_EQ(fields.required_array("l")->size(), 1U);
  EXPECT_EQ(fields.optional_array("absent"), nullptr);
  EXPECT_EQ(fields.required_object("o")->size(), 1U);
  EXPECT_EQ(fields.optional_object("absent"), nullptr);
  EXPECT_EQ(fields.required_fields("o").required_string("s"), "inner");
  EXPECT_EQ(fields.optional_fields("o")->required_string("s"), "inner");
  EXPECT_FALSE(fields.optional_fields("absent"));
  EXPECT_TRUE(fields.has("s"));
  EXPECT_FALSE(fields.has("absent"));
  EXPECT_FALSE(fields.error());
}

TEST(Fields, Refuses) {
  struct Row {
    std::string_view body;
    std::function<void(Fields&)> read;
    Kind kind;
    std::string_view sentence;
  };
  const auto need_string = [](Fields& f) { EXPECT_EQ(f.required_string("x", 5), ""); };
  const auto want_string = [](Fields& f) { EXPECT_FALSE(f.optional_string("x", 5)); };
  const auto need_bool = [](Fields& f) { EXPECT_FALSE(f.required_bool("x")); };
  const auto want_bool = [](Fields& f) { EXPECT_FALSE(f.optional_bool("x")); };
  const auto need_int = [](Fields& f) { EXPECT_EQ(f.required_int("x", 1, 9), 0); };
  const auto want_int = [](Fields& f) { EXPECT_FALSE(f.optional_int("x")); };
  const auto need_array = [](Fields& f) { EXPECT_EQ(f.required_array("x"), nullptr); };
  const auto want_object = [](Fields& f) { EXPECT_EQ(f.optional_object("x"), nullptr); };
  const auto need_fields = [](Fields& f) { f.required_fields("x").required_string("y"); };
  const auto want_fields = [](Fields& f) {
    if (auto inner = f.optional_fields("x")) inner->required_string("y");
  };
  for (const auto& [body, read, kind, sentence] : std::initializer_list<Row>{
           {R"({})", need_string, Kind::missing, "x: is missing"},
           {R"({"x":null})", need_string, Kind::wrong_type, "x: expected a string"},
           {R"({"x":null})", want_string, Kind::wrong_type, "x: expected a string"},
           {R"({"x":1})", want_string, Kind::wrong_type, "x: expected a string"},
           {R"({"x":["a"]})", want_string, Kind::wrong_type, "x: expected a string"},
           {R"({"x":"123456"})", want_string, Kind::too_long, "x: is longer than 5 bytes"},
           {R"({"x":"a\u0000b"})", need_string, Kind::bad_text, "x: holds a character U+0000"},
           {R"({})", need_bool, Kind::missing, "x: is missing"},
           {R"({"x":"true"})", need_bool, Kind::wrong_type, "x: expected true or false"},
           {R"({"x":null})", want_bool, Kind::wrong_type, "x: expected true or false"},
           {R"({})", need_int, Kind::missing, "x: is missing"},
           {R"({"x":"5"})", need_int, Kind::wrong_type, "x: expected a whole number"},
           {R"({"x":5.5})", need_int, Kind::wrong_type, "x: expected a whole number"},
           {R"({"x":0})", need_int, Kind::out_of_range, "x: expected a number from 1 to 9"},
           {R"({"x":10})", need_int, Kind::out_of_range, "x: expected a number from 1 to 9"},
           {R"({"x":18446744073709551615})", want_int, Kind::out_of_range,
            "x: expected a number from -9223372036854775808 to 9223372036854775807"},
           {R"({"x":1e300})", want_int, Kind::wrong_type, "x: expected a whole number"},
           {R"({"x":{}})", need_array, Kind::wrong_type, "x: expected a list"},
           {R"({"x":null})", want_object, Kind::wrong_type, "x: expected an object"},
           {R"({"x":[]})", want_object, Kind::wrong_type, "x: expected an object"},
           {R"({})", need_fields, Kind::missing, "x: is missing"},
           {R"({"x":{}})", need_fields, Kind::missing, "x.y: is missing"},
           {R"({"x":"y"})", want_fields, Kind::wrong_type, "x: expected an object"},
           {R"({"x":{"y":null}})", want_fields, Kind::wrong_type, "x.y: expected a string"},
       }) {
    const auto object = parse_object(body);
    ASSERT_TRUE(object) << body;
    Fields fields(*object);
    read(fields);
    ASSERT_TRUE(fields.error()) << body;
    EXPECT_EQ(fields.error()->kind, kind) << body;
    EXPECT_EQ(fields.error()->sentence, sentence) << body;
  }
}

TEST(Fields, KeepsTheFirstError) {
  const auto object = parse_object(R"({"a":1})");
  Fields fields(*object);
  fields.refuse("a", Kind::out_of_range, "is not to our taste");
  fields.required_string("b");
  EXPECT_EQ(fields.error()->sentence, "a: is not to our taste");
  EXPECT_EQ(fields.error()->field, "a");
}

TEST(Fields, ListsOfStrings) {
  const auto object = parse_object(
      R"({"good":["a","b"],"none":[],"mixed":["a",1],"flat":"a","zero":["a","a\u0000"]})");
  {
    Fields fields(*object);
    EXPECT_EQ(fields.required_strings("good", 2, 1), (std::vector<std::string>{"a", "b"}));
    EXPECT_TRUE(fields.required_strings("none", 2).empty());
    EXPECT_FALSE(fields.error().has_value());
  }
  const auto kind = [&](std::string_view name, std::size_t most, std::size_t max) {
    Fields fields(*object);
    fields.required_strings(name, most, max);
    return fields.error()->kind;
  };
  EXPECT_EQ(kind("absent", 2, 9), Kind::missing);
  EXPECT_EQ(kind("flat", 2, 9), Kind::wrong_type);
  EXPECT_EQ(kind("mixed", 2, 9), Kind::wrong_type);
  EXPECT_EQ(kind("zero", 2, 9), Kind::bad_text);
  EXPECT_EQ(kind("good", 1, 9), Kind::too_long);
  EXPECT_EQ(kind("good", 2, 0), Kind::too_long);
}

}  // namespace
}  // namespace latchkey::text
