#include "domain/services/services.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "domain/services/registration_file.h"
#include "platform/config/document.h"
#include "platform/crypto/equal.h"

namespace latchkey::services {
namespace {

// What two services may not have in common.
std::vector<std::string> clashes(const Service& service, std::span<const Service> others,
                                 std::span<const std::string> paths) {
  std::vector<std::string> errors;
  for (std::size_t i = 0; i < others.size(); ++i) {
    if (others[i].id == service.id) {
      errors.push_back(fmt::format("id: '{}' is also the one in {}", service.id, paths[i]));
    }
    if (crypto::equal(others[i].as_token.reveal(), service.as_token.reveal())) {
      errors.push_back(fmt::format("as_token: is also the one in {}", paths[i]));
    }
  }
  return errors;
}

// What two services may have in common, but hardly mean to. Of expressions only those that are
// written alike are known to overlap.
std::vector<std::string> doubts(const Service& service, std::span<const Service> others,
                                std::span<const std::string> paths) {
  std::vector<std::string> warnings;
  for (std::size_t i = 0; i < others.size(); ++i) {
    if (others[i].sender_localpart == service.sender_localpart) {
      warnings.push_back(fmt::format(
          "sender_localpart: is also the one in {}; both services are that user", paths[i]));
    }
    for (const UserNamespace& space : service.users) {
      const bool in_both = std::ranges::any_of(others[i].users, [&](const UserNamespace& other) {
        return space.exclusive() && other.exclusive() && other.regex() == space.regex();
      });
      if (!in_both) continue;
      warnings.push_back(
          fmt::format("namespaces.users: '{}' is exclusive in {} too; neither service can register "
                      "such users",
                      space.regex(), paths[i]));
    }
  }
  return warnings;
}

}  // namespace

std::expected<Services, std::vector<std::string>> Services::load(std::span<const std::string> paths,
                                                                 std::string_view server_name) {
  Services loaded;
  std::vector<std::string> paths_of_loaded;
  std::vector<std::string> errors;
  for (const std::string& path : paths) {
    const auto document = config::read_document(path, config::Dialect::yaml11);
    if (!document) {
      errors.push_back(fmt::format("{}: {}", path, document.error()));
      continue;
    }
    auto read = read_registration(*document, server_name);
    const std::vector<std::string> wrong =
        read ? clashes(read->service, loaded.services_, paths_of_loaded) : read.error();
    for (const std::string& error : wrong) errors.push_back(fmt::format("{}: {}", path, error));
    if (!wrong.empty()) continue;
    std::ranges::move(doubts(read->service, loaded.services_, paths_of_loaded),
                      std::back_inserter(read->warnings));
    for (const std::string& warning : read->warnings) {
      loaded.warnings_.push_back(fmt::format("{}: {}", path, warning));
    }
    loaded.services_.push_back(std::move(read->service));
    paths_of_loaded.push_back(path);
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return loaded;
}

const Service* Services::find_by_token(std::string_view as_token, std::string_view address) const {
  const Service* found = nullptr;
  for (const Service& service : services_) {
    if (crypto::equal(service.as_token.reveal(), as_token)) found = &service;
  }
  return found != nullptr && found->may_come_from(address) ? found : nullptr;
}

const Service* Services::exclusive_owner(std::string_view localpart, const Service* except) const {
  const auto owner = std::ranges::find_if(services_, [&](const Service& service) {
    return &service != except && service.owns(localpart);
  });
  return owner == services_.end() ? nullptr : &*owner;
}

}  // namespace latchkey::services
