#include "endpoints/account_pages/app_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "domain/sessions/sessions_testing.h"

namespace latchkey::account_pages {
namespace {

using sessions::testing::run;
using ::testing::ElementsAre;

TEST(AppNames, AreLookedUpOnceForEachClient) {
  std::vector<std::string> asked;
  const ClientName look_up = [&asked](std::string client) -> Task<std::string> {
    asked.push_back(client);
    co_return client == "known" ? "An App" : "";
  };
  AppNames names(look_up);
  for (int row = 0; row < 3; ++row) {
    EXPECT_EQ(run(names.of("known")), "An App");
    EXPECT_EQ(run(names.of("gone")), "gone");
    EXPECT_EQ(run(names.of("")), "") << "the legacy API is nobody's app";
  }
  EXPECT_THAT(asked, ElementsAre("known", "gone"));
}

TEST(AppNames, AreTheIdsWhereNobodyKnowsAny) {
  const ClientName nobody;
  EXPECT_EQ(run(AppNames(nobody).of("app")), "app");
}

}  // namespace
}  // namespace latchkey::account_pages
