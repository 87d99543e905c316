#pragma once

namespace latchkey::self {

// The options of `account:`: what people may change of their own account, in apps and on the
// account pages. Operators may change everything, and application services what is their users'.
struct AccountOptions {
  bool password_change = true;
  bool displayname_change = true;
  bool deactivation = true;

  template <class Visitor>
  void options(Visitor& visit) {
    visit(
        "password_change", password_change,
        "Whether people may replace their password, knowing the one before. A recovery link works "
        "all the same.");
    visit("displayname_change", displayname_change,
          "Whether people may change their name on the account pages.");
    visit("deactivation", deactivation,
          "Whether people may deactivate their own account, which cannot be undone by them.");
  }
};

}  // namespace latchkey::self
