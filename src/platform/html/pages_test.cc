#include "platform/html/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <utility>

#include "platform/crypto/hash.h"
#include "platform/html/web_files.h"
#include "platform/text/base64.h"

namespace latchkey::html {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string header(const http::Response& response, std::string_view name) {
  for (const auto& [known, value] : response.headers) {
    if (known == name) return value;
  }
  return {};
}

// What stands between two texts of the page, which must be there once.
std::string between(const std::string& body, std::string_view begin, std::string_view end) {
  const auto from = body.find(begin);
  const auto to = body.find(end);
  EXPECT_NE(from, std::string::npos) << begin;
  EXPECT_EQ(body.find(begin, from + 1), std::string::npos) << begin;
  EXPECT_NE(to, std::string::npos) << end;
  if (from == std::string::npos || to == std::string::npos) return {};
  return body.substr(from + begin.size(), to - from - begin.size());
}

std::string hash_source(std::string_view text) {
  const crypto::Digest digest = crypto::sha256(text);
  return "'sha256-" +
         text::encode_base64({reinterpret_cast<const char*>(digest.data()), digest.size()}) + "'";
}

const Pages& pages() {
  static const Pages all("example.org");
  return all;
}

http::Response answer(std::string_view script = {}) {
  return pages().answer({200, "A & B", "fallback_done.html", {}, script});
}

TEST(Page, IsHtmlWithItsTitleAndItsServer) {
  const http::Response response = pages().answer({404, "A & B", "fallback_done.html", {}, {}});
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.content_type, "text/html; charset=utf-8");
  EXPECT_TRUE(response.body.starts_with("<!doctype html>"));
  EXPECT_THAT(response.body, HasSubstr("<html lang=\"en\" dir=\"ltr\">"));
  EXPECT_EQ(between(response.body, "<title>", "</title>"), "A &amp; B · example.org");
  EXPECT_EQ(between(response.body, "<h1>", "</h1>"), "A &amp; B");
}

