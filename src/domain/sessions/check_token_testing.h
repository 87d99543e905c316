#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "domain/sessions/sessions_testing.h"

namespace latchkey::sessions::testing {

// A server where alice has signed in on a phone, and what its tokens are worth.
class CheckToken : public OnEachEngine {
 protected:
  void expect(std::string_view token, Worth worth, Reason reason) {
    const Standing standing = server_.check(token);
    EXPECT_EQ(standing.worth, worth);
    EXPECT_EQ(standing.reason, reason);
  }

  Account alice_ = server_.add_user("alice");
  TestSessions::SignedIn phone_ = server_.sign_in(alice_, TestSessions::refreshing("PHONE"));
};

}  // namespace latchkey::sessions::testing
