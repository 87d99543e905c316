#pragma once

#include <boost/json/object.hpp>
#include <expected>
#include <string>
#include <vector>

#include "domain/accounts/user_rows.h"
#include "platform/db/tx.h"

// The documents a person has to agree to at registration (spec "Terms of service at registration").
namespace latchkey::accounts {

class Terms {
 public:
  Terms() = default;  // none
  // From a file of the shape of the stage's parameters: policies, each with a version and, for each
  // language, a name and a url. An error is a sentence with the file's path.
  static std::expected<Terms, std::string> load(const std::string& path);
  static std::expected<Terms, std::string> read(const boost::json::object& document);

  bool empty() const { return policies_.empty(); }
  // The value of `policies`, as clients are shown it.
  const boost::json::object& policies() const { return policies_; }

  // Which version of each document the person has agreed to.
  void note_acceptance(db::Tx& tx, UserId user, Time now) const;

 private:
  boost::json::object policies_;
};

}  // namespace latchkey::accounts
