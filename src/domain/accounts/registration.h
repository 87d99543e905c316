#pragma once

#include "platform/config/bounds.h"

namespace latchkey::accounts {

// The options of `registration:`.
struct RegistrationOptions {
  bool open = false;

  template <class Visitor>
  void options(Visitor& visit) {
    visit("open", open, "Whether anybody may create an account (m.login.dummy).");
  }
};

}  // namespace latchkey::accounts
