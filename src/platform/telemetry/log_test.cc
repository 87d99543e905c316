#include "platform/telemetry/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <limits>
#include <thread>
#include <vector>

#include "platform/config/config.h"
#include "platform/error_testing.h"
#include "platform/telemetry/line.h"

namespace latchkey::telemetry {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::EndsWith;

constexpr Time kTime = from_millis(1'769'900'399'500);

TEST(Line, Json) {
  EXPECT_EQ(json_line(kTime, Level::info, "session ended", {}),
            R"({"time":"2026-01-31T22:59:59.500Z","level":"info","msg":"session ended"})");
  EXPECT_EQ(json_line(kTime, Level::error, "x",
                      {{"text", "a \"b\" \\ c"},
                       {"string", "s"s},
                       {"int", -5},
                       {"unsigned", std::numeric_limits<std::uint64_t>::max()},
                       {"small", std::uint16_t{7}},
                       {"double", 0.5},
                       {"flag", true}}),
            R"({"time":"2026-01-31T22:59:59.500Z","level":"error","msg":"x",)"
            R"("text":"a \"b\" \\ c","string":"s","int":-5,"unsigned":18446744073709551615,)"
            R"("small":7,"double":0.5,"flag":true})");
  EXPECT_THAT(json_line(kTime, Level::info, "x",
                        {{"nan", std::numeric_limits<double>::quiet_NaN()}, {"msg", "mine"}}),
              EndsWith(R"("msg":"x","nan":null,"msg_":"mine"})"));
}

TEST(Line, Text) {
  EXPECT_EQ(text_line(kTime, Level::info, "session \"01\" ended", {}),
            R"(2026-01-31T22:59:59.500Z info    session "01" ended)");
  EXPECT_EQ(text_line(kTime, Level::warning, "x",
                      {{"plain", "abc-def"},
                       {"spaced", "two words"},
                       {"empty", ""},
                       {"equals", "a=b"},
                       {"quote", "a\"b"},
                       {"slash", "a\\b"},
                       {"umlaut", "\xc3\xa4"},
                       {"number", 5},
                       {"flag", false}}),
            R"(2026-01-31T22:59:59.500Z warning x plain=abc-def spaced="two words" empty="" )"
            R"(equals="a=b" quote="a\"b" slash="a\\b" umlaut=ä number=5 flag=false)");
}

TEST(Line, NothingForgesALineOrSteersATerminal) {
  for (const auto& [value, shown] : std::initializer_list<std::pair<std::string, std::string>>{
           {"a\nb", "a\\nb"},
           {"a\r\nb", "a\\u000d\\nb"},
           {"\x1b[31m", "\\u001b[31m"},
           {"\0"s, "\\u0000"},
           {"\x7f", "\\u007f"},
           {"\xc2\x9b", "\\u009b"},
           {"\xc2\x85", "\\u0085"},
           {"\xe2\x80\xa8", "\\u2028"},
           {"\xe2\x80\xae", "\\u202e"},
           {"\xe2\x81\xa6", "\\u2066"},
           {"\xff", "\xef\xbf\xbd"},
           {"\xc3", "\xef\xbf\xbd"},
           {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
           {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
       }) {
    const std::string json = json_line(kTime, Level::info, value, {{value, value}});
    EXPECT_THAT(json, EndsWith("\"msg\":\"" + shown + "\",\"" + shown + "\":\"" + shown + "\"}"));
    boost::json::error_code fault;
    boost::json::parse(json, fault);
    EXPECT_FALSE(fault) << json;
    const std::string text = text_line(kTime, Level::info, value, {{"field", value}});
    const bool quoted = shown != value;
    EXPECT_THAT(text, EndsWith(" " + shown + " field=" + (quoted ? "\"" + shown + "\"" : shown)));
  }
}

TEST(Log, WritesFromItsLevelOn) {
  for (const auto& [level, expected] : std::initializer_list<std::pair<Level, std::string>>{
           {Level::debug, "debug info warning error "},
           {Level::info, "info warning error "},
           {Level::warning, "warning error "},
           {Level::error, "error "},
           {Level::off, ""}}) {
    std::string written;
    const Log log({.level = level}, [&](std::string_view line) {
      written += boost::json::parse(line).at("level").as_string().c_str() + " "s;
    });
    log.debug("d");
    log.info("i");
    log.warning("w");
    log.error("e");
    EXPECT_EQ(written, expected);
    EXPECT_EQ(log.enabled(Level::info), level <= Level::info);
  }
}

TEST(Log, FormatsAsAsked) {
  std::vector<std::string> lines;
  const auto keep = [&](std::string_view line) { lines.emplace_back(line); };
  Log({.format = LogFormat::text}, keep).info("100% {}", {{"a", "%v {}"}});
  Log({.format = LogFormat::json}, keep).info("100% {}", {{"a", "%v {}"}});
  EXPECT_THAT(lines, ElementsAre(EndsWith(R"(Z info    100% {} a="%v {}")"),
                                 EndsWith(R"("msg":"100% {}","a":"%v {}"})")));
}

TEST(Log, TimeIsNow) {
  std::string written;
  const Log log({}, [&](std::string_view line) { written = line; });
  log.info("x");
  const std::string today = json_line(SystemClock().now(), Level::info, "x", {});
  EXPECT_EQ(written.substr(0, 18), today.substr(0, 18));  // up to the month and a digit of the day
}

TEST(Log, ThreadsDoNotMixLines) {
  std::vector<std::string> lines;
  const Log log({}, [&](std::string_view line) { lines.emplace_back(line); });
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([log] {
        for (int j = 0; j < 100; ++j) log.info("x", {{"j", j}});
      });
    }
  }
  EXPECT_EQ(lines.size(), 400U);
}

TEST(Log, StderrThatIsNoTerminalGetsJson) {
  testing::internal::CaptureStderr();
  Log(LogOptions{}).warning("hello", {{"n", 1}});
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_THAT(written, testing::StartsWith("{\"time\":\""));
  EXPECT_THAT(written, EndsWith(R"("level":"warning","msg":"hello","n":1})"
                                "\n"));
}

TEST(LogOptions, AreOptions) {
  LogOptions options;
  ASSERT_TRUE(config::load("level: debug\nformat: auto\n", "/", options));
  EXPECT_EQ(options.level, Level::debug);
  EXPECT_THAT(error_of(config::load("level: loud\n", "/", options)),
              ElementsAre("line 1: level: 'loud' is not one of debug, info, warning, error, off"));
}

}  // namespace
}  // namespace latchkey::telemetry
