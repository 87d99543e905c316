#include "domain/providers/told_email_rows.h"

#include <optional>

namespace latchkey::providers {

std::string find_told_email(db::Tx& tx, std::string_view provider, std::string_view subject) {
  const auto row = tx.one<std::optional<std::string>>(
      "SELECT email_hash FROM provider_links WHERE provider = :provider AND subject = :subject",
      provider, subject);
  return row ? std::get<0>(*row).value_or("") : "";
}

void note_told_email(db::Tx& tx, std::string_view provider, std::string_view subject,
                     std::string_view hash) {
  tx.run(
      "UPDATE provider_links SET email_hash = :hash WHERE provider = :provider"
      " AND subject = :subject",
      hash, provider, subject);
}

}  // namespace latchkey::providers
