#include "platform/http/form.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "platform/error_testing.h"

namespace latchkey::http {
namespace {

// "name=value;" for each field, or what is wrong.
std::string parse(std::string_view text, std::size_t max_fields = Form::kMaxFields) {
  const auto form = Form::parse(text, max_fields);
  if (!form) return error_of(form) == FormError::bad_encoding ? "bad encoding" : "too many";
  std::string fields;
  for (const auto& [name, value] : form->fields()) fields += name + "=" + value + ";";
  return fields;
}

TEST(Form, Parses) {
  const struct {
    std::string_view text;
    std::string_view expected;
  } cases[] = {
      {"", ""},
      {"&", ""},
      {"a=1", "a=1;"},
      {"a=1&b=2&a=3", "a=1;b=2;a=3;"},
      {"&a=1&&b=2&", "a=1;b=2;"},
      {"a", "a=;"},
      {"a=", "a=;"},
      {"=1", "=1;"},
      {"a=b=c", "a=b=c;"},
      {"a=1+2&b+c=%2B%26%3D", "a=1 2;b c=+&=;"},
      {"a=%C3%A4", "a=\xc3\xa4;"},
      {"a=\xc3\xa4", "a=\xc3\xa4;"},
      {"a=%e2%82%ac", "a=\xe2\x82\xac;"},
      {"a;b=1", "a;b=1;"},
      {"a=%", "bad encoding"},
      {"a=%4", "bad encoding"},
      {"a=%4g", "bad encoding"},
      {"%=a", "bad encoding"},
      {"a=1&b=%zz", "bad encoding"},
      {"a=%ff", "bad encoding"},
      {"a=\xff", "bad encoding"},
      {"a=%C3", "bad encoding"},
      {"a=%ed%a0%80", "bad encoding"},
      {"a=%c0%af", "bad encoding"},
      {"a=%00", "bad encoding"},
      {std::string_view("a=\0", 3), "bad encoding"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(parse(text), expected) << text;
}

TEST(Form, LimitsTheNumberOfFields) {
  EXPECT_EQ(parse("a&b&c", 3), "a=;b=;c=;");
  EXPECT_EQ(parse("a&b&c&d", 3), "too many");
}

TEST(Form, Only) {
  const auto form = Form::parse("a=1&b=&c=1&c=1");
  ASSERT_TRUE(form);
  EXPECT_EQ(form->only("a").value(), "1");
  EXPECT_EQ(form->only("b").value(), "");
  EXPECT_EQ(form->only("d").value(), std::nullopt);
  EXPECT_FALSE(form->only("c"));
}

TEST(Form, IsEncodedSoThatItReadsTheSame) {
  const std::vector<Form::Field> fields = {{"a b", "c&d=e+f%"}, {"ü", ""}};
  const std::string text = encode_form(fields);
  EXPECT_EQ(text, "a%20b=c%26d%3De%2Bf%25&%C3%BC=");
  const auto read = Form::parse(text);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->only("a b").value(), "c&d=e+f%");
}

TEST(Form, KnowsFormsByTheirType) {
  const auto has = [](std::vector<Header> headers) {
    Request request;
    request.headers = headers;
    return has_form(request);
  };
  EXPECT_TRUE(has({{"content-type", "application/x-www-form-urlencoded"}}));
  EXPECT_TRUE(has({{"Content-Type", "Application/X-WWW-Form-Urlencoded ; charset=utf-8"}}));
  EXPECT_FALSE(has({{"Content-Type", "application/json"}}));
  EXPECT_FALSE(has({{"Content-Type", "application/x-www-form-urlencodedx"}}));
  EXPECT_FALSE(has({}));
}

}  // namespace
}  // namespace latchkey::http
