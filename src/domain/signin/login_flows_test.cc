// Which ways lead back to an account (MSC3741), as a table.
#include "domain/signin/login_flows.h"

#include <gtest/gtest.h>

namespace latchkey::signin {
namespace {

constexpr AuthMethods kPassword{AuthMethod::password};
constexpr LoginOffer kAll{.methods = kPassword, .login_tokens = true, .services = true};
constexpr AuthMethods kProvider{AuthMethod::provider};
constexpr AuthMethods kBoth{AuthMethod::password, AuthMethod::provider};
constexpr LoginOffer kProviders{.methods = kBoth, .providers = true, .login_tokens = true};
constexpr LoginOffer kOnlyProviders{.methods = kProvider, .providers = true, .login_tokens = true};
constexpr LoginOffer kNoPasswords{.methods = {}, .login_tokens = true, .services = true};
constexpr LoginOffer kNoTokens{.methods = kPassword, .login_tokens = false, .services = false};
constexpr std::optional<ReturningAccount> kNobody;

constexpr std::string_view kSso = "m.login.sso";
constexpr std::string_view kByPassword = "m.login.password";
constexpr std::string_view kByToken = "m.login.token";
constexpr std::string_view kByService = "m.login.application_service";

struct Case {
  const char* name;
  LoginOffer offer;
  std::optional<ReturningAccount> account;
  std::vector<std::string_view> flows;
};

const Case kCases[] = {
    {"anybody", kAll, kNobody, {kSso, kByPassword, kByToken, kByService}},
    {"anybody, without passwords", kNoPasswords, kNobody, {kByService}},
    {"anybody, without login tokens", kNoTokens, kNobody, {kByPassword}},
    {"with a password",
     kAll,
     ReturningAccount{.methods = kPassword, .of_service = false},
     {kSso, kByPassword, kByToken}},
    {"without one", kAll, ReturningAccount{.methods = {}, .of_service = false}, {}},
    {"without one, of a service",
     kAll,
     ReturningAccount{.methods = {}, .of_service = true},
     {kByService}},
    {"with one, of a service",
     kAll,
     ReturningAccount{.methods = kPassword, .of_service = true},
     {kSso, kByPassword, kByToken, kByService}},
    {"with a password that is of no use",
     kNoPasswords,
     ReturningAccount{.methods = kPassword, .of_service = false},
     {}},
    {"anybody, with providers", kProviders, kNobody, {kSso, kByPassword, kByToken}},
    {"anybody, with providers alone", kOnlyProviders, kNobody, {kSso, kByToken}},
    {"with a link", kProviders, ReturningAccount{.methods = kProvider}, {kSso, kByToken}},
    {"with a link and a password",
     kProviders,
     ReturningAccount{.methods = kBoth},
     {kSso, kByPassword, kByToken}},
    {"with a password and no link",
     kProviders,
     ReturningAccount{.methods = kPassword},
     {kByPassword, kByToken}},
    {"with a password that is of no use beside providers",
     kOnlyProviders,
     ReturningAccount{.methods = kPassword},
     {}},
    {"of a service that is gone",
     kNoTokens,
     ReturningAccount{.methods = {}, .of_service = true},
     {}},
};

TEST(LoginFlows, OnlyWhatLeadsBack) {
  for (const Case& one : kCases) {
    std::vector<std::string_view> types;
    for (const LoginFlow& flow : flows_for(one.offer, one.account)) types.push_back(flow.type);
    EXPECT_EQ(types, one.flows) << one.name;
  }
}

TEST(LoginFlows, SomeAreMarked) {
  for (const LoginFlow& flow : flows_for(kAll, kNobody)) {
    const std::string_view mark = flow.type == kSso       ? "oauth_aware_preferred"
                                  : flow.type == kByToken ? "get_login_token"
                                                          : "";
    EXPECT_EQ(flow.marked, mark) << flow.type;
  }
}

}  // namespace
}  // namespace latchkey::signin
