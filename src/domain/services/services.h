#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/services/service.h"

namespace latchkey::services {

// The application services of this server. Read once, at the start, and never changed.
class Services {
 public:
  Services() = default;  // none

  // Of registration files. Every error of every file, each a sentence with the file's path.
  static std::expected<Services, std::vector<std::string>> load(std::span<const std::string> paths,
                                                                std::string_view server_name);

  bool empty() const { return services_.empty(); }
  // In the order of the files.
  std::span<const Service> all() const { return services_; }

  // What an operator should know of the files, each a sentence with the file's path.
  std::span<const std::string> warnings() const { return warnings_; }

  // Whose token that is, or null; also when it is not good from that address. Compared with each,
  // in constant time.
  const Service* find_by_token(std::string_view as_token, std::string_view address) const;
  // The service that alone may be that user, or null; the first when several say so. `except` is
  // the one that asks: of what several claim for themselves none registers anything.
  const Service* exclusive_owner(std::string_view localpart, const Service* except = nullptr) const;

 private:
  std::vector<Service> services_;
  std::vector<std::string> warnings_;
};

}  // namespace latchkey::services
