#include "platform/config/core_schema.h"

#include <gtest/gtest.h>

#include <boost/json/serialize.hpp>
#include <limits>

namespace latchkey::config {
namespace {

namespace json = boost::json;

TEST(CoreSchema, WhatEachPlainScalarMeans) {
  struct Row {
    std::string text;
    json::value value;
  };
  for (const auto& [text, value] : std::initializer_list<Row>{
           {"", nullptr},
           {"~", nullptr},
           {"null", nullptr},
           {"Null", nullptr},
           {"NULL", nullptr},
           {"nULL", "nULL"},
           {"true", true},
           {"True", true},
           {"TRUE", true},
           {"tRue", "tRue"},
           {"false", false},
           {"False", false},
           {"FALSE", false},
           // Of YAML 1.1, and strings since.
           {"yes", "yes"},
           {"no", "no"},
           {"on", "on"},
           {"Off", "Off"},
           {"y", "y"},
           {"12:30", "12:30"},
           {"1_000", "1_000"},
           {"0b11", "0b11"},
           {"2001-12-14", "2001-12-14"},
           {"0", 0},
           {"-0", 0},
           {"12", 12},
           {"+12", 12},
           {"-12", -12},
           {"012", 12},
           {"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
           {"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
           {"18446744073709551615", std::numeric_limits<std::uint64_t>::max()},
           {"0o14", 12},
           {"0xC", 12},
           {"0xfF", 255},
           {"0xffffffffffffffff", std::numeric_limits<std::uint64_t>::max()},
           {"0o", "0o"},
           {"0x", "0x"},
           {"0o8", "0o8"},
           {"0xg", "0xg"},
           {"-0x1", "-0x1"},
           {"1.5", 1.5},
           {"+1.5", 1.5},
           {"-1.5", -1.5},
           {"1.", 1.0},
           {".5", 0.5},
           {"1e3", 1000.0},
           {"1E+3", 1000.0},
           {"1.5e-1", 0.15},
           {".", "."},
           {"-", "-"},
           {"+", "+"},
           {"e3", "e3"},
           {"1e", "1e"},
           {"1e+", "1e+"},
           {".e1", ".e1"},
           {"1.2.3", "1.2.3"},
           {"--1", "--1"},
           {"+-1", "+-1"},
           {"inf", "inf"},
           {"nan", "nan"},
           {"+.nan", "+.nan"},
           {"a text", "a text"},
       }) {
    const auto read = read_plain_scalar(text);
    ASSERT_TRUE(read.has_value()) << text;
    EXPECT_EQ(*read, value) << text << " is " << json::serialize(*read);
    EXPECT_EQ(read->kind() == json::kind::double_, value.kind() == json::kind::double_) << text;
  }
}

TEST(CoreSchema, NumbersThatJsonHasNot) {
  for (const char* text : {".inf", "-.inf", "+.Inf", ".INF", ".nan", ".NaN", ".NAN", "1e999",
                           "-1e999", "18446744073709551616", "-9223372036854775809",
                           "0x10000000000000000", "0o2000000000000000000000"}) {
    EXPECT_FALSE(read_plain_scalar(text).has_value()) << text;
  }
}

// As yaml.safe_load of PyYAML reads them.
TEST(Yaml11, PlainScalars) {
  for (const char* yes : {"yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"}) {
    EXPECT_EQ(read_yaml11_scalar(yes), json::value(true)) << yes;
  }
  for (const char* no : {"no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"}) {
    EXPECT_EQ(read_yaml11_scalar(no), json::value(false)) << no;
  }
  for (const char* none : {"", "~", "null", "Null", "NULL"}) {
    EXPECT_TRUE(read_yaml11_scalar(none).is_null()) << none;
  }
  for (const char* number : {"0", "12", "-1", "+1_000", "017", "0b11", "0x1F", "1.5", "1.5e+3",
                             ".5", "123456789012345678901234567890", ".inf", "-.INF", ".nan"}) {
    EXPECT_TRUE(read_yaml11_scalar(number).is_number()) << number;
  }
  // Hexadecimal tokens that a reader of YAML 1.2 takes for floats among them.
  for (const char* text : {"y", "n", "yES", "08", "0912345678901234", "1e3", "30e45678901234567",
                           "0o17", "_1", "abc", "1.2.3", "0b12", "0xg", "@irc_.*", "-", "+", "_"}) {
    EXPECT_EQ(read_yaml11_scalar(text), json::value(text)) << text;
  }
}

}  // namespace
}  // namespace latchkey::config
