#include "platform/html/templates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "platform/html/address.h"
#include "platform/texts/catalogue.h"

namespace latchkey::html {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const texts::Catalogue& catalogue() {
  static const texts::Catalogue all;
  return all;
}

const texts::Language& english() { return catalogue().english(); }

std::string render(std::string_view text, const Values& values,
                   std::string_view name = "page.html") {
  const WebFile files[] = {{name, text}};
  return Templates(files).render(name, values, english());
}

// One value, in one place.
std::string with(std::string_view text, std::string_view value) {
  return render(text, Values().set("X", value));
}

TEST(Escaping, FitsThePlace) {
  struct Row {
    std::string_view where;
    std::string_view value;
    std::string_view result;
  };
  const Row rows[] = {
      {"<p>{{X}}</p>", "<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"},
      {"<p>{{X}}</p>", "Ä & 'ß' \"ü\"", "<p>Ä &amp; &#39;ß&#39; &quot;ü&quot;</p>"},
      {"<title>{{X}}</title>", "</title><script>", "<title>&lt;/title&gt;&lt;script&gt;</title>"},
      {R"(<input value="{{X}}">)", R"x(" onfocus="alert(1))x",
       R"x(<input value="&quot; onfocus=&quot;alert(1)">)x"},
      {"<input value='{{X}}'>", "' autofocus x='", "<input value='&#39; autofocus x=&#39;'>"},
      {R"(<a href="{{X}}">)", "javascript:alert(1)", R"(<a href="#">)"},
      {R"(<a href="{{X}}">)", " JavaScript:alert(1)", R"(<a href="#">)"},
      {R"(<a href="{{X}}">)", "data:text/html,<script>", R"(<a href="#">)"},
      {R"(<a href="{{X}}">)", R"(https://example.org/?a=1&b="><b>)",
       R"(<a href="https://example.org/?a=1&amp;b=&quot;&gt;&lt;b&gt;">)"},
      // Inside a URL: no way out of the attribute, but one into the next parameter.
      {R"(<a href="/x?y={{X}}">)", R"(a&b="c)", R"(<a href="/x?y=a&amp;b=&quot;c">)"},
  };
  for (const Row& row : rows) EXPECT_EQ(with(row.where, row.value), row.result) << row.where;
}

TEST(Escaping, LetsALinkLeadToAnAppOnThisDevice) {
  struct Row {
    std::string_view address;
    std::string_view result;
  };
  for (const auto& [address, result] : {
           Row{"com.example.app:/callback?a=1&b=2", "com.example.app:/callback?a=1&amp;b=2"},
           Row{"im.fluffychat://login", "im.fluffychat://login"},
           Row{"a.b:\"><script>", "a.b:&quot;&gt;&lt;script&gt;"},
           Row{"https://app.example/x", "https://app.example/x"},
           Row{"/account/", "/account/"},
           Row{"javascript:alert(1)", "#"},
           Row{"JavaScript:a.b:c", "#"},
           Row{"javascript:.:", "#"},
           Row{" javascript:a.b", "#"},
           Row{"java\nscript.x:alert(1)", "#"},
           Row{"javascript%2e.x:alert(1)", "#"},
           Row{"data:text/html,a.b:<script>", "#"},
           Row{"vbscript:a.b", "#"},
           Row{"blob:https://a.example/x", "#"},
           Row{"intent://a.example/#Intent;end", "#"},
           Row{".x:alert(1)", "#"},
       }) {
    Values values;
    set_address(values, "X", address);
    const std::string page =
        render(R"(<a href="{{X}}{{#X_APP}}{{SCHEME}}:{{REST}}{{/X_APP}}">)", values);
    EXPECT_EQ(page, "<a href=\"" + std::string(result) + "\">") << address;
  }
}

TEST(Templates, SendBackToTheLetterWhatIsNotRead) {
  constexpr std::string_view kOdd = "PHONE\u200b\u202e<\">";
  constexpr std::string_view kForm = R"(<input type="hidden" value="{{X}}">)";
  EXPECT_EQ(render(kForm, Values().set_sent("X", kOdd)),
            "<input type=\"hidden\" value=\"PHONE\u200b\u202e&lt;&quot;&gt;\">");
  EXPECT_EQ(render("{{#X}}[{{X}}]{{/X}}", Values().add_sent("X", kOdd)),
            "[PHONE\u200b\u202e&lt;&quot;&gt;]");
  EXPECT_EQ(render("{{#X}}[{{X}}]{{/X}}", Values().add_sent("X", "")), "");
  EXPECT_EQ(with(kForm, kOdd), "<input type=\"hidden\" value=\"PHONE&lt;&quot;&gt;\">");
}

TEST(Escaping, HoldsWhereNoValueShouldStand) {
  EXPECT_THAT(with("<input value={{X}}>", "a onfocus=alert(1)"), Not(HasSubstr(" onfocus=")));
  EXPECT_EQ(with("<script>var x = '{{X}}';</script>", "'; f() </script>"),
            R"x(<script>var x = '\x27; f() \x3c/script\x3e';</script>)x");
  EXPECT_THAT(with(R"(<p style="color: {{X}}">)", R"x(red; background: url("//evil"))x"),
              Not(HasSubstr("url(")));
  EXPECT_THAT(with(R"x(<p onclick="f('{{X}}')">)x", "'); alert(1); ('"), Not(HasSubstr("');")));
}

TEST(Escaping, HoldsInWhatIsIncludedAndRepeated) {
  const WebFile files[] = {{"outer.html", "{{#ROW}}[{{X}}{{>INNER}}]{{/ROW}}"},
                           {"inner.html", "<i title=\"{{X}}\">"}};
  Values values;
  values.set("X", "<");
  values.add("ROW").set("X", ">").include("INNER", "inner.html");
  values.add("ROW").include("INNER", "inner.html").set("X", "\"");
  EXPECT_EQ(Templates(files).render("outer.html", values, english()),
            "[&gt;<i title=\"\">][&lt;<i title=\"&quot;\">]")
      << "a section looks up what it lacks, an included file does not";
}

TEST(Templates, HaveWhatTheirPartsSayInTheirPlace) {
  const WebFile files[] = {
      {"outer.html", "{{#ROW}}<i title=\"{{>part.html}}\">{{>part.html}}{{/ROW}}{{>INNER}}"},
      {"inner.html", "{{>part.html}}"},
      {"part.html", "{{X}}{{#Y}} {{cancel}}{{/Y}}"}};
  Values values;
  values.set("X", "\"");
  values.add("ROW").add("Y");
  values.include("INNER", "inner.html").set("X", "<");
  EXPECT_EQ(Templates(files).render("outer.html", values, english()),
            "<i title=\"&quot; Cancel\">&quot; Cancel&lt;");
}

TEST(Escaping, CannotBeTurnedOff) {
  for (const std::string_view text :
       {"<p>{{X:none}}</p>", "<p>{{X:h}}</p>", "{{#A}}{{X:none}}{{/A}}", "{{>X:none}}",
        "{{%AUTOESCAPE context=\"TXT\"}}{{X}}", "{{=<% %>=}}<%X%>", "{{{X:none}}}",
        "{{{%AUTOESCAPE context=\"TXT\"}}{{X}}", "{{{=<% %>=}}<%X:none%>", "{{!}}{{X:none}}",
        "{{! {{X:none}} }}"}) {
    EXPECT_THROW(render(text, {}), std::invalid_argument) << text;
  }
}

// Whoever writes a template learns what it may not do, not only that it is none.
TEST(Escaping, SaysWhatWouldTurnItOff) {
  struct Row {
    std::string_view text;
    const char* says;
  };
  for (const auto& [text, says] : {
           Row{"{{%AUTOESCAPE context=\"TXT\"}}{{X}}", "has a pragma of its own"},
           Row{"{{=<% %>=}}<%X%>", "changes the delimiters"},
           Row{"<p>{{X:none}}</p>", "has a modifier"},
       }) {
    try {
      render(text, {}, "page.html");
      ADD_FAILURE() << text;
    } catch (const std::invalid_argument& fault) {
      EXPECT_THAT(fault.what(), HasSubstr(says));
    }
  }
}

TEST(Templates, HaveSectionsListsAndComments) {
  Values values;
  EXPECT_EQ(render("{{! no: thing }}{{#A}}a{{X}}{{/A}}.", values), ".");
  values.add("A").set("X", "1");
  values.add("A").set("X", "2");
  EXPECT_EQ(render("{{#A}}a{{X}}{{/A}}.", values), "a1a2.");
  EXPECT_EQ(render("[{{X}}]", values), "[]");
}

TEST(Templates, ShowATextOnlyWhenThereIsOne) {
  constexpr std::string_view kText = "{{#E}}<p>{{E}}</p>{{/E}}";
  EXPECT_EQ(render(kText, Values().add_text("E", "")), "");
  Values values;
  values.add_text("E", "a < b");
  EXPECT_EQ(render(kText, values), "<p>a &lt; b</p>");
}

// Also where a section or an included file says them, and escaped as any value.
TEST(Templates, SayTextsInTheLanguageOfThePage) {
  const WebFile files[] = {{"page.html", "{{cancel}}{{#A}}, {{save}}{{/A}}{{>B}}"},
                           {"b.html", "<p title=\"{{i_accept}}\">{{X}}{{sign_in}}</p>"}};
  const Templates templates(files);
  Values values;
  values.add("A");
  values.include("B", "b.html").set("X", "& ");
  EXPECT_EQ(templates.render("page.html", values, english()),
            "Cancel, Save<p title=\"I accept:\">&amp; Sign in</p>");
  EXPECT_EQ(templates.render("page.html", values, catalogue().best("de", "")),
            "Abbrechen, Speichern<p title=\"Ich stimme zu:\">&amp; Anmelden</p>");
}

TEST(Templates, SayNothingThatIsNotInTheCatalogue) {
  for (const std::string_view text : {"{{no_such_text}}", "{{logout_back}}"}) {
    EXPECT_THROW(render(text, {}), std::invalid_argument) << text;
  }
}

TEST(Templates, KeepTheirBytes) {
  constexpr std::string_view kStyle = "\n a {\n  b: c;\n}\n\n";
  EXPECT_EQ(render(kStyle, {}, "style.css"), kStyle);
}

TEST(Templates, ThatDoNotParseAreNamed) {
  for (const std::string_view text : {"{{#A}}", "{{/A}}", "{{A", "<a {{X}}=\"{{", "{{ A B }}",
                                      "{{>gone.html}}", "{{>broken.html}}", "{{>"}) {
    try {
      render(text, {}, "broken.html");
      ADD_FAILURE() << text;
    } catch (const std::invalid_argument& fault) {
      EXPECT_THAT(fault.what(), HasSubstr("web/broken.html"));
    }
  }
  EXPECT_THROW(render("", {}, "page.txt"), std::invalid_argument);
}

// Not even a file of that name is read.
TEST(Templates, AreOnlyThoseThatWereGiven) {
  const std::string file = std::string(LATCHKEY_SOURCE_DIR) + "/web/layout.html";
  const WebFile files[] = {{"page.html", "{{>A}}"}};
  const Templates templates(files);
  EXPECT_THROW(templates.render(file, {}, english()), std::logic_error);
  Values values;
  values.include("A", file);
  EXPECT_THROW(templates.render("page.html", values, english()), std::logic_error);
}

TEST(Templates, AreRenderedByManyThreadsAtOnce) {
  const WebFile files[] = {{"page.html", "{{#A}}<p>{{X}}</p>{{/A}}{{>B}}"},
                           {"b.html", "<b>{{X}}</b>"}};
  const Templates templates(files);
  const auto work = [&templates](int number) {
    const std::string text = std::to_string(number);
    for (int i = 0; i < 500; ++i) {
      Values values;
      values.add("A").set("X", text);
      values.include("B", "b.html").set("X", text);
      ASSERT_EQ(templates.render("page.html", values, english()),
                "<p>" + text + "</p><b>" + text + "</b>");
    }
  };
  std::vector<std::jthread> threads;
  for (int number = 0; number < 4; ++number) threads.emplace_back(work, number);
}

}  // namespace
}  // namespace latchkey::html
