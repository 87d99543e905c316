#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "outbound/oidc/oidc_provider.h"
#include "outbound/oidc/scripted_provider_testing.h"

namespace latchkey::outbound::oidc::testing {

inline constexpr Time kNow{
    std::chrono::sys_days{std::chrono::year{2026} / 11 / 29}.time_since_epoch()};
inline constexpr std::int64_t kNowSeconds =
    std::chrono::duration_cast<std::chrono::seconds>(kNow.time_since_epoch()).count();
inline constexpr const char* kMetadata = "/.well-known/openid-configuration";
inline constexpr const char* kSecret = "a client secret of 32 characters";

using Change = std::function<void(boost::json::object&)>;
Change set(const char* name, boost::json::value value);
Change erase(const char* name);

CallLimits limits();

// A provider, and sign-ins at it. Options are set before the first.
class SignIns : public ::testing::Test {
 protected:
  SignIns();

  OidcProvider& ours();
  providers::Reply<providers::Departure> begin(bool again = false, std::string hint = {});
  providers::Reply<providers::Person> finish(const providers::Departure& departure,
                                             providers::Fields fields, bool again = false);
  providers::Reply<providers::Person> sign_in(bool again = false);
  // The reason why a sign-in came to nothing; "": it did not. No sentence holds a secret.
  std::string reason(const providers::Reply<providers::Person>& reply) const;

  const providers::Fields kBack{{"code", "code"}, {"state", "the state"}};

  ManualClock clock{kNow};
  ScriptedProvider provider{clock};
  OidcOptions options;
  std::map<std::string, std::string> query;  // of the departure
  std::string log;

 private:
  std::unique_ptr<OidcProvider> ours_;
};

}  // namespace latchkey::outbound::oidc::testing
