#include "domain/services/service.h"

#include <re2/re2.h>

#include <algorithm>

#include "domain/accounts/matrix_id.h"

namespace latchkey::services {
namespace {

// Of one compiled expression with what matching it remembers; RE2 refuses one that needs more.
constexpr std::int64_t kMaxMemory = std::int64_t{1} << 20;  // bytes

}  // namespace

std::expected<UserNamespace, std::string> UserNamespace::compile(std::string_view regex,
                                                                 bool exclusive) {
  re2::RE2::Options options;
  options.set_max_mem(kMaxMemory);
  options.set_never_capture(true);
  options.set_log_errors(false);
  auto compiled =
      std::make_shared<const re2::RE2>(re2::StringPiece(regex.data(), regex.size()), options);
  if (!compiled->ok()) {
    return std::unexpected("is no regular expression of RE2's: " + compiled->error());
  }
  return UserNamespace(std::move(compiled), exclusive);
}

bool UserNamespace::holds(std::string_view matrix_id) const {
  return regex_->Match(re2::StringPiece(matrix_id.data(), matrix_id.size()), 0, matrix_id.size(),
                       re2::RE2::ANCHOR_START, nullptr, 0);
}

bool Service::claims(std::string_view localpart) const {
  if (localpart == sender_localpart) return true;
  const std::string id_of_user = accounts::matrix_id(localpart, server_name);
  return std::ranges::any_of(users, [&](const auto& space) { return space.holds(id_of_user); });
}

bool Service::owns(std::string_view localpart) const {
  if (localpart == sender_localpart) return true;
  const std::string id_of_user = accounts::matrix_id(localpart, server_name);
  return std::ranges::any_of(
      users, [&](const auto& space) { return space.exclusive() && space.holds(id_of_user); });
}

}  // namespace latchkey::services
