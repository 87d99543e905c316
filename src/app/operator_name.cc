#include "app/operator_name.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>

namespace latchkey::app {

std::string user_of_this_process() {
  const uid_t uid = geteuid();
  const passwd* entry = getpwuid(uid);
  return entry != nullptr ? entry->pw_name : std::to_string(uid);
}

std::string who_types() {
  const char* sudo_user = std::getenv("SUDO_USER");
  if (sudo_user != nullptr && *sudo_user != '\0') return sudo_user;
  return user_of_this_process();
}

}  // namespace latchkey::app
