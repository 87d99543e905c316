#include "platform/text/accept_language.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace latchkey::text {
namespace {

using Ranges = std::vector<std::string_view>;

TEST(AcceptLanguage, IsReadByWeight) {
  struct Row {
    std::string_view field;
    Ranges ranges;
  };
  const std::vector<Row> rows = {
      {"", {}},
      {"de", {"de"}},
      {"en-GB,en;q=0.9,de;q=0.8", {"en-GB", "en", "de"}},
      {"en;q=0.5, de-AT ; q=0.75 ,fr;Q=1.000", {"fr", "de-AT", "en"}},
      {"a, b, c;q=1", {"a", "b", "c"}},
      {"*;q=0.1, de", {"de", "*"}},
      {"en;q=0, de;q=0.000, fr;q=0.001", {"fr"}},
      {"en;q=2, de;q=, fr;q=0.1x, it;, es;q=1.5", {"it", "es"}},
      {" , ;q=1,\t,de", {"de"}},
  };
  for (const Row& row : rows) EXPECT_EQ(accepted_languages(row.field), row.ranges) << row.field;
}

TEST(AcceptLanguage, HasAnEnd) {
  std::string field;
  for (int i = 0; i < 1000; ++i) field += "en,";
  EXPECT_EQ(accepted_languages(field).size(), 20u);
}

}  // namespace
}  // namespace latchkey::text
