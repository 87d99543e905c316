#include "endpoints/matrix/fallback_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

namespace latchkey::matrix {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const html::Pages& pages() {
  static const html::Pages all("example.org");
  return all;
}

const texts::Language& english() { return pages().texts().english(); }

const FallbackForm kForm{
    .session = "uia_4tZ",
    .purpose = "Confirm that it is you, @alice:example.org, to delete the device PHONE.",
    .error = "",
    .status = 200};
const FallbackForm kFailed{.session = kForm.session,
                           .purpose = kForm.purpose,
                           .error = "That did not work. Try again.",
                           .status = 403};
const pages::Policy kPolicies[] = {
    {"terms-1.2", "Terms of Service", "https://example.org/terms?v=1.2&lang=en", true},
    {"privacy-3", "Privacy \"Policy\"", "javascript:alert(1)", false}};

using Stage = std::function<http::Response(const FallbackForm&)>;
const std::map<std::string, Stage> kStages = {
    {"password",
     [](const auto& form) {
       return password_page(pages(), english(), form, "@alice:example.org");
     }},
    {"registration_token",
     [](const auto& form) { return registration_token_page(pages(), english(), form); }},
    {"terms", [](const auto& form) { return terms_page(pages(), english(), form, kPolicies); }},
    {"dummy", [](const auto& form) { return dummy_page(pages(), english(), form); }}};

std::string policy_of(const http::Response& response) {
  for (const auto& [name, value] : response.headers) {
    if (name == "Content-Security-Policy") return value;
  }
  return {};
}

std::string name_is(std::string_view field) { return " name=\"" + std::string(field) + "\""; }

TEST(FallbackPage, PostsItsSessionToItsOwnPath) {
  for (const auto& [name, stage] : kStages) {
    const http::Response response = stage(kForm);
    EXPECT_EQ(response.status, 200) << name;
    EXPECT_EQ(response.content_type, "text/html; charset=utf-8") << name;
    // ".../fallback/web", relative to itself: the same path, without the query.
    EXPECT_THAT(response.body, HasSubstr("<form method=\"post\" action=\"web\">")) << name;
    EXPECT_THAT(response.body, HasSubstr("<input type=\"hidden\"" +
                                         name_is(fallback_field::kSession) + " value=\"uia_4tZ\">"))
        << name;
    EXPECT_THAT(response.body, HasSubstr("<button type=\"submit\">")) << name;
    EXPECT_THAT(response.body, HasSubstr(kForm.purpose)) << name;
  }
}

TEST(FallbackPage, NeedsNoScript) {
  for (const auto& [name, stage] : kStages) {
    EXPECT_THAT(stage(kForm).body, Not(HasSubstr("<script"))) << name;
    EXPECT_THAT(policy_of(stage(kForm)),
                AllOf(HasSubstr("default-src 'none'"), HasSubstr("frame-ancestors 'none'"),
                      Not(HasSubstr("script-src"))))
        << name;
  }
}

TEST(FallbackPage, SaysWhatWasWrong) {
  for (const auto& [name, stage] : kStages) {
    EXPECT_THAT(stage(kForm).body, Not(HasSubstr("role=\"alert\""))) << name;
    const http::Response response = stage(kFailed);
    EXPECT_EQ(response.status, 403) << name;
    EXPECT_THAT(response.body, HasSubstr("role=\"alert\"")) << name;
    EXPECT_THAT(response.body, HasSubstr(kFailed.error)) << name;
  }
}

// A device may be called anything.
TEST(FallbackPage, ShowsNamesAsTheyAre) {
  FallbackForm form = kForm;
  form.session = "\"><script>alert(1)</script>";
  form.purpose = "Delete the device <script>alert(2)</script>.";
  form.error = "No \"device\" <b>";
  for (const auto& [name, stage] : kStages) {
    const std::string body = stage(form).body;
    EXPECT_THAT(body, Not(HasSubstr("<script"))) << name;
    EXPECT_THAT(body, HasSubstr("value=\"&quot;&gt;&lt;script&gt;")) << name;
    EXPECT_THAT(body, HasSubstr("device &lt;script&gt;alert(2)")) << name;
    EXPECT_THAT(body, HasSubstr("No &quot;device&quot; &lt;b&gt;")) << name;
  }
}

TEST(PasswordPage, AsksForThePasswordOfTheAccount) {
  const std::string body = password_page(pages(), english(), kForm, "@alice:example.org").body;
  EXPECT_THAT(body, HasSubstr(name_is(fallback_field::kPassword)));
  EXPECT_THAT(body, HasSubstr("type=\"password\""));
  EXPECT_THAT(body, HasSubstr("autocomplete=\"current-password\""));
  EXPECT_THAT(body, HasSubstr("autocomplete=\"username\" value=\"@alice:example.org\" readonly>"));
  EXPECT_THAT(body, Not(HasSubstr("maxlength"))) << "browsers cut in silence";
}

TEST(RegistrationTokenPage, AsksForTheToken) {
  const std::string body = registration_token_page(pages(), english(), kForm).body;
  EXPECT_THAT(body, HasSubstr(name_is(fallback_field::kToken)));
}

TEST(TermsPage, HasACheckboxForEachPolicy) {
  const std::string body = terms_page(pages(), english(), kForm, kPolicies).body;
  const std::string box = "type=\"checkbox\"" + name_is(pages::kAccepted) + " value=";
  EXPECT_THAT(body, HasSubstr("id=\"policy-1\" " + box + "\"terms-1.2\" required checked>"));
  EXPECT_THAT(body, HasSubstr("id=\"policy-2\" " + box + "\"privacy-3\" required>"));
  EXPECT_THAT(body, HasSubstr("<label for=\"policy-2\">"));
  EXPECT_THAT(body, HasSubstr("href=\"https://example.org/terms?v=1.2&amp;lang=en\""));
  EXPECT_THAT(body, HasSubstr("Privacy &quot;Policy&quot;"));
  EXPECT_THAT(body, Not(HasSubstr("javascript:"))) << "not even from the server's own policies";
}

// The spec's lines, to the letter: clients wait for one or the other.
TEST(DonePage, TellsTheClientAndThePerson) {
  const http::Response response = done_page(pages(), english());
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr(R"(<script>
if (window.onAuthDone) {
    window.onAuthDone();
} else if (window.opener && window.opener.postMessage) {
    window.opener.postMessage("authDone", "*");
}
</script>)"));
  EXPECT_THAT(policy_of(response), HasSubstr("; script-src 'sha256-"));
  EXPECT_THAT(policy_of(response), Not(HasSubstr("unsafe")));
  EXPECT_THAT(response.body, HasSubstr("Go back to your app"));
}

TEST(GonePage, SaysWhyAndWhatToDo) {
  const http::Response response = gone_page(pages(), english(), "It was used <already>.");
  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(response.body, HasSubstr("It was used &lt;already&gt;."));
  EXPECT_THAT(response.body, AllOf(HasSubstr("Go back to your app"), Not(HasSubstr("<form"))));
  EXPECT_EQ(gone_page(pages(), english(), "", 410).status, 410);
}

}  // namespace
}  // namespace latchkey::matrix