TEST(Page, IsKeptFromOthers) {
  const http::Response response = answer();
  EXPECT_EQ(header(response, "X-Frame-Options"), "DENY");
  EXPECT_EQ(header(response, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(header(response, "Referrer-Policy"), "no-referrer");
  EXPECT_EQ(header(response, "Cache-Control"), "no-store");
  EXPECT_EQ(header(response, "Cross-Origin-Opener-Policy"), "") << "the client would hear nothing";
}

// The hash is of the very bytes between the tags; a browser ignores them otherwise.
TEST(Page, MayLoadNothingButItsOwnStyle) {
  const http::Response response = answer();
  EXPECT_EQ(header(response, "Content-Security-Policy"),
            "default-src 'none'; style-src " +
                hash_source(between(response.body, "<style>", "</style>")) +
                "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
  EXPECT_THAT(response.body, Not(HasSubstr("<script")));
}

TEST(Page, MayRunTheOneScriptThatItAskedFor) {
  const http::Response response = answer("auth_done.js");
  const std::string script = between(response.body, "<script>", "</script>");
  EXPECT_THAT(script, HasSubstr("authDone"));
  EXPECT_THAT(header(response, "Content-Security-Policy"),
              HasSubstr("; script-src " + hash_source(script) + ";"));
}

TEST(Page, SaysItsLanguage) {
  const html::Page page{.status = 200,
                        .title = "Konto",
                        .file = "fallback_done.html",
                        .values = {},
                        .script = {},
                        .language = &pages().texts().best("de", "")};
  EXPECT_THAT(pages().answer(page).body, HasSubstr("<html lang=\"de\" dir=\"ltr\">"));
}

TEST(Page, MaySendItsFormsToASiteThatRedirectsOn) {
  html::Page page{200, "A", "fallback_done.html", {}, {}};
  for (const char* address :
       {"https://app.example:8443/x?y", "http://127.0.0.1:1/", "HTTPS://a.example"}) {
    page.form_target = form_target_of(address);
    EXPECT_THAT(header(pages().answer(page), "Content-Security-Policy"),
                Not(HasSubstr("form-action")))
        << address;
  }
}

TEST(Page, MaySendItsFormsToAnAppOnThisDeviceAlone) {
  html::Page page{200, "A", "fallback_done.html", {}, {}};
  page.form_target = form_target_of("io.Element:/callback");
  EXPECT_THAT(header(pages().answer(page), "Content-Security-Policy"),
              HasSubstr("; form-action 'self' io.element:; base-uri"));
  for (const char* no_scheme : {"", "/path", "a b:c", "*:x", "x;y:z"}) {
    page.form_target = form_target_of(no_scheme);
    EXPECT_THAT(header(pages().answer(page), "Content-Security-Policy"),
                HasSubstr("; form-action 'self'; base-uri"))
        << no_scheme;
  }
  for (const char* other : {"https: script-src:", "*", "a; b:", ":"}) {
    page.form_target = {.scheme = other};
    EXPECT_THROW(pages().answer(page), std::logic_error) << other;
  }
}

TEST(Page, GoesOnByItselfWhereItIsTold) {
  html::Page page{200, "A", "fallback_done.html", {}, {}};
  EXPECT_THAT(pages().answer(page).body, Not(HasSubstr("http-equiv")));
  page.refresh = "https://app.example/?a=1&b=%22'\"><script>";
  const std::string body = pages().answer(page).body;
  EXPECT_THAT(body, HasSubstr("<meta http-equiv=\"refresh\" content=\"0; url=https://app.example/"
                              "?a=1&amp;b=%22"));
  EXPECT_THAT(body, Not(HasSubstr("<script")));
  page.refresh = "com.example.app:/callback?a=1";
  EXPECT_THAT(pages().answer(page).body,
              HasSubstr("content=\"0; url=com.example.app:/callback?a=1\""));
  page.refresh = "javascript:alert(1)";
  EXPECT_THAT(pages().answer(page).body, Not(HasSubstr("javascript:")));
}

Picture picture(std::string_view use) {
  return make_picture(use, "<svg xmlns=\"http://www.w3.org/2000/svg\"/>", kMaxLogo, false).value();
}

std::string body_of(Branding branding, std::optional<std::string> own_query = std::nullopt) {
  html::Page page{200, "A & B", "fallback_done.html", {}, {}};
  page.own_query = std::move(own_query);
  return Pages("example.org", std::move(branding)).answer(std::move(page)).body;
}

TEST(Branded, NameStandsBesideTheServers) {
  const std::string body = body_of({.name = "Us & <Them>"});
  EXPECT_EQ(between(body, "<title>", "</title>"), "A &amp; B · Us &amp; &lt;Them&gt;");
  EXPECT_EQ(between(body, "<p class=\"server\">", "</p>"),
            "<strong><bdi>Us &amp; &lt;Them&gt;</bdi></strong> · example.org");
  EXPECT_EQ(between(body_of({.name = "example.org"}), "<p class=\"server\">", "</p>"),
            "example.org")
      << "once is enough";
}

TEST(Branded, LogoSaysTheName) {
  const Picture logo = picture("logo");
  const std::string body = body_of({.name = "Us \"&\" Them", .logo = logo});
  EXPECT_EQ(between(body, "<p class=\"server\">", "</p>"),
            "<img src=\"/account/branding/" + logo.name +
                "\" alt=\"Us &quot;&amp;&quot; Them\">example.org");
}

TEST(Branded, PicturesAreServedByTheirNameAlone) {
  const Pages branded("example.org", {.logo = picture("logo"), .favicon = picture("favicon")});
  ASSERT_NE(branded.picture(picture("logo").name), nullptr);
  EXPECT_EQ(branded.picture(picture("logo").name)->name, picture("logo").name);
  ASSERT_NE(branded.picture(picture("favicon").name), nullptr);
  EXPECT_EQ(branded.favicon().name, picture("favicon").name);
  for (const char* no : {"", "logo", "logo-.svg", "../logo.svg"}) {
    EXPECT_EQ(branded.picture(no), nullptr) << no;
  }
  EXPECT_EQ(pages().picture(picture("logo").name), nullptr);
  EXPECT_EQ(pages().favicon().name, default_favicon().name);
}

TEST(Branded, PagesMayLoadPicturesOnlyWhereThereAreSome) {
  const auto policy = [](Branding branding) {
    const Pages branded("example.org", std::move(branding));
    return header(branded.answer({200, "A", "fallback_done.html", {}, {}}),
                  "Content-Security-Policy");
  };
  EXPECT_THAT(policy({.logo = picture("logo")}), HasSubstr("; img-src 'self';"));
  EXPECT_THAT(policy({.favicon = picture("favicon")}), HasSubstr("; img-src 'self';"));
  EXPECT_THAT(policy({.name = "Chat", .help = "https://example.com"}), Not(HasSubstr("img-src")));
  EXPECT_THAT(body_of({.favicon = picture("favicon")}),
              HasSubstr("<link rel=\"icon\" href=\"/account/branding/" + picture("favicon").name +
                        "\" type=\"image/svg+xml\">"));
}

TEST(Branded, ColoursArePartOfTheStyleThatThePolicyNames) {
  const Accents accents = accents_of({0x5b, 0x2a, 0x86});
  const Pages branded("example.org", {.accents = accents});
  const http::Response response = branded.answer({200, "A", "fallback_done.html", {}, {}});
  const std::string style = between(response.body, "<style>", "</style>");
  EXPECT_THAT(style, HasSubstr(style_of(accents)));
  EXPECT_THAT(header(response, "Content-Security-Policy"),
              HasSubstr("style-src " + hash_source(style) + ";"));
}

TEST(Branded, HelpIsOnEachPage) {
  EXPECT_THAT(body_of({}), Not(HasSubstr("<footer>")));
  EXPECT_THAT(
      body_of({.help = "https://example.com/?a=1&b=2"}),
      HasSubstr("<a href=\"https://example.com/?a=1&amp;b=2\" rel=\"noreferrer\">Help</a>"));
  const std::string mail = body_of({.help = "mailto:help@example.com?subject=a"}, "");
  EXPECT_THAT(mail, HasSubstr("<a href=\"mailto:help@example.com?subject=a\">Help</a>"));
  EXPECT_THAT(mail, HasSubstr("href=\"?lang=de\""));
}

TEST(Page, OfNoSuchFileIsAFault) {
  EXPECT_THROW(pages().answer({200, "", "no.html", {}, {}}), std::logic_error);
  EXPECT_THROW(answer("no.js"), std::logic_error);
}

// What the policy would forbid, or what would not be what it seems in a file of web/.
TEST(WebFiles, HaveNoInlineHandlersOrStyles) {
  ASSERT_FALSE(web_files().empty());
  for (const WebFile& file : web_files()) {
    const std::string text(file.text);
    for (const char* forbidden :
         {" style=", " onclick=", " onload=", " onsubmit=", "<base", "\r"}) {
      EXPECT_THAT(text, Not(HasSubstr(forbidden))) << file.name;
    }
  }
}

// `text` without what stands between these two.
std::string without(std::string_view text, std::string_view open, std::string_view close) {
  std::string rest;
  for (auto at = text.find(open); at != text.npos; at = text.find(open)) {
    rest += text.substr(0, at);
    text.remove_prefix(std::min(text.size(), text.find(close, at) + close.size()));
  }
  return rest.append(text);
}

// A template that says something itself would say it in one language.
TEST(WebFiles, HaveNoWordsOfTheirOwn) {
  for (const WebFile& file : web_files()) {
    if (!file.name.ends_with(".html")) continue;
    const std::string words = without(without(file.text, "{{", "}}"), "<", ">");
    EXPECT_EQ(words.find_first_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
              std::string::npos)
        << file.name << ": " << words;
  }
}

// The relative luminance and the contrast of two colours (WCAG 2.2, section 1.4.3).
double luminance(std::string_view colour) {
  double sum = 0;
  const double weights[] = {0.2126, 0.7152, 0.0722};
  for (std::size_t i = 0; i < 3; ++i) {
    const double c = std::stoi(std::string(colour.substr(1 + 2 * i, 2)), nullptr, 16) / 255.0;
    sum += weights[i] * (c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4));
  }
  return sum;
}

double contrast(std::string_view a, std::string_view b) {
  const double one = luminance(a);
  const double other = luminance(b);
  return (std::max(one, other) + 0.05) / (std::min(one, other) + 0.05);
}

// The stylesheet's two palettes: light first, then dark.
std::vector<std::map<std::string, std::string>> palettes() {
  std::vector<std::map<std::string, std::string>> all;
  for (const WebFile& file : web_files()) {
    if (file.name != "style.css") continue;
    std::string_view rest = file.text;
    for (auto at = rest.find(":root {"); at != rest.npos; at = rest.find(":root {")) {
      rest.remove_prefix(at);
      std::string_view block = rest.substr(0, rest.find('}'));
      auto& palette = all.emplace_back();
      for (auto name = block.find("--"); name != block.npos; name = block.find("--")) {
        block.remove_prefix(name + 2);
        const auto colon = block.find(": #");
        palette[std::string(block.substr(0, colon))] = block.substr(colon + 2, 7);
      }
      rest.remove_prefix(1);
    }
  }
  return all;
}

// What an accent is held against is what the pages have.
TEST(Stylesheet, HasTheGroundsThatAccentsAreReadOn) {
  const auto both = palettes();
  ASSERT_EQ(both.size(), 2U);
  for (const auto& [palette, grounds] :
       {std::pair{both[0], kLightGrounds}, std::pair{both[1], kDarkGrounds}}) {
    EXPECT_EQ(palette.at("ground"), format_colour(grounds.page));
    EXPECT_EQ(palette.at("card"), format_colour(grounds.card));
  }
}

// Else a page that runs from right to left has its marks on the wrong side.
TEST(Stylesheet, KnowsNoLeftAndNoRight) {
  for (const WebFile& file : web_files()) {
    if (!file.name.ends_with(".css")) continue;
    EXPECT_THAT(std::string(file.text), Not(HasSubstr("left"))) << file.name;
    EXPECT_THAT(std::string(file.text), Not(HasSubstr("right"))) << file.name;
  }
}

TEST(Stylesheet, HasEnoughContrastInLightAndDark) {
  const auto both = palettes();
  ASSERT_EQ(both.size(), 2U);
  struct Row {
    const char* front;
    const char* back;
    double least;  // 4.5 for text, 3 for what shows where a control is
  };
  const Row rows[] = {
      {"text", "card", 4.5},
      {"text", "ground", 4.5},
      {"quiet", "card", 4.5},
      {"accent", "card", 4.5},
      {"accent-strong", "card", 4.5},
      {"on-accent", "accent", 4.5},
      {"on-accent", "accent-strong", 4.5},
      {"alarm", "alarm-ground", 4.5},
      {"on-danger", "danger", 4.5},
      {"on-danger", "danger-strong", 4.5},
      {"accent-strong", "ground", 4.5},
      {"quiet", "ground", 4.5},
      {"field-line", "card", 3},
      {"alarm", "card", 3},
  };
  for (const auto& palette : both) {
    for (const Row& row : rows) {
      EXPECT_GE(contrast(palette.at(row.front), palette.at(row.back)), row.least)
          << row.front << " " << palette.at(row.front) << " on " << row.back << " "
          << palette.at(row.back);
    }
  }
}

}  // namespace
}  // namespace latchkey::html
