#include "domain/providers/link_rows.h"

#include <utility>

namespace latchkey::providers {
namespace {

using Row =
    std::tuple<std::string, std::string, UserId, Time, std::optional<Time>, std::optional<Time>>;

Link link_of(Row row) {
  auto& [provider, subject, user, created_at, used_at, logout_at] = row;
  return {std::move(provider), std::move(subject), user, created_at, used_at, logout_at};
}

}  // namespace

std::optional<Link> find_link(db::Tx& tx, std::string_view provider, std::string_view subject) {
  auto row =
      tx.one<std::string, std::string, UserId, Time, std::optional<Time>, std::optional<Time>>(
          "SELECT provider, subject, user_id, created_at, used_at, logout_at FROM provider_links"
          " WHERE provider = :provider AND subject = :subject",
          provider, subject);
  if (!row) return std::nullopt;
  return link_of(std::move(*row));
}

std::vector<Link> links_of(db::Tx& tx, UserId user) {
  std::vector<Link> links;
  for (auto& row :
       tx.all<std::string, std::string, UserId, Time, std::optional<Time>, std::optional<Time>>(
           "SELECT provider, subject, user_id, created_at, used_at, logout_at FROM provider_links"
           " WHERE user_id = :user ORDER BY created_at, provider, subject",
           user)) {
    links.push_back(link_of(std::move(row)));
  }
  return links;
}

std::vector<Link> links_to(db::Tx& tx, std::string_view provider, std::string_view after,
                           std::int64_t most) {
  std::vector<Link> links;
  for (auto& row :
       tx.all<std::string, std::string, UserId, Time, std::optional<Time>, std::optional<Time>>(
           "SELECT provider, subject, user_id, created_at, used_at, logout_at FROM provider_links"
           " WHERE provider = :provider AND subject > :after ORDER BY subject LIMIT :most",
           provider, after, most)) {
    links.push_back(link_of(std::move(row)));
  }
  return links;
}

bool insert_link(db::Tx& tx, const Link& link) {
  return tx.run(
             "INSERT INTO provider_links (provider, subject, user_id, created_at, used_at)"
             " VALUES (:provider, :subject, :user, :created, :used) ON CONFLICT DO NOTHING",
             link.provider, link.subject, link.user, link.created_at, link.used_at) == 1;
}

void note_link_use(db::Tx& tx, const Link& link, Time at) {
  tx.run(
      "UPDATE provider_links SET used_at = :at WHERE provider = :provider AND subject = :subject",
      at, link.provider, link.subject);
}

void note_link_logout(db::Tx& tx, std::string_view provider, std::string_view subject, Time at) {
  tx.run(
      "UPDATE provider_links SET logout_at = :at WHERE provider = :provider AND subject = :subject",
      at, provider, subject);
}

bool delete_link(db::Tx& tx, UserId user, std::string_view provider, std::string_view subject) {
  return tx.run(
             "DELETE FROM provider_links WHERE provider = :provider AND subject = :subject"
             " AND user_id = :user",
             provider, subject, user) == 1;
}

void delete_links_of(db::Tx& tx, UserId user) {
  tx.run("DELETE FROM provider_links WHERE user_id = :user", user);
}

}  // namespace latchkey::providers
