#include "domain/confirm/auth_flow.h"

#include <gtest/gtest.h>

namespace latchkey::confirm {
namespace {

using enum Stage;

const std::vector<AuthFlow> kOne{{password}};
const std::vector<AuthFlow> kTwo{{registration_token, terms}};
const std::vector<AuthFlow> kEither{{password, terms}, {registration_token, terms}};

struct Case {
  const char* name;
  const std::vector<AuthFlow>& flows;
  AuthFlow completed;
  Stage stage;
  Turn turn;
};

TEST(AuthFlow, EachStageHasItsTurn) {
  const Case cases[] = {
      {"the only stage", kOne, {}, password, Turn::now},
      {"of no flow", kOne, {}, dummy, Turn::not_offered},
      {"the only one, passed", kOne, {password}, password, Turn::passed_already},
      {"the first of two", kTwo, {}, registration_token, Turn::now},
      {"the second of two first", kTwo, {}, terms, Turn::later},
      {"the second in its turn", kTwo, {registration_token}, terms, Turn::now},
      {"the first again", kTwo, {registration_token}, registration_token, Turn::passed_already},
      {"the first of one flow", kEither, {}, password, Turn::now},
      {"the first of the other", kEither, {}, registration_token, Turn::now},
      {"from one flow into the other", kEither, {password}, registration_token, Turn::later},
      {"the end of either", kEither, {registration_token}, terms, Turn::now},
      {"no flow at all", {}, {}, password, Turn::not_offered},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(turn_of(one.flows, one.completed, one.stage), one.turn) << one.name;
  }
}

TEST(AuthFlow, IsCompleteWithAllStagesOfOneFlow) {
  EXPECT_FALSE(complete(kOne, {}));
  EXPECT_TRUE(complete(kOne, {password}));
  EXPECT_FALSE(complete(kTwo, {registration_token}));
  EXPECT_TRUE(complete(kTwo, {registration_token, terms}));
  EXPECT_TRUE(complete(kEither, {password, terms}));
  EXPECT_FALSE(complete(kEither, {password, registration_token}));
  // A user without a way to authenticate never succeeds.
  EXPECT_FALSE(complete({}, {}));
}

TEST(AuthFlow, NamesAreTheSpecificationsAndComeBack) {
  for (const Stage stage : {password, registration_token, terms, dummy, sso}) {
    EXPECT_EQ(stage_named(name_of(stage)), stage);
    EXPECT_TRUE(name_of(stage).starts_with("m.login."));
  }
  EXPECT_FALSE(stage_named("m.login.msisdn").has_value());
  EXPECT_FALSE(stage_named("").has_value());
}

TEST(AuthFlow, KeptTextComesBack) {
  for (const AuthFlow& stages :
       {AuthFlow{}, AuthFlow{terms}, AuthFlow{registration_token, terms}}) {
    EXPECT_EQ(split(join(stages)), stages);
  }
  EXPECT_EQ(split("m.login.terms org.example.new"), AuthFlow{});
}

}  // namespace
}  // namespace latchkey::confirm
