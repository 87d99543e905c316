#include "endpoints/account_pages/actions.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace latchkey::account_pages {
namespace {

TEST(Action, LeadsToItsPage) {
  struct Row {
    const char* action;
    const char* page;
  };
  for (const Row& row :
       {Row{"org.matrix.profile", "/account/profile"},
        Row{"org.matrix.devices_list", "/account/devices"},
        Row{"org.matrix.device_view", "/account/device?device_id=A%20%2F"},
        Row{"org.matrix.device_delete", "/account/device/delete?device_id=A%20%2F"},
        Row{"org.matrix.account_deactivate", "/account/deactivate"},
        Row{"org.matrix.cross_signing_reset", "/account/cross-signing-reset"},
        // The names of the drafts.
        Row{"profile", "/account/profile"}, Row{"sessions_list", "/account/devices"},
        Row{"session_view", "/account/device?device_id=A%20%2F"},
        Row{"session_end", "/account/device/delete?device_id=A%20%2F"},
        Row{"org.matrix.sessions_list", "/account/devices"},
        Row{"org.matrix.session_view", "/account/device?device_id=A%20%2F"},
        Row{"org.matrix.session_end", "/account/device/delete?device_id=A%20%2F"}}) {
    EXPECT_EQ(page_of_action(row.action, "A /"), row.page) << row.action;
  }
}

TEST(Action, OnNoDeviceLeadsToAllOfThem) {
  EXPECT_EQ(page_of_action("org.matrix.device_delete", ""), "/account/devices");
  EXPECT_EQ(page_of_action("session_view", ""), "/account/devices");
}

TEST(Action, ThatNobodyKnowsLeadsNowhere) {
  for (const char* action : {"", "org.matrix.", "device_delete", "account_deactivate",
                             "org.matrix.Profile", "org.matrix.org.matrix.profile"}) {
    EXPECT_FALSE(page_of_action(action, "A")) << action;
  }
}

TEST(Actions, ThatAreAdvertisedAreThere) {
  for (const auto action : supported_actions({}, true)) {
    EXPECT_TRUE(page_of_action(action, "A")) << action;
  }
}

TEST(Actions, ThatAreSwitchedOffAreNotAdvertised) {
  const auto all = supported_actions({}, true);
  const auto some = supported_actions({.deactivation = false}, true);
  EXPECT_EQ(some.size() + 1, all.size());
  EXPECT_EQ(std::ranges::count(some, "org.matrix.account_deactivate"), 0);
}

TEST(Actions, ThatTakeAHomeserverAreAdvertisedOnlyWithOne) {
  constexpr std::string_view kReset = "org.matrix.cross_signing_reset";
  EXPECT_EQ(std::ranges::count(supported_actions({}, true), kReset), 1);
  EXPECT_EQ(std::ranges::count(supported_actions({}, false), kReset), 0);
}

}  // namespace
}  // namespace latchkey::account_pages
