#include "platform/config/document.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>

#include "platform/error_testing.h"

namespace latchkey::config {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::StartsWith;

std::string fault_of(const std::string& yaml) {
  const auto document = parse_document(yaml);
  return document ? "none" : error_of(document);
}

TEST(Document, BecomesJson) {
  struct Row {
    std::string yaml;
    std::string json;
  };
  for (const auto& [yaml, expected] : std::initializer_list<Row>{
           {"a: 1", R"({"a": 1})"},
           {"{}", "{}"},
           {"# a comment\n---\na: b # another\n...\n", R"({"a": "b"})"},
           {"a:\nb: ~\nc: null", R"({"a": null, "b": null, "c": null})"},
           {"a: [1, 1.5, true, ~, text]", R"({"a": [1, 1.5, true, null, "text"]})"},
           {"a:\n- b: c\n  d: []\n-\n  - e", R"({"a": [{"b": "c", "d": []}, ["e"]]})"},
           // Quotes make a string of anything.
           {"a: \"1\"\nb: 'true'\nc: \"\"\nd: '~'",
            R"({"a": "1", "b": "true", "c": "", "d": "~"})"},
           {"a: |\n  1\nb: >-\n  x\n  y\n", R"({"a": "1\n", "b": "x y"})"},
           {"a: \"\\u00e9\\0\"", "{\"a\": \"\xc3\xa9\\u0000\"}"},
           {"a: !!str 5\nb: ! 5\nc: !!map {}\nd: !!seq []",
            R"({"a": "5", "b": "5", "c": {}, "d": []})"},
           // Names are texts, whatever they look like.
           {"1: a\ntrue: b\n\"\": c\n? d\n: e", R"({"1": "a", "true": "b", "": "c", "d": "e"})"},
           {"de.sorunome.msc2409.push_ephemeral: true",
            R"({"de.sorunome.msc2409.push_ephemeral": true})"},
           {"regex: \"@_irc_.*:example\\\\.com\"", R"({"regex": "@_irc_.*:example\\.com"})"},
           {"regex: '@_irc_.*:example\\.com'", R"({"regex": "@_irc_.*:example\\.com"})"},
           {"a: &x [1, 2]\nb: *x", R"({"a": [1, 2], "b": [1, 2]})"},
       }) {
    const auto document = parse_document(yaml);
    ASSERT_TRUE(document.has_value()) << yaml << ": " << error_of(document);
    EXPECT_EQ(json::value(*document), json::parse(expected))
        << yaml << " is " << json::serialize(*document);
  }
}

TEST(Document, SentenceOfEachError) {
  struct Row {
    std::string yaml;
    std::string sentence;
  };
  for (const auto& [yaml, sentence] : std::initializer_list<Row>{
           {"", "is empty"},
           {"# nothing", "is empty"},
           {"text", "line 1: expected fields, each as 'name: value'"},
           {"- a: b", "line 1: expected fields, each as 'name: value'"},
           {"a: b\n---\nc: d", "the file holds several YAML documents ('---')"},
           {"a: 1\nb: 2\na: 1", "line 3: 'a' is there twice"},
           {"a: 1\n\"a\": 1", "line 2: 'a' is there twice"},
           {"a:\n- b: {c: 1, c: 2}", "line 2: 'c' is there twice"},
           {"a: b\n[c]: d", "line 2: expected a plain text as a name"},
           {"a: b\n? {c: d}\n: e", "line 2: expected a plain text as a name"},
           {"~: b", "line 1: expected a plain text as a name"},
           {"a:\n  b: .nan", "line 2: is no number that JSON has; if it is a text, quote it"},
           {"a: [1,\n1e999]", "line 2: is no number that JSON has; if it is a text, quote it"},
           {"a: !!int \"5\"", "line 1: the tag 'tag:yaml.org,2002:int' means nothing here"},
           {"a: !!binary aGVsbG8=",
            "line 1: the tag 'tag:yaml.org,2002:binary' means nothing here"},
           {"a: !python/tuple [1]",
            "line 1: a tag ('!…') means nothing here; if it is a text, quote it"},
           {"a: !thing {b: c}",
            "line 1: a tag ('!…') means nothing here; if it is a text, quote it"},
           {"a: \xff", "is not UTF-8"},
           {std::string(kMaxDocument + 1, ' '), "is larger than 1MiB"},
       }) {
    EXPECT_EQ(fault_of(yaml), sentence) << yaml.substr(0, 80);
  }
  EXPECT_THAT(fault_of("a: b\nc: [open\n"), StartsWith("line 3: this is not YAML: "));
  EXPECT_THAT(fault_of("a: *nobody"), StartsWith("line 1: this is not YAML: "));
  EXPECT_THAT(fault_of("a: b: c"), StartsWith("line 1: this is not YAML: "));
}

std::string lists(std::size_t deep) { return std::string(deep, '[') + std::string(deep, ']'); }

TEST(Document, IsOfLimitedDepth) {
  EXPECT_EQ(fault_of("a: " + lists(kMaxDocumentDepth - 1)), "none");
  EXPECT_EQ(fault_of("b: c\na: " + lists(kMaxDocumentDepth)),
            "line 2: is more than 32 levels deep");
  EXPECT_THAT(fault_of("a: " + lists(100'000)), StartsWith("line 1: "));
  std::string maps;
  for (std::size_t deep = 0; deep < kMaxDocumentDepth; ++deep) {
    maps += std::string(deep, ' ') + "a:\n";
  }
  EXPECT_EQ(fault_of(maps), "none") << "the innermost is null";
  EXPECT_THAT(fault_of(maps + std::string(kMaxDocumentDepth, ' ') + "a: b\n"),
              HasSubstr("is more than 32 levels deep"));
}

TEST(Document, AnchorsDoNotExplode) {
  EXPECT_EQ(fault_of("a: &x [*x]"), "line 1: is more than 32 levels deep") << "it holds itself";
  EXPECT_THAT(fault_of("a: &x [*x, *x, *x]"), StartsWith("line 1: "));
  std::string laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n";
  for (int i = 1; i < 9; ++i) {
    laughs +=
        fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  EXPECT_THAT(fault_of(laughs), HasSubstr("holds more than 1MiB, with its aliases written out"));
  // Few values, but long ones; as names too.
  const std::string text = "t: &t " + std::string(100'000, 'x') + "\n";
  EXPECT_THAT(fault_of(text + "a: [*t, *t, *t, *t, *t, *t, *t, *t, *t, *t, *t]"),
              HasSubstr("holds more than 1MiB"));
  EXPECT_THAT(fault_of("t: &t {? " + std::string(100'000, 'x') +
                       " : 1}\na: [*t, *t, *t, *t, *t, *t, *t, *t, *t, *t, *t]"),
              HasSubstr("holds more than 1MiB"));
}

TEST(Document, NoValueShowsInErrors) {
  for (const char* yaml :
       {"as_token: hunter2\nas_token: hunter2", "hunter: 1\nas_token: !x hunter2",
        "as_token: [hunter2", "as_token: \"hunter2", "as_token: hunter2: 1", "as_token: *hunter2",
        "as_token: !hunter2", "as_token: !hunter2 {}", "as_token: %hunter2: 1",
        "as_token: @hunter2"}) {
    EXPECT_NE(fault_of(yaml), "none");
    EXPECT_EQ(fault_of(yaml).find("hunter2"), std::string::npos) << fault_of(yaml);
  }
}

TEST(Document, OfOtherProgramsIsReadAsYaml11) {
  struct Row {
    std::string yaml;
    std::string json;
  };
  for (const auto& [yaml, expected] : std::initializer_list<Row>{
           {"a: yes\nb: Off\nc: \"yes\"\nd: 1e3",
            R"({"a": true, "b": false, "c": "yes", "d": "1e3"})"},
           {"a: !!bool \"yes\"\nb: !!str yes\nc: !!int \"5\"",
            R"({"a": true, "b": "yes", "c": 5})"},
           {"a: !vault secret\nb: !vault {c: d}\ne: 2001-01-01",
            R"({"a": null, "b": {"c": "d"}, "e": "2001-01-01"})"},
           {"a: 1\na: 2", R"({"a": 2})"},
           {"a: .inf\nb: 1e999", R"({"a": 0, "b": "1e999"})"},
           {"a: b\n? [c]\n: d\n~: e", R"({"a": "b"})"},
           {"x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}",
            R"({"x": {"a": 1, "b": 2}, "y": {"a": 1, "b": 3}})"},
           {"x: &x {a: 1, b: 2}\ny: {b: 3, <<: *x}",
            R"({"x": {"a": 1, "b": 2}, "y": {"b": 3, "a": 1}})"},
           {"y: {<<: [{a: 1}, {a: 2, b: 2}]}", R"({"y": {"a": 1, "b": 2}})"},
           {"y: {<<: {<<: {a: 1}, b: 2}}", R"({"y": {"b": 2, "a": 1}})"},
           {"y: {\"<<\": {a: 1}}", R"({"y": {"<<": {"a": 1}}})"},
           {"<<: {a: 1}", R"({"a": 1})"},
       }) {
    const auto document = parse_document(yaml, Dialect::yaml11);
    ASSERT_TRUE(document.has_value()) << yaml << ": " << error_of(document);
    EXPECT_EQ(json::value(*document), json::parse(expected))
        << yaml << " is " << json::serialize(*document);
  }
  for (const auto& [yaml, sentence] : std::initializer_list<std::pair<std::string, std::string>>{
           {"a: b\n<<: c", "line 2: '<<' merges maps only"},
           {"a: {<<: [{}, 5]}", "line 1: '<<' merges maps only"},
           {"a: &a {<<: *a}", "line 1: is more than 32 levels deep"},
           {"a: b\nc: [\n", "line 3: this is not YAML: "},
           {"", "is empty"},
       }) {
    const auto document = parse_document(yaml, Dialect::yaml11);
    ASSERT_FALSE(document.has_value()) << yaml;
    EXPECT_THAT(error_of(document), StartsWith(sentence)) << yaml;
  }
}

TEST(Document, Files) {
  const auto path = std::filesystem::temp_directory_path() / "latchkey-document-test.yaml";
  std::ofstream(path) << "a: b\n";
  EXPECT_EQ(read_document(path.string()), (json::object{{"a", "b"}}));
  std::ofstream(path) << "a: b\na: c\n";
  EXPECT_EQ(error_of(read_document(path.string())), "line 2: 'a' is there twice");
  std::ofstream(path) << std::string(2 * kMaxDocument, 'x');
  EXPECT_EQ(error_of(read_document(path.string())), "is larger than 1MiB");
  std::filesystem::remove(path);
  EXPECT_EQ(error_of(read_document("/dev/zero")), "is larger than 1MiB");
  for (const char* unreadable : {"/no/such/file", "/", "", "/proc/self/mem"}) {
    EXPECT_THAT(error_of(read_document(unreadable)), testing::StartsWith("cannot be read: "))
        << unreadable;
  }
}

}  // namespace
}  // namespace latchkey::config
