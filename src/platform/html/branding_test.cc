#include "platform/html/branding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "platform/config/config.h"
#include "platform/config/folder_testing.h"
#include "platform/error_testing.h"

namespace latchkey::html {
namespace {

using namespace std::string_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

const std::string kPng = "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0\0\1"s;
const std::string kWebp = "RIFF\x24\0\0\0WEBPVP8 "s;
const std::string kIco = "\0\0\1\0\1\0\x10\x10"s;
const std::string kSvg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><path/></svg>";

std::vector<std::string> problems(const BrandingOptions& options) { return options.problems(); }

TEST(Branding, IsNoneByDefault) {
  EXPECT_THAT(problems({}), IsEmpty());
  const auto branding = load_branding({});
  ASSERT_TRUE(branding);
  EXPECT_FALSE(branding->logo || branding->favicon || branding->accents);
  EXPECT_EQ(branding->name + branding->help, "");
}

TEST(Branding, TypeOfAPictureIsReadFromItsBytes) {
  EXPECT_EQ(picture_type(kPng), PictureType::png);
  EXPECT_EQ(picture_type(kWebp), PictureType::webp);
  EXPECT_EQ(picture_type(kIco), PictureType::ico);
  for (const std::string& before :
       {"\xEF\xBB\xBF"s, " \r\n"s, "<?xml version=\"1.0\"?>\n"s, "<!-- <p> -->"s,
        "<?xml version=\"1.0\"?><!-- a --><!-- b -->\n<!DOCTYPE svg PUBLIC \"x\" \"y\">\n"s,
        "<!DOCTYPE svg [ <!ENTITY ns \"http://x\"> ]>\n"s}) {
    EXPECT_EQ(picture_type(before + kSvg), PictureType::svg) << before;
  }
  // Nor is every beginning of one.
  for (const std::string& no :
       {""s, "\x89PNG\r\n\x1A\n"s, "RIFF"s, "RIFF\x24\0\0\0WAVEfmt "s, "\0\0\1\0"s, "<svg"s,
        "<svgs xmlns=\"http://www.w3.org/2000/svg\"/>"s, "<html><svg></svg></html>"s, "<?xml "s,
        "<!-- <svg/>"s, "<!DOCTYPE svg"s, "\xFF" + kSvg, kSvg + "\xFF", "text"s}) {
    EXPECT_EQ(picture_type(no), std::nullopt) << no;
  }
}

TEST(Branding, PictureIsNamedByWhatItHolds) {
  const auto one = make_picture("logo", kSvg, kMaxLogo, false);
  ASSERT_TRUE(one);
  EXPECT_THAT(one->name, MatchesRegex("logo-[0-9A-Za-z_-]{16}\\.svg"));
  EXPECT_EQ(one->content_type, "image/svg+xml");
  EXPECT_EQ(one->bytes, kSvg);
  EXPECT_EQ(make_picture("logo", kSvg, kMaxLogo, false)->name, one->name);
  EXPECT_NE(make_picture("logo", kSvg + "\n", kMaxLogo, false)->name, one->name);
  EXPECT_EQ(make_picture("logo", kPng, kMaxLogo, false)->content_type, "image/png");
  EXPECT_EQ(make_picture("logo", kWebp, kMaxLogo, false)->content_type, "image/webp");
  EXPECT_EQ(make_picture("favicon", kIco, kMaxFavicon, true)->content_type, "image/x-icon");
}

std::string refused(const std::string& bytes, std::size_t max = kMaxLogo) {
  const auto picture = make_picture("logo", bytes, max, false);
  return picture ? "taken" : error_of(picture);
}

TEST(Branding, PictureThatBrowsersWouldNotShowIsRefused) {
  EXPECT_EQ(refused(""), "is empty");
  EXPECT_EQ(refused("\xFF\xD8\xFF\xE0"), "is a JPEG; save it as SVG, PNG or WebP");
  EXPECT_EQ(refused("GIF89a"), "is a GIF; save it as SVG, PNG or WebP");
  EXPECT_EQ(refused(kIco), "is an ICO; save it as SVG, PNG or WebP");
  EXPECT_EQ(refused("<html></html>"), "is no picture; save it as SVG, PNG or WebP");
  EXPECT_THAT(refused("<svg><path/></svg>"), HasSubstr("xmlns=\"http://www.w3.org/2000/svg\""));
}

TEST(Branding, PictureHasALargestSize) {
  EXPECT_EQ(refused(kPng + std::string(100 - kPng.size(), 'x'), 100), "taken");
  EXPECT_THAT(refused(kPng + std::string(101 - kPng.size(), 'x'), 100),
              HasSubstr("is larger than 100B; save it smaller"));
}

TEST(Branding, NameIsALineOfText) {
  EXPECT_THAT(problems({.name = "Bücher & Söhne <Chat>"}), IsEmpty());
  EXPECT_THAT(problems({.name = "two\nlines"}), ElementsAre("name: must be a text on one line"));
  EXPECT_THAT(problems({.name = "turned\u202Eround"}),
              ElementsAre("name: must be a text on one line"));
  EXPECT_THAT(problems({.name = "\xFF"}), ElementsAre("name: must be a text on one line"));
  EXPECT_THAT(problems({.name = " Chat "}), ElementsAre(HasSubstr("try 'Chat'")));
}

TEST(Branding, ColourSaysWhatToWriteInstead) {
  EXPECT_THAT(problems({.accent_colour = "#14664a"}), IsEmpty());
  EXPECT_THAT(problems({.accent_colour = "#14664A"}), IsEmpty());
  const auto wrong = [](const std::string& colour) {
    const auto found = problems({.accent_colour = colour});
    return found.size() == 1 ? found.front() : "taken";
  };
  EXPECT_EQ(wrong("green"),
            "accent_colour: 'green' is not a colour of six hexadecimal digits, try "
            "'\"#14664a\"'");
  EXPECT_THAT(wrong("f5a623"), HasSubstr("try '\"#f5a623\"'"));
  EXPECT_THAT(wrong("#fa3"), HasSubstr("try '\"#ffaa33\"'"));
  EXPECT_THAT(wrong("#xyz"), HasSubstr("try '\"#14664a\"'"));
}

TEST(Branding, ColourThatCannotBeReadNamesItsContrastAndOneThatCan) {
  const auto found = problems({.accent_colour = "#f5a623"});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found.front(), AllOf(HasSubstr("'#f5a623'"), HasSubstr("have a contrast of 1.8"),
                                   HasSubstr("need 4.5"), HasSubstr("the nearest that has it")));
  const auto at = found.front().rfind('#');
  const std::string nearest = found.front().substr(at, 7);
  EXPECT_THAT(problems({.accent_colour = nearest}), IsEmpty()) << nearest;
}

// Whoever fails by a hair is not told that 4.50 is less than 4.5.
TEST(Branding, ContrastIsNeverRoundedUp) {
  EXPECT_NEAR(accent_contrast({0x14, 0x67, 0xf0}), 4.4988, 0.0001);
  EXPECT_THAT(problems({.accent_colour = "#1467f0"}), ElementsAre(HasSubstr("contrast of 4.49,")));
}

TEST(Branding, HelpIsAnAddressThatPeopleCanOpen) {
  for (const char* good : {"https://example.com", "https://example.com/help?x=1#top",
                           "mailto:help@example.com", "mailto:help@example.com?subject=Account"}) {
    EXPECT_THAT(problems({.help = good}), IsEmpty()) << good;
  }
  const auto wrong = [](const std::string& help) {
    const auto found = problems({.help = help});
    return found.size() == 1 ? found.front() : "taken";
  };
  EXPECT_THAT(wrong("example.com/help"), HasSubstr("try 'https://example.com/help'"));
  EXPECT_THAT(wrong("help@example.com"), HasSubstr("try 'mailto:help@example.com'"));
  EXPECT_THAT(wrong("http://example.com/help"), HasSubstr("try 'https://example.com/help'"));
  for (const char* bad : {"javascript:alert(1)", "https://", "https:///x", "mailto:", "mailto:x",
                          "mailto:@example.com", "mailto:a@", "mailto:a@b@c", "https://a b",
                          "https://a\"b", "https://a<b>", "https://a\nb", "data:text/html,x"}) {
    EXPECT_THAT(wrong(bad), HasSubstr("help: ")) << bad;
  }
}

// The line, the option and what to write instead, as everywhere in the file. Without quotes YAML
// takes a colour for a comment.
struct File {
  BrandingOptions branding;
  template <class Visitor>
  void options(Visitor& visit) {
    visit.group("branding", branding, "What the pages look like.");
  }
};
TEST(Branding, FaultsOfTheFileHaveTheirLine) {
  const auto errors = [](const std::string& yaml) {
    File file;
    auto loaded = config::load(yaml, "/", file);
    return loaded ? config::Errors{} : error_of(loaded);
  };
  EXPECT_THAT(errors("branding:\n  name: Chat\n  accent_colour: \"#14664a\"\n"), IsEmpty());
  EXPECT_THAT(errors("branding:\n  accent_colour: #14664a\n"),
              ElementsAre("line 2: branding.accent_colour: has no value, try '\"#14664a\"'"));
  EXPECT_THAT(errors("branding:\n  name: Chat\n  help: example.com\n"),
              ElementsAre(HasSubstr("line 3: branding.help: 'example.com' is neither")));
  EXPECT_THAT(errors("branding:\n  accent_color: \"#14664a\"\n"),
              ElementsAre(HasSubstr("did you mean 'accent_colour'?")));
}

class BrandingFiles : public ::testing::Test {
 protected:
  config::Path write(const std::string& name, const std::string& bytes) const {
    return {folder_.write(name, bytes)};
  }

