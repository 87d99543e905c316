#pragma once

#include <functional>
#include <map>
#include <string>

#include "platform/task.h"

namespace latchkey::account_pages {

// What people call OAuth 2.0 clients, by their client_id; empty: nobody knows such a client.
using ClientName = std::function<Task<std::string>(std::string)>;

// The names of the apps on one page: each client is looked up once, on however many rows it is.
class AppNames {
 public:
  // `look_up` may be empty: then the client_id is the name.
  explicit AppNames(const ClientName& look_up) : look_up_(look_up) {}

  // The client_id itself where there is no name.
  Task<std::string> of(std::string client);

 private:
  const ClientName& look_up_;
  std::map<std::string, std::string, std::less<>> names_;
};

}  // namespace latchkey::account_pages
