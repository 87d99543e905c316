#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "outbound/saml/saml_provider.h"
#include "outbound/saml/scripted_idp_testing.h"

namespace latchkey::outbound::saml::testing {

CallLimits limits();

// The fields of a query, decoded.
std::map<std::string, std::string> fields_in(std::string_view query);

// A provider whose metadata are a file, and sign-ins at it. Options are set before the first.
class SignIns : public ::testing::Test {
 protected:
  SignIns();
  ~SignIns() override;

  void describe(const std::string& metadata);
  SamlProvider& ours();
  providers::Reply<providers::Departure> begin(bool again = false);
  // Of the AuthnRequest that was written.
  std::string request_of(const providers::Departure& departure);
  providers::Reply<providers::Person> finish(const std::string& response,
                                             const std::string& request_id, bool again = false);
  // Begins, has it answered like that, and comes back.
  providers::Reply<providers::Person> sign_in(Said said = {}, bool again = false);
  static std::string reason(const providers::Reply<providers::Person>& reply);

  ManualClock clock{kNow};
  SamlOptions options;
  std::string log;
  int keys_asked = 0;

 private:
  const std::filesystem::path folder_;
  std::unique_ptr<SamlProvider> ours_;
};

}  // namespace latchkey::outbound::saml::testing