  const config::TemporaryFolder folder_;
};

TEST_F(BrandingFiles, AreRead) {
  const auto branding = load_branding({.name = "Chat",
                                       .logo = write("logo.any", kWebp),
                                       .favicon = write("icon", kIco),
                                       .accent_colour = "#14664a",
                                       .help = "https://example.com"});
  ASSERT_TRUE(branding);
  EXPECT_EQ(branding->name, "Chat");
  EXPECT_THAT(branding->logo.value().name, HasSubstr(".webp"));
  EXPECT_EQ(branding->favicon.value().bytes, kIco);
  EXPECT_EQ(branding->accents.value().light.plain, (Colour{0x14, 0x66, 0x4a}));
}

TEST_F(BrandingFiles, ThatCannotBeUsedAreNamedEach) {
  const std::string none = folder_.path("none.png");
  const config::Path large = write("large.png", kPng + std::string(kMaxFavicon, 'x'));
  const auto branding = load_branding({.logo = {none}, .favicon = large});
  ASSERT_FALSE(branding);
  EXPECT_THAT(error_of(branding),
              ElementsAre("logo: cannot read '" + none + "': there is no such file",
                          HasSubstr("favicon: '" + large.value + "' is larger than 64KiB")));
  EXPECT_TRUE(load_branding({.logo = large})) << "a logo may be larger";
}

TEST(DefaultFavicon, IsAPictureThatBrowsersShow) {
  const Picture icon = default_favicon();
  EXPECT_EQ(icon.content_type, "image/svg+xml");
  EXPECT_LT(icon.bytes.size(), 1024U);
}

TEST(Picture, IsKeptFromDoingAnything) {
  const Picture icon = default_favicon();
  const http::Response response = answer(icon, true);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, icon.content_type);
  EXPECT_EQ(response.body, icon.bytes);
  std::map<std::string, std::string> headers(response.headers.begin(), response.headers.end());
  EXPECT_EQ(headers["X-Content-Type-Options"], "nosniff");
  EXPECT_EQ(headers["Cache-Control"], "public, max-age=31536000, immutable");
  EXPECT_EQ(headers["Content-Security-Policy"],
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; "
            "frame-ancestors 'none'");
  for (const auto& [name, value] : answer(icon, false).headers) {
    if (name == "Cache-Control") EXPECT_EQ(value, "public, max-age=86400");
  }
}

}  // namespace
}  // namespace latchkey::html
