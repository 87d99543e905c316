#include "endpoints/account_pages/app_names.h"

#include <utility>

namespace latchkey::account_pages {

Task<std::string> AppNames::of(std::string client) {
  if (client.empty() || !look_up_) co_return client;
  if (const auto known = names_.find(client); known != names_.end()) co_return known->second;
  std::string name = co_await look_up_(client);
  if (name.empty()) name = client;
  names_.emplace(std::move(client), name);
  co_return name;
}

}  // namespace latchkey::account_pages
