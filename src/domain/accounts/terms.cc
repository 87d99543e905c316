#include "domain/accounts/terms.h"

#include <fmt/format.h>

#include "platform/config/document.h"
#include "platform/text/fields.h"

namespace latchkey::accounts {
namespace {

namespace json = boost::json;

constexpr std::size_t kLongest = 2048;  // bytes of a name or an address

// A document in one language.
void check_language(text::Fields& policy, std::string_view language) {
  auto document = policy.required_fields(language);
  document.required_string("name", kLongest);
  const auto url = document.required_string("url", kLongest);
  if (!document.error() && !url.starts_with("https://") && !url.starts_with("http://")) {
    document.refuse("url", text::FieldError::Kind::out_of_range, "expected an http or https URL");
  }
}

}  // namespace

std::expected<Terms, std::string> Terms::read(const json::object& document) {
  text::Fields fields(document);
  const json::object* policies = fields.required_object("policies");
  auto each = fields.required_fields("policies");
  for (std::size_t i = 0; policies != nullptr && i < policies->size(); ++i) {
    const auto name = (policies->begin() + i)->key();
    const auto* entry = each.required_object(name);
    auto policy = each.required_fields(name);
    policy.required_string("version", kLongest);
    if (entry != nullptr && entry->size() < 2) {
      policy.refuse("version", text::FieldError::Kind::out_of_range,
                    "stands alone: expected the document in at least one language, such as en");
    }
    for (std::size_t j = 0; entry != nullptr && j < entry->size(); ++j) {
      const auto language = (entry->begin() + j)->key();
      if (language != "version") check_language(policy, language);
    }
  }
  if (fields.error()) return std::unexpected(fields.error()->sentence);
  if (policies->empty()) return std::unexpected("policies: there is none");
  Terms terms;
  terms.policies_ = *policies;
  return terms;
}

std::expected<Terms, std::string> Terms::load(const std::string& path) {
  const auto document = config::read_document(path);
  if (!document) return std::unexpected(document.error());
  auto terms = read(*document);
  if (!terms) return std::unexpected(fmt::format("{}: {}", path, terms.error()));
  return terms;
}

void Terms::note_acceptance(db::Tx& tx, UserId user, Time now) const {
  for (const auto& [policy, details] : policies_) {
    tx.run(
        "INSERT INTO accepted_terms (user_id, policy, version, accepted_at)"
        " VALUES (:user, :policy, :version, :now) ON CONFLICT DO NOTHING",
        user, std::string_view(policy), std::string_view(details.at("version").as_string()), now);
  }
}

}  // namespace latchkey::accounts
