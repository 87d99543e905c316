#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/providers/provider.h"

// What a directory's answers mean (RFC 4511 appendix A, and what directories really say).
namespace latchkey::outbound::ldap {

// Why an operation came to nothing.
struct Trouble {
  int code = 0;            // a result code, or one of libldap's own below zero
  std::string diagnostic;  // what the server, or the TLS library, says besides
  // Of the password policy (draft-behera-ldap-password-policy section 6.2).
  std::optional<int> policy = {};
};

enum class Step { connect, bind_ours, bind_person, search };

// What it means to whoever wants to sign in.
providers::Failure meaning_of(Step step, const Trouble& trouble);
// Whether it is the server's trouble, so that another one may do better.
bool is_of_server(Step step, const Trouble& trouble);

// A good answer to the person's password with which the policy asks for a new one first.
providers::Failure password_to_be_changed();

}  // namespace latchkey::outbound::ldap
