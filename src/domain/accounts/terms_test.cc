// The documents to agree to at registration.
#include "domain/accounts/terms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/accounts/accounts_testing.h"
#include "platform/config/document.h"
#include "platform/error_testing.h"

namespace latchkey::accounts {
namespace {

using sessions::testing::kNoon;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr const char* kTwo = R"(
policies:
  terms:
    version: '1.2'
    en: {name: Terms of Service, url: https://example.com/terms-1.2-en.html}
    de: {name: Nutzungsbedingungen, url: https://example.com/terms-1.2-de.html}
  privacy:
    version: '3'
    en: {name: Privacy Policy, url: http://example.com/privacy}
)";

std::expected<Terms, std::string> read(const std::string& yaml) {
  return Terms::read(config::parse_document(yaml).value());
}

TEST(Terms, AreShownAsTheyStand) {
  EXPECT_TRUE(Terms().empty());
  const auto terms = read(kTwo);
  ASSERT_TRUE(terms.has_value()) << error_of(terms);
  EXPECT_FALSE(terms->empty());
  const auto& policies = terms->policies();
  EXPECT_EQ(policies.size(), 2U);
  EXPECT_EQ(policies.at("terms").at("version"), "1.2");
  EXPECT_EQ(policies.at("terms").at("de").at("name"), "Nutzungsbedingungen");
  EXPECT_EQ(policies.at("privacy").at("en").at("url"), "http://example.com/privacy");
}

struct Broken {
  std::string_view yaml;
  std::string_view said;
};

constexpr Broken kBroken[] = {
    {"{}", "policies: is missing"},
    {"policies: []", "policies: expected an object"},
    {"policies: {}", "policies: there is none"},
    {"policies: {terms: 1}", "policies.terms: expected an object"},
    {"policies: {terms: {}}", "policies.terms.version: is missing"},
    {"policies: {terms: {version: 1, en: {name: N, url: https://e.com}}}",
     "policies.terms.version: expected a string"},
    {"policies: {terms: {version: '1'}}", "policies.terms.version: stands alone"},
    {"policies: {terms: {version: '1', en: Terms}}", "policies.terms.en: expected an object"},
    {"policies: {terms: {version: '1', en: {url: https://e.com}}}",
     "policies.terms.en.name: is missing"},
    {"policies: {terms: {version: '1', en: {name: N}}}", "policies.terms.en.url: is missing"},
    // It becomes a link on the server's own page.
    {"policies: {terms: {version: '1', en: {name: N, url: 'javascript:alert(1)'}}}",
     "policies.terms.en.url: expected an http or https URL"},
    {"policies: {terms: {version: '1', en: {name: N, url: /terms}}}",
     "policies.terms.en.url: expected an http or https URL"},
    {"policies: {a: {version: '1', en: {name: N, url: https://e.com}}, b: {version: '1'}}",
     "policies.b.version: stands alone"},
};

TEST(Terms, OfTheWrongShape) {
  for (const Broken& one : kBroken) {
    const auto terms = read(std::string(one.yaml));
    ASSERT_FALSE(terms.has_value()) << one.yaml;
    EXPECT_THAT(error_of(terms), HasSubstr(one.said)) << one.yaml;
  }
}

TEST(Terms, AFileThatIsNotThere) {
  const auto terms = Terms::load("/nonexistent/terms.yaml");
  ASSERT_FALSE(terms.has_value());
  EXPECT_THAT(error_of(terms), HasSubstr("cannot be read"));
}

class AcceptedTerms : public testing::AccountsOnEachEngine {
 protected:
  void note(const std::string& yaml, Time now) {
    server_.db().write_now(
        [&](db::Tx& tx) { read(yaml).value().note_acceptance(tx, alice_.id, now); });
  }
  sessions::Account alice_ = server_.add_user();
};

INSTANTIATE_TEST_SUITE_P(Engines, AcceptedTerms, db::engines(), db::engine_name);

TEST_P(AcceptedTerms, AreKeptWithTheirVersionAndTheFirstTime) {
  note(kTwo, kNoon);
  note(kTwo, kNoon + 1h);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM accepted_terms"), 2);
  EXPECT_EQ(server_.count("SELECT accepted_at FROM accepted_terms WHERE user_id = :user AND"
                          " policy = 'terms' AND version = '1.2'",
                          alice_.id),
            to_millis(kNoon));
  note("policies: {terms: {version: '2', en: {name: N, url: https://e.com}}}", kNoon + 2h);
  EXPECT_EQ(server_.count("SELECT COUNT(*) FROM accepted_terms WHERE policy = 'terms'"), 2);
}

}  // namespace
}  // namespace latchkey::accounts
