#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/secret.h"
#include "platform/text/ip_range.h"

namespace re2 {
class RE2;
}

namespace latchkey::services {

// A `users` namespace of a registration: a regular expression over Matrix IDs, in RE2's syntax,
// which takes no backtracking, so neither time nor memory can be made to explode. What Python, in
// which the same files are read by Synapse, understands otherwise is refused.
class UserNamespace {
 public:
  // What is wrong with the expression, as the end of a sentence, or the namespace.
  static std::expected<UserNamespace, std::string> compile(std::string_view regex, bool exclusive);

  // From the first character of the ID, but not necessarily to its last. The specification does
  // not say; this is how Synapse reads the same files (Python's re.match), and what files are
  // written for: "@_irc_" and "@_irc_.*" mean the same, "irc" alone means nobody. The other way,
  // a namespace would be narrower here than there.
  bool holds(std::string_view matrix_id) const;
  bool exclusive() const { return exclusive_; }
  // As it was written.
  const std::string& regex() const;

 private:
  UserNamespace(std::shared_ptr<const re2::RE2> regex, bool exclusive)
      : regex_(std::move(regex)), exclusive_(exclusive) {}

  std::shared_ptr<const re2::RE2> regex_;  // never absent; matching is safe on all threads
  bool exclusive_;
};

// An application service: a program that acts for users of its own, known by the token of its
// registration (Application Service API, "Registration").
struct Service {
  std::string id;
  std::string server_name;  // of the users: this server's
  std::string sender_localpart;
  Secret as_token;
  std::vector<UserNamespace> users;
  std::vector<text::IpRange> addresses =
      {};  // from where the token is good; empty: from everywhere

  // Whether the token is good from there.
  bool may_come_from(std::string_view address) const;
  // Whether it may act for that user: its own (the sender), or one of a namespace of its.
  bool claims(std::string_view localpart) const;
  // Whether nobody else may be that user.
  bool owns(std::string_view localpart) const;
};

}  // namespace latchkey::services
