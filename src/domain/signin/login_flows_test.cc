// Which ways lead back to an account (MSC3741), as a table.
#include "domain/signin/login_flows.h"

#include <gtest/gtest.h>

namespace latchkey::signin {
namespace {

constexpr LoginOffer kAll{.passwords = true, .login_tokens = true, .services = true};
constexpr LoginOffer kNoPasswords{.passwords = false, .login_tokens = true, .services = true};
constexpr LoginOffer kNoTokens{.passwords = true, .login_tokens = false, .services = false};
constexpr std::optional<ReturningAccount> kNobody;

struct Case {
  const char* name;
  LoginOffer offer;
  std::optional<ReturningAccount> account;
  LoginFlows flows;
};

constexpr Case kCases[] = {
    {"anybody", kAll, kNobody, {true, true, true, true}},
    {"anybody, without passwords", kNoPasswords, kNobody, {false, false, false, true}},
    {"anybody, without login tokens", kNoTokens, kNobody, {true, false, false, false}},
    {"with a password", kAll, ReturningAccount{true, false}, {true, true, true, false}},
    {"without one", kAll, ReturningAccount{false, false}, {false, false, false, false}},
    {"without one, of a service", kAll, ReturningAccount{false, true}, {false, false, false, true}},
    {"with one, of a service", kAll, ReturningAccount{true, true}, {true, true, true, true}},
    {"with a password that is of no use", kNoPasswords, ReturningAccount{true, false}, {}},
    {"of a service that is gone", kNoTokens, ReturningAccount{false, true}, {}},
};

TEST(LoginFlows, OnlyWhatLeadsBack) {
  for (const Case& one : kCases) {
    EXPECT_EQ(flows_for(one.offer, one.account), one.flows) << one.name;
  }
}

}  // namespace
}  // namespace latchkey::signin
