#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "domain/self/overview.h"
#include "platform/task.h"
#include "platform/texts/language.h"

// What devices are called, for the pages and the Client-Server API alike.
namespace latchkey::pages {

// What people call OAuth 2.0 clients, by their client_id; empty: nobody knows such a client.
using ClientName = std::function<Task<std::string>(std::string)>;

// The names of the apps in one answer: each client is looked up once, on however many rows it is.
class AppNames {
 public:
  // `look_up` may be empty: then nobody knows any client.
  explicit AppNames(const ClientName& look_up) : look_up_(look_up) {}

  // Empty: the client has no name, or there is no client.
  Task<std::string> of(std::string client);

 private:
  const ClientName& look_up_;
  std::map<std::string, std::string, std::less<>> names_;
};

// Something in a list, and what tells it from others of its name.
struct Called {
  std::string name;
  std::string details;
};
// What each is called for who hears a button or link without what stands around it: with its
// details if another has its name, and with a number if these are the same too.
std::vector<std::string> told_apart(std::span<const Called> all);

// "Firefox on Linux"; empty: the user agent says nothing that a person knows.
std::string browser_name(const texts::Language& language, std::string_view user_agent);

// What its owner called the device, else `app`, which it was signed in with, else what its user
// agent says. Empty: nothing of that is known.
std::string device_name(const texts::Language& language, const self::AccountDevice& device,
                        std::string_view app);

}  // namespace latchkey::pages
