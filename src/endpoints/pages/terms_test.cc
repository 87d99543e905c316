#include "endpoints/pages/terms.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "platform/texts/catalogue.h"

namespace latchkey::pages {
namespace {

const texts::Catalogue& catalogue() {
  static const texts::Catalogue all;
  return all;
}

constexpr std::string_view kBoth =
    R"({"policies": {"privacy": {"version": "1", "en": {"name": "P", "url": "https://p.example/"}},
                     "terms": {"version": "1", "en": {"name": "T", "url": "https://t.example/"},
                               "de": {"name": "Z", "url": "https://z.example/"}}}})";

std::vector<Policy> policies(std::string_view language, std::string_view sent) {
  const auto terms = accounts::Terms::read(boost::json::parse(kBoth).as_object());
  return policies_in(catalogue().best(language, ""), terms.value(),
                     http::Form::parse(sent).value());
}

TEST(Policies, AreInTheReadersLanguage) {
  EXPECT_EQ(policies("de", "").at(0).name, "P") << "there is no other";
  EXPECT_EQ(policies("de", "").at(1).name, "Z");
  EXPECT_EQ(policies("fr", "").at(1).url, "https://t.example/");
}

TEST(Policies, AreTickedOneByOne) {
  EXPECT_FALSE(all_ticked(policies("en", "")));
  EXPECT_FALSE(all_ticked(policies("en", "accepted=other&privacy=on&terms=on")));
  EXPECT_TRUE(all_ticked(policies("en", "accepted=terms&accepted=privacy")));
  const auto one = policies("en", "accepted=terms");
  EXPECT_FALSE(one.at(0).ticked);
  EXPECT_TRUE(one.at(1).ticked);
}

// The first that is wrong has the focus, unless another field has it.
TEST(Policies, AreMarkedWhereTheyHadToBeTicked) {
  const auto shown = [](bool wrong, bool focus) {
    html::Values values;
    put_policies(values, policies("en", "accepted=privacy"), wrong, focus);
    std::string marks;
    for (const html::Values::Part& row : values.parts()) {
      for (const html::Values::Part& mark : row.values.parts()) {
        marks += mark.name + (mark.values.parts().empty() ? " " : "+FOCUS ");
      }
    }
    return marks;
  };
  EXPECT_EQ(shown(false, false), "TICKED ");
  EXPECT_EQ(shown(true, false), "TICKED INVALID ");
  EXPECT_EQ(shown(true, true), "TICKED INVALID+FOCUS ");
}

}  // namespace
}  // namespace latchkey::pages
