#include "domain/services/services.h"

#include <fmt/format.h>

#include <algorithm>

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

}  // namespace

std::expected<Services, std::vector<std::string>> Services::load(std::span<const std::string> paths,
                                                                 std::string_view server_name) {
  Services loaded;
  std::vector<std::string> paths_of_loaded;
  std::vector<std::string> errors;
  for (const std::string& path : paths) {
    const auto document = config::read_document(path);
    if (!document) {
      errors.push_back(fmt::format("{}: {}", path, document.error()));
      continue;
    }
    auto service = read_registration(*document, server_name);
    const std::vector<std::string> wrong =
        service ? clashes(*service, loaded.services_, paths_of_loaded) : service.error();
    for (const std::string& error : wrong) errors.push_back(fmt::format("{}: {}", path, error));
    if (!wrong.empty()) continue;
    loaded.services_.push_back(std::move(*service));
    paths_of_loaded.push_back(path);
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return loaded;
}

const Service* Services::find_by_token(std::string_view as_token) const {
  const Service* found = nullptr;
  for (const Service& service : services_) {
    if (crypto::equal(service.as_token.reveal(), as_token)) found = &service;
  }
  return found;
}

const Service* Services::exclusive_owner(std::string_view localpart) const {
  const auto owner = std::ranges::find_if(
      services_, [&](const Service& service) { return service.owns(localpart); });
  return owner == services_.end() ? nullptr : &*owner;
}

}  // namespace latchkey::services
