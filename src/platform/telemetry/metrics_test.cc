#include "platform/telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

namespace latchkey::telemetry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Counter, SumsItsWorkers) {
  Counter counter(3);
  EXPECT_EQ(counter.value(), 0U);
  counter.add(0);
  counter.add(2, 10);
  counter.add(300, 100);  // of no server thread
  EXPECT_EQ(counter.value(), 111U);
  Counter of_none(0);
  of_none.add(5);
  EXPECT_EQ(of_none.value(), 1U);
}

TEST(Histogram, CountsUpToEachBound) {
  Histogram histogram(2, {1, 2, 5});
  for (const double value : {0.5, 1.0, 1.5, 2.0, 5.0, 5.1, 1000.0}) {
    histogram.observe(0, value);
    histogram.observe(1, value);
  }
  const auto snapshot = histogram.snapshot();
  EXPECT_THAT(snapshot.cumulative, ElementsAre(4, 8, 10, 14));
  EXPECT_DOUBLE_EQ(snapshot.sum, 2 * 1015.1);
}

TEST(Histogram, BoundsRise) {
  EXPECT_THROW(Histogram(1, {2, 1}), std::invalid_argument);
  EXPECT_THROW(Histogram(1, {1, 1}), std::invalid_argument);
  EXPECT_NO_THROW(Histogram(1, latency_bounds()));
}

TEST(Registry, RendersPrometheusText) {
  Registry registry(2);
  registry.counter("logins_total", "Logins.", {{"result", "ok"}}).add(0, 3);
  registry.counter("logins_total", "Logins.", {{"result", "a \"b\"\n"}}).add(1);
  registry.gauge("open", "Open now.", [] { return 2.5; });
  registry.counter("accepted_total", "Accepted.", [] { return 7.0; }, {});
  auto& histogram = registry.histogram("seconds", "Time.", {0.5, 1});
  histogram.observe(0, 0.25);
  histogram.observe(1, 4);
  EXPECT_EQ(registry.render(), R"(# HELP accepted_total Accepted.
# TYPE accepted_total counter
accepted_total 7
# HELP logins_total Logins.
# TYPE logins_total counter
logins_total{result="ok"} 3
logins_total{result="a \"b\"\n"} 1
# HELP open Open now.
# TYPE open gauge
open 2.5
# HELP seconds Time.
# TYPE seconds histogram
seconds_count 2
seconds_sum 4.25
seconds_bucket{le="0.5"} 1
seconds_bucket{le="1"} 1
seconds_bucket{le="+Inf"} 2
)");
}

// One line that cannot be read, and a scraper takes nothing of the page.
TEST(Registry, EachLineCanBeRead) {
  Registry registry(1);
  registry.counter("odd_total", "One line\nand another, with a \\ and a \"quote\".").add(0);
  registry.gauge("level", "A level.", [] { return 1.5; }, {{"name", "a\nb\\c\"d"}});
  registry.histogram("seconds", "How long.\n# TYPE odd_total gauge", {0.1, 1}).observe(0, 0.5);
  const std::regex comment(R"(# (HELP|TYPE) [a-z_]+ [^\n]+)");
  const std::regex sample(R"([a-z_]+(\{([a-z_]+="([^"\\\n]|\\["\\n])*",?)+\})? [-+0-9.eInfNa]+)");
  const std::string page = registry.render();
  std::istringstream lines(page);
  std::map<std::string, int> types;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) {
      EXPECT_TRUE(std::regex_match(line, comment)) << line;
      if (line.starts_with("# TYPE ")) ++types[line.substr(7, line.find(' ', 7) - 7)];
    } else {
      EXPECT_TRUE(std::regex_match(line, sample)) << line;
    }
  }
  EXPECT_EQ(types, (std::map<std::string, int>{{"level", 1}, {"odd_total", 1}, {"seconds", 1}}));
  EXPECT_THAT(page, HasSubstr(R"(One line\nand another, with a \\ and)"));
}

TEST(Registry, OneMetricForEachNameAndLabels) {
  Registry registry(1);
  auto& one = registry.counter("x_total", "X.", {{"a", "1"}, {"b", "2"}});
  EXPECT_EQ(&one, &registry.counter("x_total", "X.", {{"b", "2"}, {"a", "1"}}));
  EXPECT_NE(&one, &registry.counter("x_total", "X.", {{"a", "1"}}));
  for (int i = 0; i < 100; ++i) registry.counter("x_total", "X.", {{"a", std::to_string(i)}});
  one.add(0);
  EXPECT_THAT(registry.render(), HasSubstr("x_total{a=\"1\",b=\"2\"} 1\n"));
}

TEST(Registry, AGaugeCanBeTakenOver) {
  Registry registry(1);
  registry.gauge("x", "X.", [] { return 1.0; });
  registry.gauge("x", "X.", [] { return 2.0; });
  EXPECT_THAT(registry.render(), HasSubstr("x 2\n"));
}

TEST(Registry, RefusesWrongNamesAndKinds) {
  Registry registry(1);
  EXPECT_THROW(registry.counter("no-dash", ""), std::invalid_argument);
  EXPECT_THROW(registry.counter("", ""), std::invalid_argument);
  EXPECT_THROW(registry.counter("x_total", "", {{"1", ""}}), std::invalid_argument);
  registry.counter("x_total", "");
  EXPECT_THROW(registry.gauge("x_total", "", [] { return 1.0; }), std::invalid_argument);
  EXPECT_THROW(registry.histogram("x_total", "", {1}), std::invalid_argument);
  EXPECT_THROW(registry.counter("x_total", "", [] { return 1.0; }, {}), std::invalid_argument);
}

TEST(Registry, CountsAndRendersAtOnce) {
  constexpr int kEach = 20'000;
  Registry registry(2);
  auto& counter = registry.counter("x_total", "X.");
  auto& histogram = registry.histogram("seconds", "Time.", latency_bounds());
  {
    std::vector<std::jthread> threads;
    for (std::size_t worker = 0; worker < 4; ++worker) {  // two of them share slots
      threads.emplace_back([&, worker] {
        for (int i = 0; i < kEach; ++i) {
          counter.add(worker);
          histogram.observe(worker, 0.5);
        }
      });
    }
    for (int i = 0; i < 20; ++i) {
      EXPECT_FALSE(registry.render().empty());
      registry.counter("made_total", "Made.", {{"i", std::to_string(i)}}).add(0);
    }
  }
  EXPECT_EQ(counter.value(), 4U * kEach);
  EXPECT_EQ(histogram.snapshot().cumulative.back(), 4U * kEach);
  EXPECT_DOUBLE_EQ(histogram.snapshot().sum, 4 * kEach * 0.5);
}

}  // namespace
}  // namespace latchkey::telemetry
