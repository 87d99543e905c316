#include "endpoints/pages/device_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "domain/sessions/sessions_testing.h"
#include "platform/texts/catalogue.h"

namespace latchkey::pages {
namespace {

using sessions::testing::run;
using ::testing::ElementsAre;

const texts::Language& english() {
  static const texts::Catalogue all;
  return all.english();
}

constexpr const char* kFirefox =
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

TEST(AppNames, AreLookedUpOnceForEachClient) {
  std::vector<std::string> asked;
  const ClientName look_up = [&asked](std::string client) -> Task<std::string> {
    asked.push_back(client);
    co_return client == "known" ? "An App" : "";
  };
  AppNames names(look_up);
  for (int row = 0; row < 3; ++row) {
    EXPECT_EQ(run(names.of("known")), "An App");
    EXPECT_EQ(run(names.of("gone")), "");
    EXPECT_EQ(run(names.of("")), "") << "the legacy API is nobody's app";
  }
  EXPECT_THAT(asked, ElementsAre("known", "gone"));
}

TEST(AppNames, AreNoneWhereNobodyKnowsAny) {
  const ClientName nobody;
  EXPECT_EQ(run(AppNames(nobody).of("app")), "");
}

TEST(Browser, IsNamedAsPeopleKnowIt) {
  struct Row {
    const char* agent;
    const char* name;
  };
  for (const Row& row :
       {Row{"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Linux"},
        Row{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
            "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
            "Edge on Windows"},
        Row{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, "
            "like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
            "Safari on iPhone"},
        Row{"curl/8.0", ""}}) {
    EXPECT_EQ(browser_name(english(), row.agent), row.name);
  }
}

TEST(Device, IsCalledByWhatSaysMostOfIt) {
  self::AccountDevice device;
  EXPECT_EQ(device_name(english(), device, ""), "");
  device.user_agent = kFirefox;
  EXPECT_EQ(device_name(english(), device, ""), "Firefox on Linux");
  EXPECT_EQ(device_name(english(), device, "An App"), "An App");
  device.display_name = "Alice's laptop";
  EXPECT_EQ(device_name(english(), device, "An App"), "Alice's laptop");
}

TEST(Names, AreToldApartWhereTheyAreTheSame) {
  const Called all[] = {
      {"Chrome on Linux", "1 hour ago"}, {"Phone", "just now"}, {"Chrome on Linux", "just now"},
      {"Chrome on Linux", "just now"},   {"Tablet", ""},        {"Tablet", ""}};
  EXPECT_EQ(
      told_apart(all),
      (std::vector<std::string>{"Chrome on Linux, 1 hour ago", "Phone", "Chrome on Linux, just now",
                                "Chrome on Linux, just now, 2", "Tablet", "Tablet, 2"}));
}

}  // namespace
}  // namespace latchkey::pages
