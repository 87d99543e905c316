#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/identifiers.h"
#include "platform/db/tx.h"
#include "platform/time.h"

// The SQL of links: who of a provider's people is which account's. No rule is decided here.
namespace latchkey::providers {

// Of accounts for which this is one more way in.
struct Link {
  std::string provider;
  std::string subject;
  UserId user{};
  Time created_at;
  std::optional<Time> used_at = {};    // last, to sign in or to confirm
  std::optional<Time> logout_at = {};  // when the provider last said that they signed out there
};

std::optional<Link> find_link(db::Tx& tx, std::string_view provider, std::string_view subject);
// The oldest first.
std::vector<Link> links_of(db::Tx& tx, UserId user);
// Those to a provider, in the order of their subjects: at most so many that come after that one.
std::vector<Link> links_to(db::Tx& tx, std::string_view provider, std::string_view after,
                           std::int64_t most);
// False: the subject is somebody's already.
bool insert_link(db::Tx& tx, const Link& link);
void note_link_use(db::Tx& tx, const Link& link, Time at);
void note_link_logout(db::Tx& tx, std::string_view provider, std::string_view subject, Time at);
// False: there is none.
bool delete_link(db::Tx& tx, UserId user, std::string_view provider, std::string_view subject);
void delete_links_of(db::Tx& tx, UserId user);

}  // namespace latchkey::providers
