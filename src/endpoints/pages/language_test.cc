#include "endpoints/pages/language.h"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <string>
#include <vector>

namespace latchkey::pages {
namespace {

const html::Pages& pages() {
  static const html::Pages all("example.org");
  return all;
}

struct Sample {
  std::string query;
  std::string accept;
  std::string body = {};
};

// Its views point into the sample.
struct Asked {
  explicit Asked(const Sample& sample)
      : headers{{"Accept-Language", sample.accept},
                {"Content-Type", "application/x-www-form-urlencoded"}} {
    request.query = sample.query;
    request.body = sample.body;
    request.headers = headers;
  }
  std::vector<http::Header> headers;
  http::Request request;
};

constexpr const char* kNext = "next=%2Foauth2%2Fauthorize%3Fscope%3Dx%26ui_locales%3Dde%2Ben";

TEST(Language, IsWhatTheAppAsksForAndElseTheBrowser) {
  struct Row {
    Sample sample;
    std::string_view language;
  };
  for (const Row& row : {
           Row{{"", ""}, "en"},
           Row{{"", "de"}, "de"},
           Row{{"ui_locales=de", "en"}, "de"},
           Row{{"ui_locales=qaa", "de"}, "de"},
           Row{{"ui_locales=de&ui_locales=en", "en"}, "en"},
           Row{{"ui_locales=%ff", "de"}, "de"},
           // On the way to the page that it was asked for.
           Row{{kNext, "en"}, "de"},
           Row{{"", "en", std::string("csrf=x&") + kNext}, "de"},
           Row{{"next=%2Faccount%2F", "de"}, "de"},
       }) {
    EXPECT_EQ(language_of(pages(), Asked(row.sample).request).code(), row.language)
        << row.sample.query << " | " << row.sample.accept;
  }
}

TEST(AcceptedLanguages, BeginWithTheAppsWishes) {
  const Sample both{"ui_locales=fr-CA+de", "en;q=0.5"};
  EXPECT_EQ(accepted_languages(Asked(both).request), "fr-CA,de,en;q=0.5");
  const Sample browser{"", "en;q=0.5"};
  EXPECT_EQ(accepted_languages(Asked(browser).request), "en;q=0.5");
}

TEST(Document, IsInTheReadersLanguage) {
  const auto policy = [](const char* text) { return boost::json::parse(text).as_object(); };
  const auto url = [](std::string_view code, const boost::json::object& of) {
    return std::string(document_in(pages().texts().best(code, ""), of).at("url").as_string());
  };
  const auto all =
      policy(R"({"version": "1", "fr": {"url": "F"}, "en": {"url": "E"}, "de": {"url": "D"}})");
  EXPECT_EQ(url("de", all), "D");
  EXPECT_EQ(url("en", all), "E");
  EXPECT_EQ(url("de", policy(R"({"version": "1", "fr": {"url": "F"}, "en": {"url": "E"}})")), "E");
  EXPECT_EQ(url("de", policy(R"({"version": "1", "fr": {"url": "F"}})")), "F");
}

// Only what is one of our languages comes back as a cookie.
TEST(Language, ThatIsChosenIsKept) {
  const http::PublicUrl site("http://127.0.0.1:8008/");
  const auto cookie = [&](const std::string& query) {
    const Sample sample{.query = query, .accept = "fr"};
    http::Response response;
    keep_language(site, pages(), Asked(sample).request, response);
    return response.headers.empty() ? std::string() : response.headers.front().second;
  };
  EXPECT_TRUE(cookie("session=x&lang=de").starts_with("latchkey-language=de;"));
  for (const char* none : {"", "lang=", "lang=xx", "lang=de%0d%0aX:1", "lang=de&lang=fr"}) {
    EXPECT_EQ(cookie(none), "") << none;
  }
}

}  // namespace
}  // namespace latchkey::pages
