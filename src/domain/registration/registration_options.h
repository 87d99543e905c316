#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "platform/config/bounds.h"
#include "platform/config/types.h"

namespace latchkey::registration {

// The options of `registration:`.
struct RegistrationOptions {
  bool open = false;
  bool token_required = false;
  config::Path terms_file = {};
  std::vector<std::string> reserved_names{"_*",         "abuse",      "admin",    "administrator",
                                          "hostmaster", "postmaster", "root",     "security",
                                          "support",    "system",     "webmaster"};

  template <class Visitor>
  void options(Visitor& visit) {
    visit("open", open, "Whether people may create accounts with a password.");
    visit("token_required", token_required,
          "Whether they need a registration token for it (latchkey registration-token create).");
    visit("terms_file", terms_file,
          "A YAML file of the documents that they must agree to (m.login.terms): policies, each "
          "with a version and, for each language, a name and a url.");
    visit("reserved_names", reserved_names,
          "User names that nobody can register, * standing for anything; the command line and "
          "application services can.");
  }
};

// Whether one of the patterns is the name, as fnmatch(3) has it.
bool reserved(std::string_view localpart, const std::vector<std::string>& patterns);

}  // namespace latchkey::registration
