#pragma once

#include <atomic>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/providers/provider_set.h"

// Providers for tests.
namespace latchkey::providers::testing {

// One to which browsers are sent, that does what the test says.
class ScriptedProvider : public BrowserProvider {
 public:
  // Who comes back, by the field "code" of what came back.
  std::function<Reply<Person>(const Returned&)> who;
  // What it says that it has to know of this server.
  std::optional<std::string> document = {};
  // Whether it was asked to have people prove themselves anew, the last time.
  bool asked_again = false;
  // Whether people can be signed out there.
  bool signs_out = true;

  Reply<Departure> begin(const Beginning& beginning, const CallLimits& limits) override;
  Reply<Person> finish(const Returned& returned, const CallLimits& limits) override;
  std::optional<std::string> state_of(const Fields& fields) const override;
  Reply<LogoutNotice> read_logout(const Fields& fields, const CallLimits& limits) override;
  std::optional<Departure> sign_out(const SigningOut& leaving) override;
  Reply<std::vector<std::string>> test(const CallLimits& limits) override;
  std::optional<std::string> own_metadata() override;
};

// A directory that does what the test says; at first it knows nobody.
class ScriptedDirectory : public PasswordProvider {
 public:
  // Whose password it is, of a name or of a subject (then the name is empty).
  std::function<Reply<Person>(const std::string& user, const std::string& subject,
                              const std::string& password)>
      who;
  std::function<Reply<Presence>(const std::string& subject)> presence;
  std::atomic<int> asked = 0;  // for passwords

  Reply<Person> check(std::string_view user, const Secret& password,
                      const CallLimits& limits) override;
  Reply<Person> check_known(std::string_view subject, std::string_view user, const Secret& password,
                            const CallLimits& limits) override;
  Reply<Presence> look_up(std::string_view subject, const CallLimits& limits) override;
  Reply<std::vector<std::string>> test(const CallLimits& limits) override;
};

// That one of them, a directory.
ScriptedDirectory& directory_of(const ProviderSet& providers, std::string_view id);

// Configured like that: directories of kind ldap, the others scripted.
ProviderSet set_of(std::vector<ProviderOptions> configured);

// Providers of these ids: to which browsers are sent, and directories.
ProviderSet set_of(std::initializer_list<std::string> browsers,
                   std::initializer_list<std::string> directories);

}  // namespace latchkey::providers::testing
